"""One small case of every layer, for the tests of what all layers have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.pytorchnano.activations import ELU, LeakyReLU, Maxout, ReLU, Sigmoid, Softmax, Tanh
from reference.pytorchnano.layers import AvgPool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D


@dataclass(frozen=True)
class Case:
    """A layer and the shape of a batch for it."""

    name: str
    make: Callable[..., Layer]
    shape: tuple[int, ...]
    shapes: dict[str, tuple[int, ...]]

    def draw(self, dtype: Any = np.float64, seed: int = 0) -> np.ndarray:
        """Return a batch, read-only, so that a layer that writes to it fails."""
        batch = np.random.default_rng(seed).standard_normal(self.shape).astype(dtype)
        batch.flags.writeable = False
        return batch


def draw_like(array: np.ndarray, seed: int = 1) -> np.ndarray:
    """Return a read-only array of the same shape and dtype, as a gradient for a layer's output."""
    drawn = np.random.default_rng(seed).standard_normal(array.shape).astype(array.dtype)
    drawn.flags.writeable = False
    return drawn


def set_params(layer: Layer, dtype: Any = np.float64, seed: int = 2) -> None:
    """Assign new random parameters, biases too."""
    rng = np.random.default_rng(seed)
    for name, parameter in layer.params.items():
        layer.params[name] = rng.standard_normal(parameter.shape).astype(dtype)
        layer.params[name].flags.writeable = False


SEEDED = [
    Case("Dense", lambda seed=3: Dense(4, 3, seed=seed), (5, 4), {"W": (4, 3), "b": (3,)}),
    Case("Conv2D", lambda seed=3: Conv2D(2, 3, 3, seed=seed), (2, 2, 5, 6), {"W": (3, 2, 3, 3), "b": (3,)}),
    Case(
        "Conv2D with pairs",
        lambda seed=3: Conv2D(2, 3, (2, 3), stride=(3, 2), padding=(1, 2), seed=seed),
        (2, 2, 6, 5),
        {"W": (3, 2, 2, 3), "b": (3,)},
    ),
    Case("Maxout", lambda seed=3: Maxout(4, 3, pieces=3, seed=seed), (5, 4), {"W": (3, 4, 3), "b": (3, 3)}),
]
UNSEEDED = [
    Case("MaxPool2D", lambda: MaxPool2D(2), (2, 3, 5, 4), {}),
    Case("MaxPool2D overlapping", lambda: MaxPool2D((3, 2), stride=(1, 2)), (2, 3, 6, 5), {}),
    Case("MaxPool2D with gaps", lambda: MaxPool2D(2, stride=3), (2, 3, 7, 6), {}),
    Case("AvgPool2D", lambda: AvgPool2D(2), (2, 3, 5, 4), {}),
    Case("AvgPool2D overlapping", lambda: AvgPool2D((3, 2), stride=(1, 2)), (2, 3, 6, 5), {}),
    Case("Flatten", Flatten, (2, 3, 4, 2), {}),
    Case("BatchNorm of rows", lambda: BatchNorm(3), (6, 3), {"gamma": (3,), "beta": (3,)}),
    Case("BatchNorm of images", lambda: BatchNorm(3), (2, 3, 4, 2), {"gamma": (3,), "beta": (3,)}),
    Case("ReLU", ReLU, (4, 5), {}),
    Case("Sigmoid", Sigmoid, (4, 5), {}),
    Case("Softmax", Softmax, (4, 5), {}),
    Case("Softmax of rank 3", Softmax, (2, 3, 4), {}),
    Case("Tanh", Tanh, (7,), {}),
    Case("LeakyReLU", lambda: LeakyReLU(0.3), (2, 3, 4), {}),
    Case("ELU", lambda: ELU(1.7), (4, 5), {}),
]
RANDOM = [Case("Dropout", lambda seed=3: Dropout(0.4, seed=seed), (6, 7), {})]
EVERY = [*SEEDED, *UNSEEDED, *RANDOM]
