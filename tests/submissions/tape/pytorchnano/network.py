"""A stack of layers, its training, and its file."""
import zipfile
from pathlib import Path

import numpy as np

from .activations import Activation
from .data import minibatches
from .tape import at_least, to_device_of, to_host

MOST_LAYERS = 10


class Network:
    def __init__(self, layers):
        self.layers = tuple(layers)
        counted = sum(not isinstance(layer, Activation) for layer in self.layers)
        if counted > MOST_LAYERS:
            raise ValueError(f"layers may hold at most {MOST_LAYERS} layers besides activations, "
                             f"but {counted} were given.")

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    __call__ = forward

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

    def _scores(self, x):
        modes = [layer.training for layer in self.layers]
        self.eval()
        try:
            scores = self.forward(x)
        finally:
            for layer, mode in zip(self.layers, modes):
                layer.training = mode
        if scores.ndim != 2:
            raise ValueError(f"x leads to an output of shape {scores.shape}, but classes need (N, C).")
        return scores

    def predict(self, x):
        return self._scores(x).argmax(axis=1)

    def accuracy(self, x, labels):
        scores = self._scores(x)
        labels = to_host(labels)
        if labels.shape != (scores.shape[0],):
            raise ValueError(f"labels must have shape ({scores.shape[0]},), but {labels.shape} was given.")
        if labels.size and (labels.min() < 0 or labels.max() >= scores.shape[1]):
            raise ValueError(f"labels must lie from 0 to {scores.shape[1] - 1}, "
                             f"but go from {labels.min()} to {labels.max()}.")
        return float(np.mean(to_host(scores.argmax(axis=1)) == labels)) if labels.size else 0.0

    # -- files

    def _places(self):
        """name in the file -> (array, a function that puts another in its place)"""
        places = {}
        for i, layer in enumerate(self.layers):
            for name, value in layer.params.items():
                places[f"{i}.{name}"] = value, lambda new, d=layer.params, k=name: d.__setitem__(k, new)
            for name in ("running_mean", "running_var"):
                if hasattr(layer, name):
                    places[f"{i}.{name}"] = (getattr(layer, name),
                                             lambda new, o=layer, k=name: setattr(o, k, new))
        return places

    @staticmethod
    def _file(path):
        path = Path(path)
        return path if path.suffix == ".npz" else path.with_name(path.name + ".npz")

    def save(self, path):
        with open(self._file(path), "wb") as out:
            np.savez(out, **{name: to_host(value) for name, (value, _) in self._places().items()})

    def load(self, path):
        path = self._file(path)
        try:
            with open(path, "rb") as source:
                archive = np.load(source, allow_pickle=False)
                if not isinstance(archive, np.lib.npyio.NpzFile):
                    raise ValueError(f"path {path} is not an .npz file.")
                found = {name: archive[name] for name in archive.files}
        except (zipfile.BadZipFile, EOFError) as error:
            raise ValueError(f"path {path} is not a whole .npz file: {error}") from None
        places = self._places()
        if set(found) != set(places):
            raise ValueError(f"path {path} holds {sorted(found)}, but this network has {sorted(places)}.")
        ready = []
        for name, (old, put) in places.items():
            if found[name].shape != np.shape(old):
                raise ValueError(f"path {path} holds {name} of shape {found[name].shape}, "
                                 f"but this network needs {np.shape(old)}.")
            ready.append((put, to_device_of(found[name], old, old.dtype)))
        for put, new in ready:
            put(new)

    # -- training

    def fit(self, x, y, *, loss, optimizer, epochs, batch_size, seed=None, on_epoch=None):
        at_least("epochs", epochs, 0)
        at_least("batch_size", batch_size, 1)
        rng = np.random.default_rng(seed)
        history = []
        for epoch in range(epochs):
            self.train()
            total, count = 0.0, 0
            for some_x, some_y in minibatches(x, y, batch_size, seed=rng):
                total += float(loss.forward(self.forward(some_x), some_y)) * len(some_x)
                count += len(some_x)
                self.backward(loss.backward())
                optimizer.step()
            history.append(total / max(count, 1))
            if on_epoch is not None:
                on_epoch(epoch, history[-1])
        return history
