"""MNIST: a subset that travels with the package, and the whole of it, downloaded and verified."""

from grader.datasets.files import FileStatus, fetch, load_full, mnist_folder, verify
from grader.datasets.mnist_set import MnistSet
from grader.datasets.subset import load_subset

__all__ = ["FileStatus", "MnistSet", "fetch", "load_full", "load_subset", "mnist_folder", "verify"]
