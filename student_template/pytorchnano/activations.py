"""Activations: the functions between the layers that make a network more than one matrix product.

All but Maxout work entry by entry or along the last axis, so they take arrays of any rank from 1. In the formulas `g` is the
gradient of the loss with respect to the output `y`.
"""

import numpy as np

from .backend import Array
from .layers import Layer

__all__ = ["ELU", "LeakyReLU", "Maxout", "ReLU", "Sigmoid", "Softmax", "Tanh"]


class ReLU(Layer):
    """The rectifier: `y = max(0, x)`."""

    def forward(self, x: Array) -> Array:
        """Return `max(0, x)`, in the shape of `x`."""
        raise NotImplementedError("ReLU.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Return `g` where `x > 0`, and 0 elsewhere."""
        raise NotImplementedError("ReLU.backward is not implemented yet: see its docstring.")


class Sigmoid(Layer):
    """The logistic function: `y = 1 / (1 + exp(-x))`."""

    def forward(self, x: Array) -> Array:
        """Return `1 / (1 + exp(-x))`, for `x < 0` written as `exp(x) / (1 + exp(x))`, so that no power overflows."""
        raise NotImplementedError("Sigmoid.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Return `g y (1 - y)`."""
        raise NotImplementedError("Sigmoid.backward is not implemented yet: see its docstring.")


class Softmax(Layer):
    """Turn scores into probabilities along the last axis: `y_i = exp(x_i) / sum_j exp(x_j)`."""

    def forward(self, x: Array) -> Array:
        """Return the probabilities; subtracting the largest score first changes nothing but keeps the powers below 1."""
        raise NotImplementedError("Softmax.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Apply the Jacobian `dy_i/dx_j = y_i ([i = j] - y_j)`: return `y (g - sum_i g_i y_i)`."""
        raise NotImplementedError("Softmax.backward is not implemented yet: see its docstring.")


class Tanh(Layer):
    """The hyperbolic tangent: `y = tanh(x)`."""

    def forward(self, x: Array) -> Array:
        """Return `tanh(x)`, in the shape of `x`."""
        raise NotImplementedError("Tanh.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Return `g (1 - y^2)`."""
        raise NotImplementedError("Tanh.backward is not implemented yet: see its docstring.")


class LeakyReLU(Layer):
    """A rectifier that lets a little through: `y = x` for `x > 0`, `negative_slope x` elsewhere."""

    def __init__(self, negative_slope: float = 0.1) -> None:
        """Use `negative_slope` below 0."""
        raise NotImplementedError("LeakyReLU.__init__ is not implemented yet: see its docstring.")

    def forward(self, x: Array) -> Array:
        """Return `x` where it is positive and `negative_slope x` elsewhere."""
        raise NotImplementedError("LeakyReLU.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Return `g` where `x > 0`, and `negative_slope g` elsewhere."""
        raise NotImplementedError("LeakyReLU.backward is not implemented yet: see its docstring.")


class ELU(Layer):
    """The exponential linear unit: `y = x` for `x > 0`, `alpha (exp(x) - 1)` elsewhere (Clevert et al. 2016)."""

    def __init__(self, alpha: float = 1.0) -> None:
        """Approach `-alpha` for very negative inputs."""
        raise NotImplementedError("ELU.__init__ is not implemented yet: see its docstring.")

    def forward(self, x: Array) -> Array:
        """Return `x` where it is positive and `alpha (exp(x) - 1)` elsewhere, never taking the power of a positive number."""
        raise NotImplementedError("ELU.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Return `g` where `x > 0`, and `alpha exp(x) g` elsewhere."""
        raise NotImplementedError("ELU.backward is not implemented yet: see its docstring.")


class Maxout(Layer):
    """The largest of several linear functions, `y = max_k (x @ W_k + b_k)`: an activation that is learned (Goodfellow et al. 2013)."""

    def __init__(self, in_features: int, out_features: int, pieces: int = 2, seed: int | None = None) -> None:
        """Draw `W (pieces, in, out)` at random, with variance `2 / in`, and start `b (pieces, out)` at 0.

        Raises ValueError for sizes or `pieces` below 1.
        """
        raise NotImplementedError("Maxout.__init__ is not implemented yet: see its docstring.")

    def forward(self, x: Array) -> Array:
        """Return the largest piece, output by output: `(N, in) -> (N, out)`.

        Raises ValueError unless `x` has two axes and `in` columns.
        """
        raise NotImplementedError("Maxout.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Set `dL/dW` and `dL/db`, and return `dL/dx (N, in)`: the gradient flows through the winning piece alone."""
        raise NotImplementedError("Maxout.backward is not implemented yet: see its docstring.")
