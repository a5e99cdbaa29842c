"""A chain of layers."""

import os
import zipfile

import numpy as np

from . import activations, checks
from .places import is_cupy, pick_rows, to_host

MOST_LAYERS = 10
ACTIVATIONS = (
    activations.ReLU,
    activations.Sigmoid,
    activations.Softmax,
    activations.Tanh,
    activations.LeakyReLU,
    activations.ELU,
    activations.Maxout,
)
STATISTICS = ("running_mean", "running_var")


class Network:
    def __init__(self, layers):
        self.layers = list(layers)
        counted = 0
        for layer in self.layers:
            if not isinstance(layer, ACTIVATIONS):
                counted += 1
        if counted > MOST_LAYERS:
            raise ValueError(f"layers holds {counted} layers besides activations, but at most {MOST_LAYERS} are allowed.")

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad

    def train(self):
        for layer in self.layers:
            layer.training = True

    def eval(self):
        for layer in self.layers:
            layer.training = False

    def _classes(self, x):
        """The row of class indices as a list, the number of classes and the raw output."""
        modes = [layer.training for layer in self.layers]
        try:
            self.eval()
            output = self.forward(x)
        finally:
            for layer, mode in zip(self.layers, modes):
                layer.training = mode
        scores = to_host(output)
        if scores.ndim != 2:
            raise ValueError(f"x gives an output of shape {scores.shape}, but classes need an output (N, C).")
        indices = []
        for row in scores.tolist():
            best = 0
            for c in range(1, len(row)):
                if row[c] > row[best]:
                    best = c
            indices.append(best)
        return indices, scores.shape[1], output

    def predict(self, x):
        indices, _, output = self._classes(x)
        result = np.array(indices, dtype=np.int64)
        if is_cupy(output):
            import cupy

            result = cupy.asarray(result)
        return result

    def accuracy(self, x, labels):
        labels = to_host(labels)
        indices, classes, _ = self._classes(x)
        if labels.shape != (len(indices),):
            raise ValueError(f"labels has shape {labels.shape}, but ({len(indices)},) was expected.")
        if len(indices) == 0:
            return 0.0
        right = 0
        for index, label in zip(indices, checks.class_labels(labels, classes)):
            if index == label:
                right += 1
        return right / len(indices)

    def _state(self):
        """Every array that is saved: (name in the file, layer, 'params' or attribute, key, array)."""
        entries = []
        for position, layer in enumerate(self.layers):
            for key, array in layer.params.items():
                entries.append((f"layer{position}.params.{key}", layer, "params", key, array))
            for key in STATISTICS:
                if hasattr(layer, key):
                    entries.append((f"layer{position}.{key}", layer, "attribute", key, getattr(layer, key)))
        return entries

    def save(self, path):
        arrays = {}
        for name, _, _, _, array in self._state():
            arrays[name] = to_host(array)
        with open(path, "wb") as file:  # an open file keeps NumPy from adding a suffix to the name
            np.savez(file, **arrays)

    def load(self, path):
        found = _read_npz(path)
        entries = self._state()
        expected = [entry[0] for entry in entries]
        if sorted(found) != sorted(expected):
            raise ValueError(f"path {str(path)!r} holds the names {sorted(found)}, but {sorted(expected)} were expected.")
        for name, _, _, _, array in entries:
            if found[name].shape != np.shape(array):
                raise ValueError(
                    f"path {str(path)!r} holds {name} with shape {found[name].shape}, but {np.shape(array)} was expected."
                )
            if found[name].dtype.kind != "f":
                raise ValueError(f"path {str(path)!r} holds {name} as {found[name].dtype}, but floats were expected.")
        for name, layer, where, key, _ in entries:  # everything fits: only now is anything changed
            if where == "params":
                layer.params[key] = found[name]
            else:
                setattr(layer, key, found[name])

    def fit(self, x, y, *, loss, optimizer, epochs, batch_size, seed=None, on_epoch=None):
        checks.at_least("epochs", epochs, 0)
        checks.at_least("batch_size", batch_size, 1)
        samples = len(x)
        if len(y) != samples:
            raise ValueError(f"y has {len(y)} samples, but x has {samples}.")
        if samples == 0:
            raise ValueError("x has 0 samples, but at least one was expected.")
        rng = np.random.default_rng(seed)
        order = list(range(samples))
        history = []
        for epoch in range(epochs):
            previous = order
            while order == previous:
                order = rng.permutation(samples).tolist()
                if samples == 1:
                    break
            self.train()  # anew each epoch, for on_epoch may have changed it
            total = 0.0
            for start in range(0, samples, batch_size):
                rows = order[start : start + batch_size]
                value = loss.forward(self.forward(pick_rows(x, rows)), pick_rows(y, rows))
                self.backward(loss.backward())
                optimizer.step()
                total += float(value) * len(rows)
            mean = total / samples
            history.append(mean)
            if on_epoch is not None:
                on_epoch(epoch, mean)
        return history


def _read_npz(path):
    """All arrays of an .npz by name; a file that is no such thing is a ValueError."""
    path = os.fspath(path)
    if not os.path.exists(path) and os.path.exists(path + ".npz"):
        path = path + ".npz"
    arrays = {}
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError(f"path {path!r} is not an .npz file.")
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as archive:
                for name in archive.files:
                    arrays[name] = archive[name]
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise ValueError(f"path {path!r} is not a readable .npz file: {error}.") from error
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise ValueError(f"path {path!r} holds {name}, which is not an array.")
    return arrays
