import os
import zipfile

import numpy as np

from . import activations
from .data import minibatches
from .layers import atleast, host, need, xp

FREE = tuple(c for c in vars(activations).values()
             if isinstance(c, type) and c.__module__ == activations.__name__)


class Network:
    def __init__(self, layers):
        self.layers = [*layers]
        n = sum(not isinstance(a, FREE) for a in self.layers)
        need(n <= 10, f"layers has {n} entries that are no activations, expected at most 10")

    def forward(self, x):
        for a in self.layers:
            x = a.forward(x)
        return x

    def backward(self, grad):
        for a in self.layers[::-1]:
            grad = a.backward(grad)
        return grad

    def mode(self, modes):
        for a, a.training in zip(self.layers, modes):
            pass
        return self

    def modes(self):
        return [a.training for a in self.layers]

    def train(self):
        return self.mode([True] * len(self.layers))

    def eval(self):
        return self.mode([False] * len(self.layers))

    def predict(self, x, outputs=False):
        """Class indices, and with `outputs` also the rows they come from."""
        old = self.modes()
        try:
            y = self.eval().forward(x)
        finally:
            self.mode(old)
        need(y.ndim == 2, f"x gives an output of shape {y.shape}, expected (N, C)")
        return (y.argmax(1), y) if outputs else y.argmax(1)

    def accuracy(self, x, labels):
        guess, y = self.predict(x, outputs=True)
        labels = host(labels)
        need(labels.shape == guess.shape, f"labels has shape {labels.shape}, expected {guess.shape}")
        need(((0 <= labels) & (labels < y.shape[1])).all(), f"labels outside 0..{y.shape[1] - 1}")
        return float((host(guess) == labels).sum() / max(len(labels), 1))

    def slots(self):
        """name -> the dict that holds the array, and its key there"""
        return {f"layer{i}/{k}": (d, k) for i, a in enumerate(self.layers)
                for d, ks in ((a.params, a.params), (vars(a), ("running_mean", "running_var"))) for k in ks if k in d}

    def save(self, path):
        path = os.fspath(path)
        np.savez_compressed(path if path.endswith(".npz") else path + ".npz",
                            **{n: host(d[k]) for n, (d, k) in self.slots().items()})

    def load(self, path):
        path = os.fspath(path)
        try:
            with open(path if path.endswith(".npz") else path + ".npz", "rb") as f, np.load(f, allow_pickle=False) as z:
                new = {n: z[n].astype(float) for n in z.files}
        except (zipfile.BadZipFile, EOFError, AttributeError, TypeError) as e:
            raise ValueError(f"path = {path!r} is not a readable .npz file ({e})") from e
        slots = self.slots()
        want = {n: d[k].shape for n, (d, k) in slots.items()}
        got = {n: v.shape for n, v in new.items()}
        need(want == got, f"path = {path!r} holds {got}, expected {want}")
        for n, (d, k) in slots.items():
            d[k] = xp(d[k]).asarray(new[n])

    def fit(self, x, y, *, loss, optimizer, epochs, batch_size, seed=None, on_epoch=None):
        atleast(0, epochs=epochs)
        atleast(1, batch_size=batch_size)
        need(len(x) == len(y), f"x has {len(x)} samples and y {len(y)}, expected equally many")
        rng, old, means = np.random.default_rng(seed), self.modes(), []
        for epoch in range(epochs):
            self.train()
            total = 0.0
            for a, b in minibatches(x, y, batch_size, int(rng.integers(2 ** 62))):
                total += len(a) * float(loss.forward(self.forward(a), b))
                self.backward(loss.backward())
                optimizer.step()
            means.append(total / max(len(x), 1))
            if on_epoch:
                on_epoch(epoch, means[-1])
        self.mode(old)
        return means
