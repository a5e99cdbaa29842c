"""Layers: functions with parameters that can send a gradient back.

Every layer does two things. `forward(x)` computes its output `y`; `backward(dL/dy)` applies the chain rule to what the last
`forward` saw, stores the gradient of each parameter in `grads`, and returns `dL/dx` for the layer before it.
"""

import numpy as np

from .backend import Array

__all__ = ["AvgPool2D", "BatchNorm", "Conv2D", "Dense", "Dropout", "Flatten", "Layer", "MaxPool2D"]

_Size = int | tuple[int, int]


class Layer:
    """The base class: `params` and their `grads` under the same names, and whether the layer is `training`."""

    def __init__(self) -> None:
        """Start without parameters, in training mode."""
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}
        self.training = True

    def forward(self, x: Array) -> Array:
        """Return the layer's output for the batch `x`."""
        raise NotImplementedError(f"{type(self).__name__} has no forward yet")

    def backward(self, grad_output: Array) -> Array:
        """Set `grads` from `dL/dy` and return `dL/dx`, both for the last `forward`."""
        raise NotImplementedError(f"{type(self).__name__} has no backward yet")


class Dense(Layer):
    """Every output sees every input: `y = x @ W + b`, with `W (in, out)` and `b (out,)`."""

    def __init__(self, in_features: int, out_features: int, seed: int | None = None) -> None:
        """Draw `W` at random, with variance `2 / in` (He et al. 2015), and start `b` at 0.

        Raises ValueError for sizes below 1.
        """
        raise NotImplementedError("Dense.__init__ is not implemented yet: see its docstring.")

    def forward(self, x: Array) -> Array:
        """Return `x @ W + b`: `(N, in) -> (N, out)`.

        Raises ValueError unless `x` has two axes and `in` columns.
        """
        raise NotImplementedError("Dense.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Set `dL/dW = x^T g` and `dL/db = sum over the batch of g`, and return `dL/dx = g W^T`, for `g = dL/dy (N, out)`."""
        raise NotImplementedError("Dense.backward is not implemented yet: see its docstring.")


class Conv2D(Layer):
    """A filter slides over the image: cross-correlation with `W (out, in, kh, kw)`, plus `b (out,)`, over zero padding."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: _Size, stride: _Size = 1, padding: _Size = 0, seed: int | None = None
    ) -> None:
        """Draw `W` at random, with variance `2 / (in kh kw)` (He et al. 2015), and start `b` at 0.

        `kernel_size`, `stride` and `padding` are a number of pixels or a pair `(rows, columns)`.
        Raises ValueError for channels, kernel or stride below 1 and padding below 0.
        """
        raise NotImplementedError("Conv2D.__init__ is not implemented yet: see its docstring.")

    def forward(self, x: Array) -> Array:
        """Return one response a filter: `(N, in, H, W) -> (N, out, H', W')`, `H' = floor((H + 2 pad - kh) / stride) + 1`.

        With the pixels of each window in a column, one matrix product meets every filter with every window.
        Raises ValueError for a wrong rank or number of channels, and for an image smaller than the kernel.
        """
        raise NotImplementedError("Conv2D.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Set `dL/dW` and `dL/db`, and return `dL/dx`, each in the shape of what it belongs to.

        With `y = W c + b` for an image's columns `c`: `dL/dW = sum over images of g c^T`, `dL/db = sum over images and pixels of g`.
        """
        raise NotImplementedError("Conv2D.backward is not implemented yet: see its docstring.")

    def _send_back(self, grad: Array) -> Array:
        """Return `dL/dx`: the kernel's entry `(i, j)` met `x` shifted by `(i, j)`, so `W_ij^T g` goes back shifted as far.

        Put each window's gradient at the window's first pixel and all images in one long row: the shift is by `i W + j`.
        """
        raise NotImplementedError("Conv2D._send_back is not implemented yet: see its docstring.")


class _Pool(Layer):
    """What the two kinds of pooling share: the size and the distance of their windows."""

    def __init__(self, kernel_size: _Size, stride: _Size | None = None) -> None:
        """Take windows of `kernel_size` pixels every `stride` pixels; by default they lie side by side.

        Raises ValueError for a kernel or stride below 1.
        """
        raise NotImplementedError("_Pool.__init__ is not implemented yet: see its docstring.")


class MaxPool2D(_Pool):
    """Keep the largest pixel of each window, channel by channel."""

    def forward(self, x: Array) -> Array:
        """Return the maxima: `(N, C, H, W) -> (N, C, H', W')`, `H' = floor((H - kh) / stride) + 1`.

        Raises ValueError for a wrong rank and for an image smaller than the window.
        """
        raise NotImplementedError("MaxPool2D.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Return `dL/dx (N, C, H, W)`: each window hands its gradient to its largest pixel, in a tie to the first of them."""
        raise NotImplementedError("MaxPool2D.backward is not implemented yet: see its docstring.")


class AvgPool2D(_Pool):
    """Replace each window by its mean, channel by channel."""

    def forward(self, x: Array) -> Array:
        """Return the means: `(N, C, H, W) -> (N, C, H', W')`, `H' = floor((H - kh) / stride) + 1`.

        Raises ValueError for a wrong rank and for an image smaller than the window.
        """
        raise NotImplementedError("AvgPool2D.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Return `dL/dx (N, C, H, W)`: each window shares its gradient equally among its `kh kw` pixels."""
        raise NotImplementedError("AvgPool2D.backward is not implemented yet: see its docstring.")


class Flatten(Layer):
    """Put every sample in one row, as `Dense` expects it."""

    def forward(self, x: Array) -> Array:
        """Return the same numbers in rows: `(N, ...) -> (N, prod)`."""
        raise NotImplementedError("Flatten.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Return `dL/dy` in the shape of the input."""
        raise NotImplementedError("Flatten.backward is not implemented yet: see its docstring.")


class BatchNorm(Layer):
    """Normalise each feature over the batch: `y = gamma (x - mean) / sqrt(var + eps) + beta` (Ioffe and Szegedy 2015).

    `running_mean` and `running_var`, `(num_features,)`, take the batch's place when `training` is False.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        """Start `gamma` and `running_var` at 1, `beta` and `running_mean` at 0.

        Raises ValueError for `num_features` below 1 and `momentum` outside [0, 1).
        """
        raise NotImplementedError("BatchNorm.__init__ is not implemented yet: see its docstring.")

    def forward(self, x: Array) -> Array:
        """Normalise `(N, F)` over N, `(N, C, H, W)` over N, H and W; in training, move the running statistics too.

        The biased variance normalises, the unbiased one moves `running_var`.
        Raises ValueError for another rank or number of features.
        """
        raise NotImplementedError("BatchNorm.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Set `dL/dgamma = sum g n` and `dL/dbeta = sum g`, for normalised inputs `n`, and return `dL/dx`.

        In training the batch's mean and variance depend on `x` too: `dL/dx = gamma / deviation (g - mean g - n mean(g n))`;
        in evaluation they are constants: `dL/dx = gamma / deviation g`.
        """
        raise NotImplementedError("BatchNorm.backward is not implemented yet: see its docstring.")


class Dropout(Layer):
    """Forget entries at random while training, so that no unit relies on a single other one (Srivastava et al. 2014)."""

    def __init__(self, p: float = 0.5, seed: int | None = None) -> None:
        """Drop each entry with probability `p`; raises ValueError for `p` outside [0, 1)."""
        raise NotImplementedError("Dropout.__init__ is not implemented yet: see its docstring.")

    def forward(self, x: Array) -> Array:
        """Draw a new mask and scale the kept entries by `1 / (1 - p)`, so that the mean stays; in evaluation return `x`."""
        raise NotImplementedError("Dropout.forward is not implemented yet: see its docstring.")

    def backward(self, grad_output: Array) -> Array:
        """Return `dL/dx = g mask`: a dropped entry had no part in the output."""
        raise NotImplementedError("Dropout.backward is not implemented yet: see its docstring.")


def _check_sizes(**sizes: int) -> None:
    """Raise ValueError for the first size below 1, by its name."""
    raise NotImplementedError("_check_sizes is not implemented yet: see its docstring.")


def _as_pair(name: str, value: _Size, minimum: int) -> tuple[int, int]:
    """Return `value` as `(rows, columns)`, a single number for both; raise ValueError below `minimum`."""
    raise NotImplementedError("_as_pair is not implemented yet: see its docstring.")


def _draw_weights(shape: tuple[int, ...], fan_in: int, seed: int | None) -> Array:
    """Return normal weights with variance `2 / fan_in`, which keeps the size of signals through ReLU layers."""
    raise NotImplementedError("_draw_weights is not implemented yet: see its docstring.")


def _view_entries(images: Array, kernel: tuple[int, int], stride: tuple[int, int]) -> list[Array]:
    """Return, for each of a window's `kh kw` entries, a view `(N, C, H', W')` of the pixels that the entry meets.

    `H' = floor((H - kh) / stride) + 1`. Raises ValueError unless images have four axes and hold a window.
    """
    raise NotImplementedError("_view_entries is not implemented yet: see its docstring.")
