"""Optimizers: each parameter is replaced by a new array."""
import numpy as np

from .tape import at_least, module_of, to_device_of, unit_interval


class Optimizer:
    def __init__(self, layers, lr, weight_decay=0.0):
        self.layers = list(layers)
        self.lr = float(at_least("lr", lr, 0))
        self.weight_decay = float(at_least("weight_decay", weight_decay, 0))
        self.t = 0
        self._memory = {}

    def step(self):
        self.t += 1
        for position, layer in enumerate(self.layers):
            for name, old in list(layer.params.items()):
                gradient = layer.grads.get(name)
                if gradient is None:
                    continue
                # half precision would lose the small numbers of the running averages
                precision = np.result_type(old.dtype, np.float32)
                w = old.astype(precision)
                g = to_device_of(gradient, old, precision)
                if self.weight_decay and name not in ("b", "beta", "gamma"):
                    g = g + self.weight_decay * w
                layer.params[name] = (w + self.change(g, (position, name))).astype(old.dtype)

    def recall(self, key, g):
        """What was kept under this key, as an array beside g; zeros the first time."""
        kept = self._memory.get(key)
        return module_of(g).zeros_like(g) if kept is None else to_device_of(kept, g, g.dtype)

    def change(self, g, key):
        """What to add to a parameter whose gradient is g."""
        raise NotImplementedError


class SGD(Optimizer):
    def change(self, g, key):
        return -self.lr * g


class Momentum(Optimizer):
    def __init__(self, layers, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
        super().__init__(layers, lr, weight_decay)
        self.momentum = float(unit_interval("momentum", momentum))
        self.nesterov = nesterov

    def change(self, g, key):
        v = self.momentum * self.recall(key, g) - self.lr * g
        self._memory[key] = v
        return self.momentum * v - self.lr * g if self.nesterov else v


class Adam(Optimizer):
    def __init__(self, layers, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(layers, lr, weight_decay)
        self.betas = tuple(float(unit_interval("betas", beta)) for beta in betas)
        self.eps = float(eps)

    def change(self, g, key):
        beta1, beta2 = self.betas
        m = beta1 * self.recall((key, "m"), g) + (1 - beta1) * g
        v = beta2 * self.recall((key, "v"), g) + (1 - beta2) * g * g
        self._memory[key, "m"], self._memory[key, "v"] = m, v
        root = module_of(g).sqrt(v / (1 - beta2 ** self.t)) + self.eps
        return -self.lr * self.direction(m / (1 - beta1 ** self.t), g) / root

    def direction(self, m_hat, g):
        return m_hat


class Nadam(Adam):
    def direction(self, m_hat, g):
        beta1 = self.betas[0]
        return beta1 * m_hat + (1 - beta1) * g / (1 - beta1 ** self.t)
