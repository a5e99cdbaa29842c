"""Batches, one-hot rows and the MNIST files."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np

from . import checks
from .places import is_cupy, pick_rows, to_host

FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def minibatches(x, y, batch_size, seed=None):
    """Yield (x_batch, y_batch) until every sample was seen once, in a shuffled order."""
    checks.at_least("batch_size", batch_size, 1)
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} samples and y has {len(y)}, but equal numbers were expected.")
    return _batches(x, y, batch_size, np.random.default_rng(seed).permutation(len(x)).tolist())


def _batches(x, y, batch_size, order):
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        yield pick_rows(x, rows), pick_rows(y, rows)


def one_hot(labels, num_classes):
    """A row for each label: 1 at the label, 0 elsewhere."""
    checks.at_least("num_classes", num_classes, 1)
    host = to_host(labels)
    if host.ndim != 1:
        raise ValueError(f"labels has shape {host.shape}, but (N,) was expected.")
    rows = np.zeros((host.shape[0], num_classes))
    for n, label in enumerate(checks.class_labels(host, num_classes)):
        rows[n, label] = 1.0
    if is_cupy(labels):
        import cupy

        return cupy.asarray(rows)
    return rows


def load_mnist(split="train", subset=None):
    """(images float32 (N, 1, 28, 28) in [0, 1], labels int64 (N,)) from the folder MNIST_DIR."""
    if split not in FILES:
        raise ValueError(f"split is {split!r}, but 'train' or 'test' was expected.")
    if subset is not None:
        checks.at_least("subset", subset, 0)
    folder = os.environ.get("MNIST_DIR")
    image_path = _find(folder, FILES[split][0])
    label_path = _find(folder, FILES[split][1])

    with _open(image_path) as file:
        magic, count, rows, columns = struct.unpack(">4I", _exactly(file, 16, image_path))
        if magic != 2051 or (rows, columns) != (28, 28):
            raise ValueError(f"{image_path} is not an IDX file of 28 x 28 images.")
        wanted = count if subset is None else min(subset, count)
        images = np.empty((wanted, 1, 28, 28), dtype=np.float32)
        for n in range(wanted):
            pixels = np.frombuffer(_exactly(file, 784, image_path), dtype=np.uint8)
            images[n, 0] = pixels.reshape(28, 28) / np.float32(255)

    with _open(label_path) as file:
        magic, label_count = struct.unpack(">2I", _exactly(file, 8, label_path))
        if magic != 2049 or label_count != count:
            raise ValueError(f"{label_path} is not an IDX file of {count} labels.")
        labels = np.array(list(_exactly(file, wanted, label_path)), dtype=np.int64)
    return images, labels


def _find(folder, name):
    """The path of one file, plain or packed."""
    if folder:
        for candidate in (Path(folder) / name, Path(folder) / (name + ".gz")):
            if candidate.is_file():
                return candidate
    where = f"the folder {folder!r}" if folder else "a folder (the environment variable MNIST_DIR is not set)"
    names = ", ".join(one for pair in FILES.values() for one in pair)
    raise FileNotFoundError(
        f"{name} (or {name}.gz) was not found in {where}. To get it, download the four files {names} as .gz from "
        "https://ossci-datasets.s3.amazonaws.com/mnist/ into one folder and set MNIST_DIR to that folder."
    )


def _open(path):
    if path.suffix == ".gz":
        return gzip.open(path, "rb")
    return open(path, "rb")


def _exactly(file, count, path):
    data = file.read(count)
    if len(data) != count:
        raise ValueError(f"{path} ends too early: {count} bytes were expected, {len(data)} were left.")
    return data
