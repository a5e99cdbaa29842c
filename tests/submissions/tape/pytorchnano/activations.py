"""Activations, on the tape."""
import numpy as np

from .layers import Layer, glorot
from .tape import at_least, choose


class Activation(Layer):
    """What a Network does not count."""


class ReLU(Activation):
    def compute(self, x):
        return x.relu()


class Sigmoid(Activation):
    def compute(self, x):
        return x.sigmoid()


class Softmax(Activation):
    def compute(self, x):
        # the shift is a constant: it cancels, in the value and in the gradient
        e = (x - x.data.max(axis=-1, keepdims=True)).exp()
        return e / e.sum(axis=-1, keepdims=True)


class Tanh(Activation):
    def compute(self, x):
        return x.tanh()


class LeakyReLU(Activation):
    def __init__(self, negative_slope=0.1):
        super().__init__()
        self.negative_slope = float(negative_slope)

    def compute(self, x):
        return choose(x.data >= 0, x, x * self.negative_slope)


class ELU(Activation):
    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = float(alpha)

    def compute(self, x):
        return choose(x.data > 0, x, x.at_most_zero().expm1() * self.alpha)


class Maxout(Activation):
    def __init__(self, in_features, out_features, pieces=2, seed=None):
        super().__init__()
        self.in_features = at_least("in_features", in_features, 1)
        self.out_features = at_least("out_features", out_features, 1)
        self.pieces = at_least("pieces", pieces, 1)
        rng = np.random.default_rng(seed)
        self.params["W"] = glorot(rng, (pieces, in_features, out_features), in_features, out_features, np.float32)
        self.params["b"] = np.zeros((pieces, out_features), np.float32)

    def check(self, x):
        if x.ndim != 2 or x.shape[1] != self.in_features:
            raise ValueError(f"x must have shape (N, {self.in_features}), but {x.shape} was given.")

    def compute(self, x, W, b):
        return (x @ W + b.reshape(self.pieces, 1, self.out_features)).max(axis=0)
