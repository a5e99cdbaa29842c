from collections import defaultdict

from .layers import atleast, f8, need, xp


class SGD:
    def __init__(self, layers, lr, weight_decay=0.0):
        atleast(0, lr=lr, weight_decay=weight_decay)
        self.layers, self.lr, self.weight_decay = [*layers], lr, weight_decay
        self.t, self.state = 0, defaultdict(float)

    def step(self):
        """In place, in double precision."""
        self.t += 1
        for i, layer in enumerate(self.layers):
            for k, p in layer.params.items():
                if (g := layer.grads.get(k)) is not None:
                    w, g = f8(p, p), f8(g, p)
                    if k not in ("b", "beta", "gamma"):
                        g = g + w * self.weight_decay
                    p[...] = w + self.move(g, (i, k))

    def keep(self, key, g, old, new):
        """state <- old * state + new"""
        s = self.state[key]
        self.state[key] = s = old * (s if isinstance(s, float) else f8(s, g)) + new
        return s

    def move(self, g, key):
        return -self.lr * g


class Momentum(SGD):
    def __init__(self, layers, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
        super().__init__(layers, lr, weight_decay)
        need(0 <= momentum < 1, f"momentum = {momentum!r}, expected a number in [0, 1)")
        self.momentum, self.nesterov = momentum, nesterov

    def move(self, g, key):
        v = self.keep(key, g, self.momentum, -self.lr * g)
        return self.momentum * v - self.lr * g if self.nesterov else v


class Adam(SGD):
    nesterov = False

    def __init__(self, layers, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(layers, lr, weight_decay)
        need(all(0 <= b < 1 for b in betas), f"betas = {betas!r}, expected two numbers in [0, 1)")
        self.betas, self.eps = betas, eps

    def move(self, g, key):
        a, b = self.betas
        m = self.keep((0, *key), g, a, (1 - a) * g) / (1 - a ** self.t)
        v = self.keep((1, *key), g, b, (1 - b) * g * g) / (1 - b ** self.t)
        if self.nesterov:
            m = a * m + (1 - a) * g / (1 - a ** self.t)
        return -self.lr * m / (xp(v).sqrt(v) + self.eps)


class Nadam(Adam):
    nesterov = True
