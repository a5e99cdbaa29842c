import gzip
import os

import numpy as np

from .layers import atleast, need, xp


def minibatches(x, y, batch_size, seed=None):
    """A list iterator: the refusals come with the call."""
    atleast(1, batch_size=batch_size)
    need(len(x) == len(y), f"x has {len(x)} samples and y {len(y)}, expected equally many")
    order = np.argsort(np.random.default_rng(seed).random(len(x)))
    cuts = np.split(order, range(batch_size, len(order), batch_size)) if len(order) else []
    return iter([(x[xp(x).asarray(i)], y[xp(y).asarray(i)]) for i in cuts])


def one_hot(labels, num_classes):
    atleast(1, num_classes=num_classes)
    need(labels.ndim == 1, f"labels has shape {labels.shape}, expected (N,)")
    need(bool(((0 <= labels) & (labels < num_classes)).all()), f"labels outside 0..{num_classes - 1} (num_classes)")
    return xp(labels).eye(num_classes)[labels.astype(int)]


def idx(folder, name):
    plain = os.path.join(folder, name)
    for path, reader in (plain, open), (plain + ".gz", gzip.open):
        if os.path.isfile(path):
            with reader(path, "rb") as f:
                raw = f.read()
            need(raw[:3] == b"\0\0\10", f"{path} is not an IDX file of bytes")
            return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(np.frombuffer(raw, ">u4", raw[3], 4))
    raise FileNotFoundError(f"no {name} or {name}.gz in MNIST_DIR = {folder!r}: get the four files, for example with\n"
                            f"  wget https://ossci-datasets.s3.amazonaws.com/mnist/{name}.gz\n"
                            "and point the environment variable MNIST_DIR to their folder")


def load_mnist(split="train", subset=None):
    need(split in ("train", "test"), f"split = {split!r}, expected 'train' or 'test'")
    atleast(0, subset=0 if subset is None else subset)
    folder, stem = os.environ.get("MNIST_DIR", ""), {"train": "train", "test": "t10k"}[split]
    images, labels = idx(folder, stem + "-images-idx3-ubyte"), idx(folder, stem + "-labels-idx1-ubyte")
    need(len(images) == len(labels), f"{len(images)} images and {len(labels)} labels in MNIST_DIR")
    return (images[:subset, None] / 255).astype(np.float32), labels[:subset].astype(np.int64)
