"""What is tried with the functions that feed a network."""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np

from tests.assignments.fingerprints import KINDS, Case, attempt

SEVERAL = frozenset(KINDS) - {"batch1"}


def batch_case(title: str, shape: tuple[int, ...], batch_size: int, targets: tuple[int, ...] = ()) -> Case:
    """All batches of samples of this shape, their targets labels or of a shape of their own."""

    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        x = rng.standard_normal(shape).astype(np.float32)
        y = rng.standard_normal((len(x), *targets)) if targets else rng.permutation(len(x))
        return [list(module.minibatches(x, y, batch_size, seed=seed)) for seed in (1, 2)]

    return Case(title, use, frozenset(KINDS) if batch_size == 1 else SEVERAL)


def seed_batches(module: ModuleType, rng: np.random.Generator) -> Any:
    """What a seed decides, and what it leaves alone."""
    x = np.arange(40.0)[:, None]

    def order(seed: int | None) -> list[float]:
        return [float(value) for batch, _ in module.minibatches(x, np.arange(40), 1, seed=seed) for value in batch[:, 0]]

    state = repr(np.random.get_state())
    first, again, other, *unseeded = (order(seed) for seed in (1, 1, 2, None, None))
    kept = repr(np.random.get_state()) == state
    return {"same": first == again, "other": first == other, "unseeded": unseeded[0] == unseeded[1], "global": kept}


def refuse_batches(size: int) -> Case:
    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        return attempt(lambda: len(list(module.minibatches(np.ones((5, 2)), np.arange(5), size))))

    return Case(f"batches of {size}", use)


MINIBATCHES = [
    batch_case("one by one", (6, 3), 1),
    batch_case("images one by one", (5, 2, 3, 4), 1),
    batch_case("a single sample", (1, 3), 1),
    batch_case("short last batch", (10, 3), 4),
    batch_case("full batches", (12, 2), 4),
    batch_case("one batch", (7, 2), 7),
    batch_case("one short batch", (5, 2), 8),
    batch_case("images", (7, 1, 3, 2), 3),
    batch_case("rows of targets", (7, 2), 3, targets=(3,)),
    Case("seeds", seed_batches),
    refuse_batches(0),
    refuse_batches(-1),
]


def rows_case(labels: Sequence[int], classes: int, dtype: Any = np.int64) -> Case:
    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        return attempt(lambda: module.one_hot(np.array(labels, dtype=dtype), classes))

    tried = frozenset(KINDS) if len(labels) == 1 else SEVERAL
    return Case(f"{labels} of {classes} in {np.dtype(dtype)}", use, tried)


ONE_HOT = [
    *(rows_case([label], classes) for label, classes in ((0, 3), (1, 3), (2, 3), (0, 1), (3, 3), (-1, 3), (0, 0))),
    rows_case([2, 0, 2, 3], 5),
    rows_case([1, 0, 3, 2], 4),
    rows_case([0, 1, 3], 3),
    rows_case([0, -1, 2], 3),
    rows_case([4, 1, 4, 0, 2, 2], 5, np.uint8),
]

FILES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"), "t10k": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}


def write_files(rng: np.random.Generator, folder: Path, prefixes: Sequence[str], ending: str) -> None:
    """Write IDX files of nine and seven images, drawn at random."""
    for prefix in prefixes:
        count = 9 if prefix == "train" else 7
        sides = b"".join(side.to_bytes(4, "big") for side in (count, 28, 28))
        images = b"\x00\x00\x08\x03" + sides + rng.integers(256, size=(count, 28, 28), dtype=np.uint8).tobytes()
        labels = b"\x00\x00\x08\x01" + count.to_bytes(4, "big") + rng.integers(10, size=count, dtype=np.uint8).tobytes()
        for name, content in zip(FILES[prefix], (images, labels), strict=True):
            (folder / (name + ending)).write_bytes(gzip.compress(content) if ending else content)


def mnist_case(title: str, prefixes: Sequence[str] = ("train", "t10k"), ending: str = "", **kwargs: Any) -> Case:
    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, MNIST_DIR=folder):
            write_files(rng, Path(folder), prefixes, ending)
            try:
                return module.load_mnist(**kwargs)
            except FileNotFoundError as error:
                return "not found, and not explained" if error.errno else "not found"

    return Case(title, use)


LOAD_MNIST = [
    mnist_case("default"),
    mnist_case("train", split="train"),
    mnist_case("test", split="test"),
    mnist_case("compressed", ending=".gz"),
    mnist_case("compressed test", split="test", ending=".gz"),
    mnist_case("subset", subset=3),
    mnist_case("subset of test", split="test", subset=1),
    mnist_case("large subset", subset=100),
    mnist_case("nothing", prefixes=()),
    mnist_case("test alone", prefixes=("t10k",)),
    mnist_case("train alone", prefixes=("train",), split="test"),
]

CASES = {"data.minibatches": MINIBATCHES, "data.one_hot": ONE_HOT, "data.load_mnist": LOAD_MNIST}
