"""The network: layers in a row, trained together.

`forward` hands each layer's output to the next, `backward` takes the gradient the same way back: the chain rule.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from .backend import Array
from .layers import Layer

__all__ = ["Network"]


class _Loss(Protocol):
    """What `fit` asks of a loss."""

    def forward(self, prediction: Array, target: Array) -> float: ...
    def backward(self) -> Array: ...


class _Optimizer(Protocol):
    """What `fit` asks of an optimizer."""

    def step(self) -> None: ...


class Network:
    """At most 10 layers in a row, not counting activations."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        """Put `layers` in a row; raises ValueError for more than 10, the classes of `activations` not counted."""
        raise NotImplementedError("Network.__init__ is not implemented yet: see its docstring.")

    def forward(self, x: Array) -> Array:
        """Return the last layer's output for the batch `x`."""
        raise NotImplementedError("Network.forward is not implemented yet: see its docstring.")

    def backward(self, grad: Array) -> Array:
        """Take the gradient with respect to the output back through every layer; return it with respect to the input."""
        raise NotImplementedError("Network.backward is not implemented yet: see its docstring.")

    def train(self) -> None:
        """Put every layer in training mode."""
        raise NotImplementedError("Network.train is not implemented yet: see its docstring.")

    def eval(self) -> None:
        """Put every layer in evaluation mode."""
        raise NotImplementedError("Network.eval is not implemented yet: see its docstring.")

    def predict(self, x: Array) -> Array:
        """Return the class with the highest score for each sample, `(N,)`, in evaluation mode; each layer keeps its mode."""
        raise NotImplementedError("Network.predict is not implemented yet: see its docstring.")

    def accuracy(self, x: Array, labels: Array) -> float:
        """Return the share of samples, from 0 to 1, whose predicted class is the label.

        Raises ValueError unless there is one label a sample, and at least one sample.
        """
        raise NotImplementedError("Network.accuracy is not implemented yet: see its docstring.")

    def fit(
        self,
        x: Array,
        y: Array,
        *,
        loss: _Loss,
        optimizer: _Optimizer,
        epochs: int,
        batch_size: int,
        seed: int | None = None,
        on_epoch: Callable[[int, float], Any] | None = None,
    ) -> list[float]:
        """Train for `epochs` passes over the samples, each in a new order that `seed` determines.

        Returns each epoch's mean over the samples of the losses met, and hands it to `on_epoch(epoch, mean_loss)`, from 0.
        Raises ValueError for `epochs` below 0, `batch_size` below 1, no sample, and `x` and `y` of unequal length.
        """
        raise NotImplementedError("Network.fit is not implemented yet: see its docstring.")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write every parameter and running statistic to one `.npz` file, without pickle."""
        raise NotImplementedError("Network.save is not implemented yet: see its docstring.")

    def load(self, path: str | os.PathLike[str]) -> None:
        """Read what `save` wrote into a network of the same layers, in the file's dtypes, on each array's device.

        Raises ValueError, with nothing changed, for a file whose names or shapes don't match.
        """
        raise NotImplementedError("Network.load is not implemented yet: see its docstring.")

    def _collect_arrays(self) -> dict[str, Array]:
        """Return every parameter and running statistic, under the layer's place and its name: `0.W`, `1.running_mean`."""
        raise NotImplementedError("Network._collect_arrays is not implemented yet: see its docstring.")


def _read_arrays(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Return the arrays of a `.npz` file by name; raise ValueError for any other file."""
    raise NotImplementedError("_read_arrays is not implemented yet: see its docstring.")
