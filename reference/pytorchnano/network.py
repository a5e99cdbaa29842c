"""The network: layers in a row, trained together.

`forward` hands each layer's output to the next, `backward` takes the gradient the same way back: the chain rule.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from zipfile import BadZipFile

import numpy as np

from .activations import ELU, LeakyReLU, Maxout, ReLU, Sigmoid, Softmax, Tanh
from .backend import Array, array_module, to_host
from .data import minibatches
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
        # BEGIN SOLUTION network_init
        activations = (ELU, LeakyReLU, Maxout, ReLU, Sigmoid, Softmax, Tanh)
        counted = sum(not isinstance(layer, activations) for layer in layers)
        if counted > 10:
            raise ValueError(f"layers holds {counted} layers besides activations, but may hold 10 at most")
        self.layers = list(layers)
        # END SOLUTION network_init

    def forward(self, x: Array) -> Array:
        """Return the last layer's output for the batch `x`."""
        # BEGIN SOLUTION network_forward
        for layer in self.layers:
            x = layer.forward(x)
        return x
        # END SOLUTION network_forward

    def backward(self, grad: Array) -> Array:
        """Take the gradient with respect to the output back through every layer; return it with respect to the input."""
        # BEGIN SOLUTION network_backward
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad
        # END SOLUTION network_backward

    def train(self) -> None:
        """Put every layer in training mode."""
        # BEGIN SOLUTION network_train
        for layer in self.layers:
            layer.training = True
        # END SOLUTION network_train

    def eval(self) -> None:
        """Put every layer in evaluation mode."""
        # BEGIN SOLUTION network_eval
        for layer in self.layers:
            layer.training = False
        # END SOLUTION network_eval

    def predict(self, x: Array) -> Array:
        """Return the class with the highest score for each sample, `(N,)`, in evaluation mode; each layer keeps its mode."""
        # BEGIN SOLUTION network_predict
        modes = [layer.training for layer in self.layers]
        self.eval()
        try:
            # Pieces of a few hundred samples stay in the processor's cache.
            starts = range(0, max(len(x), 1), 256)
            classes = [self.forward(x[start : start + 256]).argmax(axis=1) for start in starts]
        finally:
            for layer, mode in zip(self.layers, modes, strict=True):
                layer.training = mode
        return array_module(*classes).concatenate(classes)
        # END SOLUTION network_predict

    def accuracy(self, x: Array, labels: Array) -> float:
        """Return the share of samples, from 0 to 1, whose predicted class is the label.

        Raises ValueError unless there is one label a sample, and at least one sample.
        """
        # BEGIN SOLUTION network_accuracy
        if len(x) == 0 or labels.shape != (len(x),):
            raise ValueError(f"x holds {len(x)} samples and labels has shape {labels.shape}, but expected (N,) for N from 1")
        return float((to_host(self.predict(x)) == to_host(labels)).mean())
        # END SOLUTION network_accuracy

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
        # BEGIN SOLUTION network_fit
        if epochs < 0 or batch_size < 1:
            raise ValueError(f"epochs is {epochs} and batch_size {batch_size}, but must be at least 0 and 1")
        if len(x) == 0 or len(x) != len(y):
            raise ValueError(f"x holds {len(x)} samples and y {len(y)}, but expected equal numbers from 1")
        seeds: list[int] = np.random.default_rng(seed).integers(2**32, size=epochs).tolist()
        mean_losses: list[float] = []
        for epoch, order_seed in enumerate(seeds):
            # In the loop, because on_epoch may have put the network in evaluation mode.
            self.train()
            total = 0.0
            for x_batch, y_batch in minibatches(x, y, batch_size, seed=order_seed):
                total += float(loss.forward(self.forward(x_batch), y_batch)) * len(x_batch)
                self.backward(loss.backward())
                optimizer.step()
            mean_losses.append(total / len(x))
            if on_epoch is not None:
                on_epoch(epoch, mean_losses[-1])
        return mean_losses
        # END SOLUTION network_fit

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write every parameter and running statistic to one `.npz` file, without pickle."""
        # BEGIN SOLUTION network_save
        arrays: dict[str, Any] = {key: to_host(array) for key, array in self._collect_arrays().items()}
        # Opened here, because savez would add an ending to a path without one.
        with open(path, "wb") as file:
            np.savez(file, **arrays)
        # END SOLUTION network_save

    def load(self, path: str | os.PathLike[str]) -> None:
        """Read what `save` wrote into a network of the same layers, in the file's dtypes, on each array's device.

        Raises ValueError, with nothing changed, for a file whose names or shapes don't match.
        """
        # BEGIN SOLUTION network_load
        own = self._collect_arrays()
        loaded = _read_arrays(path)
        if loaded.keys() != own.keys():
            raise ValueError(f"{path} holds {sorted(loaded)}, but the network has {sorted(own)}")
        for key, array in loaded.items():
            if array.shape != own[key].shape or array.dtype.kind != "f":
                raise ValueError(f"{path} holds {array.dtype} {array.shape} as {key}, but the network has floats {own[key].shape}")
        for key, array in loaded.items():
            index, name = key.split(".", 1)
            layer, array = self.layers[int(index)], array_module(own[key]).asarray(array)
            if name in layer.params:
                layer.params[name] = array
            else:
                setattr(layer, name, array)
        # END SOLUTION network_load

    def _collect_arrays(self) -> dict[str, Array]:
        """Return every parameter and running statistic, under the layer's place and its name: `0.W`, `1.running_mean`."""
        # BEGIN SOLUTION collect_arrays
        arrays: dict[str, Array] = {}
        for index, layer in enumerate(self.layers):
            statistics = {name: getattr(layer, name) for name in ("running_mean", "running_var") if hasattr(layer, name)}
            arrays |= {f"{index}.{name}": array for name, array in (layer.params | statistics).items()}
        return arrays
        # END SOLUTION collect_arrays


def _read_arrays(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Return the arrays of a `.npz` file by name; raise ValueError for any other file."""
    # BEGIN SOLUTION read_arrays
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (AttributeError, BadZipFile, EOFError, TypeError) as error:
        raise ValueError(f"{path} is not a .npz file of arrays, as save writes it") from error
    # END SOLUTION read_arrays
