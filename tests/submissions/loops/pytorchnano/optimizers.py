"""Optimizers. A step makes new parameter arrays and assigns them; the old arrays stay as they are."""

import numpy as np

from . import checks
from .places import Origin, numbers

NOT_DECAYED = ("b", "beta", "gamma")


class _Optimizer:
    """Walks over the parameters; subclasses say in `_move` by how much one of them moves."""

    def __init__(self, layers, lr, weight_decay):
        self.layers = list(layers)
        self.lr = checks.at_least("lr", lr, 0)
        self.weight_decay = checks.at_least("weight_decay", weight_decay, 0)
        self.t = 0
        self._memory = {}  # (position of the layer, name) -> list of arrays

    def step(self):
        self.t += 1
        for position, layer in enumerate(self.layers):
            for name in list(layer.params):
                if name not in layer.grads:
                    continue
                old = layer.params[name]
                origin = Origin(old)
                w = numbers(old)
                g = numbers(layer.grads[name])
                if g.shape != w.shape:
                    raise ValueError(f"grads[{name!r}] has shape {g.shape}, but the parameter has {w.shape}.")
                if self.weight_decay != 0 and name not in NOT_DECAYED:
                    g = g + self.weight_decay * w
                layer.params[name] = origin.send(w + self._move((position, name), g))

    def _move(self, key, g):
        raise NotImplementedError

    def _recall(self, key, g, count):
        """The arrays kept for one parameter, zeros at first."""
        if key not in self._memory:
            self._memory[key] = [np.zeros(g.shape) for _ in range(count)]
        return self._memory[key]


class SGD(_Optimizer):
    def __init__(self, layers, lr, weight_decay=0.0):
        super().__init__(layers, lr, weight_decay)

    def _move(self, key, g):
        return -self.lr * g


class Momentum(_Optimizer):
    def __init__(self, layers, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
        super().__init__(layers, lr, weight_decay)
        self.momentum = checks.fraction("momentum", momentum)
        self.nesterov = nesterov

    def _move(self, key, g):
        (v,) = self._recall(key, g, 1)
        v = self.momentum * v - self.lr * g
        self._memory[key] = [v]
        if self.nesterov:
            return self.momentum * v - self.lr * g
        return v


class Adam(_Optimizer):
    def __init__(self, layers, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(layers, lr, weight_decay)
        if len(betas) != 2:
            raise ValueError(f"betas is {betas!r}, but two numbers were expected.")
        for beta in betas:
            checks.fraction("betas", beta, f"One of betas {betas!r}")
        self.betas = (betas[0], betas[1])
        self.eps = eps

    def _moments(self, key, g):
        """The bias-corrected m and v after this gradient."""
        beta1, beta2 = self.betas
        m, v = self._recall(key, g, 2)
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        self._memory[key] = [m, v]
        return m / (1.0 - beta1**self.t), v / (1.0 - beta2**self.t)

    def _move(self, key, g):
        m, v = self._moments(key, g)
        return -self.lr * m / (np.sqrt(v) + self.eps)


class Nadam(Adam):
    def _move(self, key, g):
        beta1 = self.betas[0]
        m, v = self._moments(key, g)
        ahead = beta1 * m + (1.0 - beta1) * g / (1.0 - beta1**self.t)
        return -self.lr * ahead / (np.sqrt(v) + self.eps)
