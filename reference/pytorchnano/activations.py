"""Activations: the functions between the layers that make a network more than one matrix product.

All but Maxout work entry by entry or along the last axis, so they take arrays of any rank from 1. In the formulas `g` is the
gradient of the loss with respect to the output `y`.
"""

import numpy as np

from .backend import Array, array_module, match
from .layers import Layer

__all__ = ["ELU", "LeakyReLU", "Maxout", "ReLU", "Sigmoid", "Softmax", "Tanh"]


class ReLU(Layer):
    """The rectifier: `y = max(0, x)`."""

    def forward(self, x: Array) -> Array:
        """Return `max(0, x)`, in the shape of `x`."""
        # BEGIN SOLUTION relu_forward
        self._x = x
        return array_module(x).maximum(x, 0)
        # END SOLUTION relu_forward

    def backward(self, grad_output: Array) -> Array:
        """Return `g` where `x > 0`, and 0 elsewhere."""
        # BEGIN SOLUTION relu_backward
        return match(grad_output, self._x) * (self._x > 0)
        # END SOLUTION relu_backward


class Sigmoid(Layer):
    """The logistic function: `y = 1 / (1 + exp(-x))`."""

    def forward(self, x: Array) -> Array:
        """Return `1 / (1 + exp(-x))`, for `x < 0` written as `exp(x) / (1 + exp(x))`, so that no power overflows."""
        # BEGIN SOLUTION sigmoid_forward
        xp = array_module(x)
        power = xp.exp(-abs(x))
        self._y = xp.where(x >= 0, 1, power) / (1 + power)
        return self._y
        # END SOLUTION sigmoid_forward

    def backward(self, grad_output: Array) -> Array:
        """Return `g y (1 - y)`."""
        # BEGIN SOLUTION sigmoid_backward
        return match(grad_output, self._y) * self._y * (1 - self._y)
        # END SOLUTION sigmoid_backward


class Softmax(Layer):
    """Turn scores into probabilities along the last axis: `y_i = exp(x_i) / sum_j exp(x_j)`."""

    def forward(self, x: Array) -> Array:
        """Return the probabilities; subtracting the largest score first changes nothing but keeps the powers below 1."""
        # BEGIN SOLUTION softmax_forward
        power = array_module(x).exp(x - x.max(axis=-1, keepdims=True))
        self._y = power / power.sum(axis=-1, keepdims=True)
        return self._y
        # END SOLUTION softmax_forward

    def backward(self, grad_output: Array) -> Array:
        """Apply the Jacobian `dy_i/dx_j = y_i ([i = j] - y_j)`: return `y (g - sum_i g_i y_i)`."""
        # BEGIN SOLUTION softmax_backward
        grad = match(grad_output, self._y)
        return self._y * (grad - (grad * self._y).sum(axis=-1, keepdims=True))
        # END SOLUTION softmax_backward


class Tanh(Layer):
    """The hyperbolic tangent: `y = tanh(x)`."""

    def forward(self, x: Array) -> Array:
        """Return `tanh(x)`, in the shape of `x`."""
        # BEGIN SOLUTION tanh_forward
        self._y = array_module(x).tanh(x)
        return self._y
        # END SOLUTION tanh_forward

    def backward(self, grad_output: Array) -> Array:
        """Return `g (1 - y^2)`."""
        # BEGIN SOLUTION tanh_backward
        return match(grad_output, self._y) * (1 - self._y * self._y)
        # END SOLUTION tanh_backward


class LeakyReLU(Layer):
    """A rectifier that lets a little through: `y = x` for `x > 0`, `negative_slope x` elsewhere."""

    def __init__(self, negative_slope: float = 0.1) -> None:
        """Use `negative_slope` below 0."""
        # BEGIN SOLUTION leaky_relu_init
        super().__init__()
        self._negative_slope = float(negative_slope)
        # END SOLUTION leaky_relu_init

    def forward(self, x: Array) -> Array:
        """Return `x` where it is positive and `negative_slope x` elsewhere."""
        # BEGIN SOLUTION leaky_relu_forward
        self._x = x
        return array_module(x).where(x > 0, x, self._negative_slope * x)
        # END SOLUTION leaky_relu_forward

    def backward(self, grad_output: Array) -> Array:
        """Return `g` where `x > 0`, and `negative_slope g` elsewhere."""
        # BEGIN SOLUTION leaky_relu_backward
        grad = match(grad_output, self._x)
        return array_module(grad).where(self._x > 0, grad, self._negative_slope * grad)
        # END SOLUTION leaky_relu_backward


class ELU(Layer):
    """The exponential linear unit: `y = x` for `x > 0`, `alpha (exp(x) - 1)` elsewhere (Clevert et al. 2016)."""

    def __init__(self, alpha: float = 1.0) -> None:
        """Approach `-alpha` for very negative inputs."""
        # BEGIN SOLUTION elu_init
        super().__init__()
        self._alpha = float(alpha)
        # END SOLUTION elu_init

    def forward(self, x: Array) -> Array:
        """Return `x` where it is positive and `alpha (exp(x) - 1)` elsewhere, never taking the power of a positive number."""
        # BEGIN SOLUTION elu_forward
        xp = array_module(x)
        self._x = x
        return xp.where(x > 0, x, self._alpha * xp.expm1(xp.minimum(x, 0)))
        # END SOLUTION elu_forward

    def backward(self, grad_output: Array) -> Array:
        """Return `g` where `x > 0`, and `alpha exp(x) g` elsewhere."""
        # BEGIN SOLUTION elu_backward
        xp = array_module(self._x)
        slope = xp.where(self._x > 0, 1, self._alpha * xp.exp(xp.minimum(self._x, 0)))
        return match(grad_output, self._x) * slope
        # END SOLUTION elu_backward


class Maxout(Layer):
    """The largest of several linear functions, `y = max_k (x @ W_k + b_k)`: an activation that is learned (Goodfellow et al. 2013)."""

    def __init__(self, in_features: int, out_features: int, pieces: int = 2, seed: int | None = None) -> None:
        """Draw `W (pieces, in, out)` at random, with variance `2 / in`, and start `b (pieces, out)` at 0.

        Raises ValueError for sizes or `pieces` below 1.
        """
        # BEGIN SOLUTION maxout_init
        super().__init__()
        for name, size in (("in_features", in_features), ("out_features", out_features), ("pieces", pieces)):
            if size < 1:
                raise ValueError(f"{name} is {size}, but must be at least 1")
        weight = np.random.default_rng(seed).standard_normal((pieces, in_features, out_features))
        self.params["W"] = (weight * (2 / in_features) ** 0.5).astype(np.float32)
        self.params["b"] = np.zeros((pieces, out_features), dtype=np.float32)
        # END SOLUTION maxout_init

    def forward(self, x: Array) -> Array:
        """Return the largest piece, output by output: `(N, in) -> (N, out)`.

        Raises ValueError unless `x` has two axes and `in` columns.
        """
        # BEGIN SOLUTION maxout_forward
        weight, bias = match(self.params["W"], x), match(self.params["b"], x)
        if x.ndim != 2 or x.shape[1] != weight.shape[1]:
            raise ValueError(f"x has shape {x.shape}, but Maxout expects (N, {weight.shape[1]})")
        pieces = x @ weight + bias[:, None]
        self._x, self._weight, self._winner = x, weight, pieces.argmax(axis=0)
        return pieces.max(axis=0)
        # END SOLUTION maxout_forward

    def backward(self, grad_output: Array) -> Array:
        """Set `dL/dW` and `dL/db`, and return `dL/dx (N, in)`: the gradient flows through the winning piece alone."""
        # BEGIN SOLUTION maxout_backward
        xp = array_module(self._x)
        pieces = xp.arange(len(self._weight))[:, None, None]
        grad_pieces = match(grad_output, self._x) * (pieces == self._winner)
        self.grads["W"] = self._x.T @ grad_pieces
        self.grads["b"] = grad_pieces.sum(axis=1)
        return (grad_pieces @ self._weight.transpose(0, 2, 1)).sum(axis=0)
        # END SOLUTION maxout_backward
