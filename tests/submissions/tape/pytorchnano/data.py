"""Minibatches, one-hot rows, and MNIST."""
import gzip
import os
import struct
from pathlib import Path

import numpy as np

from .tape import at_least, module_of

FILES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
         "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}


def minibatches(x, y, batch_size, seed=None):
    """Batches in a shuffled order; `seed` may also be a NumPy Generator, which then moves on."""
    at_least("batch_size", batch_size, 1)
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} samples, but y has {len(y)}; they must be equal.")
    order = np.random.default_rng(seed).permutation(len(x))

    def pick(array, rows):
        return array[module_of(array).asarray(rows)]

    for start in range(0, len(order), batch_size):
        rows = order[start:start + batch_size]
        yield pick(x, rows), pick(y, rows)


def one_hot(labels, num_classes, dtype=np.float32):
    at_least("num_classes", num_classes, 1)
    if labels.ndim != 1:
        raise ValueError(f"labels must have shape (N,), but {labels.shape} was given.")
    if labels.size and (labels.min() < 0 or labels.max() >= num_classes):
        raise ValueError(f"labels must lie from 0 to {num_classes - 1} (num_classes is {num_classes}), "
                         f"but go from {labels.min()} to {labels.max()}.")
    return (labels[:, None] == module_of(labels).arange(num_classes)).astype(dtype)


def _read(folder, name):
    """The array in an IDX file of bytes, plain or compressed."""
    for path, opener in ((folder / name, open), (folder / (name + ".gz"), gzip.open)):
        if path.is_file():
            with opener(path, "rb") as source:
                content = source.read()
            break
    else:
        raise FileNotFoundError(
            f"There is no {name} (nor {name}.gz) in {folder}. Download the four MNIST files, for example from "
            "https://ossci-datasets.s3.amazonaws.com/mnist/, into one folder and set the environment variable "
            "MNIST_DIR to that folder.")
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is not an IDX file of bytes.")
    rank = content[3]
    shape = struct.unpack_from(f">{rank}I", content, 4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * rank)
    if values.size != np.prod(shape, dtype=np.int64):
        raise ValueError(f"{path} should hold an array of shape {shape}, but has {values.size} values.")
    return values.reshape(shape)


def load_mnist(split="train", subset=None):
    if split not in FILES:
        raise ValueError(f"split must be 'train' or 'test', but {split!r} was given.")
    if subset is not None:
        at_least("subset", subset, 0)
    folder = os.environ.get("MNIST_DIR")
    if not folder:
        raise FileNotFoundError(
            "The environment variable MNIST_DIR is not set. Download the four MNIST files, for example from "
            "https://ossci-datasets.s3.amazonaws.com/mnist/, into one folder and set MNIST_DIR to that folder.")
    images, labels = (_read(Path(folder), name)[:subset] for name in FILES[split])
    if images.ndim != 3 or len(images) != len(labels):
        raise ValueError(f"MNIST_DIR has images of shape {images.shape} and labels of shape {labels.shape}.")
    return images[:, None].astype(np.float32) / np.float32(255), labels.astype(np.int64)
