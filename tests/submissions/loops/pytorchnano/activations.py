"""Activations, one number at a time."""

import math

import numpy as np

from . import checks
from .layers import Layer, small_biases, uniform_weights
from .places import Origin, numbers


def sigmoid_of(z):
    """1 / (1 + exp(-z)) without ever raising e to a positive power."""
    if z >= 0:
        return 1.0 / (1.0 + math.exp(-z))
    small = math.exp(z)
    return small / (1.0 + small)


def softmax_of(row):
    """The softmax of a list of numbers; the largest exponent is 0."""
    top = max(row)
    powers = [math.exp(z - top) for z in row]
    total = math.fsum(powers)
    return [power / total for power in powers]


class _EntryByEntry(Layer):
    """y = value(x) for each entry; subclasses give `_value` and `_slope(x, y)`."""

    def _value(self, z):
        raise NotImplementedError

    def _slope(self, z, y):
        raise NotImplementedError

    def forward(self, x):
        origin = Origin(x)
        x = numbers(x)
        checks.any_rank(x)
        values = []
        slopes = []
        for z in x.ravel().tolist():
            y = self._value(z)
            values.append(y)
            slopes.append(self._slope(z, y))
        self._saw = (origin, x.shape, slopes)
        return origin.send(values, x.shape)

    def backward(self, grad_output):
        origin, shape, slopes = self._remembered()
        grad = numbers(grad_output)
        checks.gradient_shape(grad, shape)
        entries = []
        for g, slope in zip(grad.ravel().tolist(), slopes):
            entries.append(g * slope)
        return origin.send(entries, shape)


class ReLU(_EntryByEntry):
    def _value(self, z):
        return 0.0 if z <= 0 else z

    def _slope(self, z, y):
        if z == 0:
            return 0.5
        return 1.0 if z > 0 else 0.0


class LeakyReLU(_EntryByEntry):
    def __init__(self, negative_slope=0.1):
        super().__init__()
        self.negative_slope = negative_slope

    def _value(self, z):
        return z if z > 0 else self.negative_slope * z

    def _slope(self, z, y):
        if z == 0:
            return 0.5 * (1.0 + self.negative_slope)
        return 1.0 if z > 0 else self.negative_slope


class ELU(_EntryByEntry):
    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = alpha

    def _value(self, z):
        return z if z > 0 else self.alpha * math.expm1(z)

    def _slope(self, z, y):
        if z == 0:
            return 0.5 * (1.0 + self.alpha)
        return 1.0 if z > 0 else self.alpha * math.exp(z)


class Sigmoid(_EntryByEntry):
    def _value(self, z):
        return sigmoid_of(z)

    def _slope(self, z, y):
        return y * sigmoid_of(-z)


class Tanh(_EntryByEntry):
    def _value(self, z):
        return math.tanh(z)

    def _slope(self, z, y):
        return (1.0 - y) * (1.0 + y)


class Softmax(Layer):
    """Over the last axis."""

    def forward(self, x):
        origin = Origin(x)
        x = numbers(x)
        checks.any_rank(x)
        if x.shape[-1] == 0:
            raise ValueError(f"x has shape {x.shape}, but a last axis of at least 1 was expected.")
        rows = [softmax_of(row) for row in x.reshape(-1, x.shape[-1]).tolist()]
        self._saw = (origin, x.shape, rows)
        return origin.send(rows, x.shape)

    def backward(self, grad_output):
        origin, shape, rows = self._remembered()
        grad = numbers(grad_output)
        checks.gradient_shape(grad, shape)
        entries = []
        for p, g in zip(rows, grad.reshape(-1, shape[-1]).tolist()):
            # dy_j / dx_i = p_j (1 if i == j else 0) - p_j p_i, summed over j with weight g_j
            mean = 0.0
            for j in range(len(p)):
                mean += p[j] * g[j]
            for i in range(len(p)):
                entries.append(p[i] * (g[i] - mean))
        return origin.send(entries, shape)


class Maxout(Layer):
    """The largest of `pieces` dense layers, unit by unit; of equal pieces the last one counts."""

    def __init__(self, in_features, out_features, pieces=2, seed=None):
        super().__init__()
        checks.at_least("in_features", in_features, 1)
        checks.at_least("out_features", out_features, 1)
        checks.at_least("pieces", pieces, 1)
        self.in_features = in_features
        self.out_features = out_features
        self.pieces = pieces
        rng = np.random.default_rng(seed)
        self.params["W"] = uniform_weights(rng, (pieces, in_features, out_features), in_features, out_features)
        self.params["b"] = small_biases(rng, (pieces, out_features))

    def forward(self, x):
        origin = Origin(x)
        x = numbers(x)
        weights = numbers(self.params["W"])
        bias = numbers(self.params["b"])
        pieces, in_features, out_features = weights.shape
        checks.rank(x, (2,), "(N, in_features)")
        checks.width(x, 1, in_features, "features")
        y = []
        winners = []
        for n in range(x.shape[0]):
            candidates = []
            for piece in range(pieces):
                candidates.append((np.dot(x[n], weights[piece]) + bias[piece]).tolist())
            chosen = []
            for unit in range(out_features):
                best = 0
                for piece in range(1, pieces):
                    if candidates[piece][unit] >= candidates[best][unit]:
                        best = piece
                chosen.append(best)
                y.append(candidates[best][unit])
            winners.append(chosen)
        self._saw = (origin, x, weights, winners)
        return origin.send(y, (x.shape[0], out_features))

    def backward(self, grad_output):
        origin, x, weights, winners = self._remembered()
        grad = numbers(grad_output)
        pieces, _, out_features = weights.shape
        checks.gradient_shape(grad, (x.shape[0], out_features))
        grad_weights = np.zeros(weights.shape)
        grad_bias = np.zeros((pieces, out_features))
        grad_x = np.zeros(x.shape)
        for n in range(x.shape[0]):
            for unit in range(out_features):
                piece = winners[n][unit]
                g = grad[n, unit]
                grad_weights[piece, :, unit] += g * x[n]
                grad_bias[piece, unit] += g
                grad_x[n] += g * weights[piece, :, unit]
        self.grads["W"] = origin.send(grad_weights)
        self.grads["b"] = origin.send(grad_bias)
        return origin.send(grad_x)
