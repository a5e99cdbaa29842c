"""Layers: functions with parameters that can send a gradient back.

Every layer does two things. `forward(x)` computes its output `y`; `backward(dL/dy)` applies the chain rule to what the last
`forward` saw, stores the gradient of each parameter in `grads`, and returns `dL/dx` for the layer before it.
"""

from math import prod

import numpy as np

from .backend import Array, array_module, match

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
        # BEGIN SOLUTION dense_init
        super().__init__()
        _check_sizes(in_features=in_features, out_features=out_features)
        self.params["W"] = _draw_weights((in_features, out_features), fan_in=in_features, seed=seed)
        self.params["b"] = np.zeros(out_features, dtype=np.float32)
        # END SOLUTION dense_init

    def forward(self, x: Array) -> Array:
        """Return `x @ W + b`: `(N, in) -> (N, out)`.

        Raises ValueError unless `x` has two axes and `in` columns.
        """
        # BEGIN SOLUTION dense_forward
        weight = match(self.params["W"], x)
        if x.ndim != 2 or x.shape[1] != weight.shape[0]:
            raise ValueError(f"x has shape {x.shape}, but Dense expects (N, {weight.shape[0]})")
        self._x, self._weight = x, weight
        return x @ weight + match(self.params["b"], x)
        # END SOLUTION dense_forward

    def backward(self, grad_output: Array) -> Array:
        """Set `dL/dW = x^T g` and `dL/db = sum over the batch of g`, and return `dL/dx = g W^T`, for `g = dL/dy (N, out)`."""
        # BEGIN SOLUTION dense_backward
        grad = match(grad_output, self._x)
        self.grads["W"] = self._x.T @ grad
        self.grads["b"] = grad.sum(axis=0)
        return grad @ self._weight.T
        # END SOLUTION dense_backward


class Conv2D(Layer):
    """A filter slides over the image: cross-correlation with `W (out, in, kh, kw)`, plus `b (out,)`, over zero padding."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: _Size, stride: _Size = 1, padding: _Size = 0, seed: int | None = None
    ) -> None:
        """Draw `W` at random, with variance `2 / (in kh kw)` (He et al. 2015), and start `b` at 0.

        `kernel_size`, `stride` and `padding` are a number of pixels or a pair `(rows, columns)`.
        Raises ValueError for channels, kernel or stride below 1 and padding below 0.
        """
        # BEGIN SOLUTION conv2d_init
        super().__init__()
        _check_sizes(in_channels=in_channels, out_channels=out_channels)
        self._kernel = _as_pair("kernel_size", kernel_size, minimum=1)
        self._stride = _as_pair("stride", stride, minimum=1)
        self._padding = _as_pair("padding", padding, minimum=0)
        shape = (out_channels, in_channels, *self._kernel)
        self.params["W"] = _draw_weights(shape, fan_in=prod(shape[1:]), seed=seed)
        self.params["b"] = np.zeros(out_channels, dtype=np.float32)
        # END SOLUTION conv2d_init

    def forward(self, x: Array) -> Array:
        """Return one response a filter: `(N, in, H, W) -> (N, out, H', W')`, `H' = floor((H + 2 pad - kh) / stride) + 1`.

        With the pixels of each window in a column, one matrix product meets every filter with every window.
        Raises ValueError for a wrong rank or number of channels, and for an image smaller than the kernel.
        """
        # BEGIN SOLUTION conv2d_forward
        weight = match(self.params["W"], x)
        filters, channels, *_ = weight.shape
        if x.ndim != 4 or x.shape[1] != channels:
            raise ValueError(f"x has shape {x.shape}, but Conv2D expects (N, {channels}, H, W)")
        xp, (top, left) = array_module(x), self._padding
        padded = xp.pad(x, ((0, 0), (0, 0), (top, top), (left, left))) if top or left else x
        entries = _view_entries(padded, self._kernel, self._stride)
        count = entries[0].shape[2:]
        columns = xp.empty((len(x), channels, len(entries), *count), dtype=x.dtype)
        for entry, pixels in enumerate(entries):
            columns[:, :, entry] = pixels
        columns = columns.reshape(len(x), channels * len(entries), prod(count))
        self._x, self._weight, self._columns, self._padded_shape = x, weight, columns, padded.shape
        y = weight.reshape(filters, -1) @ columns
        y += match(self.params["b"], x)[:, None]
        return y.reshape(len(x), filters, *count)
        # END SOLUTION conv2d_forward

    def backward(self, grad_output: Array) -> Array:
        """Set `dL/dW` and `dL/db`, and return `dL/dx`, each in the shape of what it belongs to.

        With `y = W c + b` for an image's columns `c`: `dL/dW = sum over images of g c^T`, `dL/db = sum over images and pixels of g`.
        """
        # BEGIN SOLUTION conv2d_backward
        grad = match(grad_output, self._x)
        rows = grad.reshape(*grad.shape[:2], prod(grad.shape[2:]))
        self.grads["W"] = (rows @ self._columns.transpose(0, 2, 1)).sum(axis=0).reshape(self._weight.shape)
        self.grads["b"] = rows.sum(axis=(0, 2))
        return self._send_back(grad)
        # END SOLUTION conv2d_backward

    def _send_back(self, grad: Array) -> Array:
        """Return `dL/dx`: the kernel's entry `(i, j)` met `x` shifted by `(i, j)`, so `W_ij^T g` goes back shifted as far.

        Put each window's gradient at the window's first pixel and all images in one long row: the shift is by `i W + j`.
        """
        # BEGIN SOLUTION conv2d_send_back
        xp = array_module(grad)
        samples, channels, height, width = self._padded_shape
        (down, right), size = self._stride, samples * height * width
        spread = xp.zeros((grad.shape[1], samples, height, width), dtype=grad.dtype)
        spread[:, :, : down * grad.shape[2] : down, : right * grad.shape[3] : right] = grad.transpose(1, 0, 2, 3)
        spread = spread.reshape(grad.shape[1], size)
        sent = xp.zeros((channels, size), dtype=grad.dtype)
        for i in range(self._kernel[0]):
            for j in range(self._kernel[1]):
                shift = i * width + j
                sent[:, shift:] += self._weight[:, :, i, j].T @ spread[:, : size - shift]
        images = sent.reshape(channels, samples, height, width).transpose(1, 0, 2, 3)
        top, left = self._padding
        return xp.ascontiguousarray(images[:, :, top : height - top, left : width - left])
        # END SOLUTION conv2d_send_back


class _Pool(Layer):
    """What the two kinds of pooling share: the size and the distance of their windows."""

    def __init__(self, kernel_size: _Size, stride: _Size | None = None) -> None:
        """Take windows of `kernel_size` pixels every `stride` pixels; by default they lie side by side.

        Raises ValueError for a kernel or stride below 1.
        """
        # BEGIN SOLUTION pool_init
        super().__init__()
        self._kernel = _as_pair("kernel_size", kernel_size, minimum=1)
        self._stride = self._kernel if stride is None else _as_pair("stride", stride, minimum=1)
        # END SOLUTION pool_init


class MaxPool2D(_Pool):
    """Keep the largest pixel of each window, channel by channel."""

    def forward(self, x: Array) -> Array:
        """Return the maxima: `(N, C, H, W) -> (N, C, H', W')`, `H' = floor((H - kh) / stride) + 1`.

        Raises ValueError for a wrong rank and for an image smaller than the window.
        """
        # BEGIN SOLUTION max_pool_forward
        xp = array_module(x)
        first, *others = _view_entries(x, self._kernel, self._stride)
        largest = first.copy()
        for pixels in others:
            xp.maximum(largest, pixels, out=largest)
        self._x, self._largest = x, largest
        return largest
        # END SOLUTION max_pool_forward

    def backward(self, grad_output: Array) -> Array:
        """Return `dL/dx (N, C, H, W)`: each window hands its gradient to its largest pixel, in a tie to the first of them."""
        # BEGIN SOLUTION max_pool_backward
        xp = array_module(self._x)
        grad, grad_input = match(grad_output, self._x), xp.zeros_like(self._x)
        waiting = xp.ones(grad.shape, dtype=bool)
        entries = _view_entries(self._x, self._kernel, self._stride)
        for pixels, grad_pixels in zip(entries, _view_entries(grad_input, self._kernel, self._stride), strict=True):
            chosen = (pixels == self._largest) & waiting
            waiting ^= chosen
            grad_pixels += grad * chosen
        return grad_input
        # END SOLUTION max_pool_backward


class AvgPool2D(_Pool):
    """Replace each window by its mean, channel by channel."""

    def forward(self, x: Array) -> Array:
        """Return the means: `(N, C, H, W) -> (N, C, H', W')`, `H' = floor((H - kh) / stride) + 1`.

        Raises ValueError for a wrong rank and for an image smaller than the window.
        """
        # BEGIN SOLUTION avg_pool_forward
        self._x = x
        first, *others = _view_entries(x, self._kernel, self._stride)
        total = first.copy()
        for pixels in others:
            total += pixels
        return total / prod(self._kernel)
        # END SOLUTION avg_pool_forward

    def backward(self, grad_output: Array) -> Array:
        """Return `dL/dx (N, C, H, W)`: each window shares its gradient equally among its `kh kw` pixels."""
        # BEGIN SOLUTION avg_pool_backward
        grad_input = array_module(self._x).zeros_like(self._x)
        share = match(grad_output, self._x) / prod(self._kernel)
        for grad_pixels in _view_entries(grad_input, self._kernel, self._stride):
            grad_pixels += share
        return grad_input
        # END SOLUTION avg_pool_backward


class Flatten(Layer):
    """Put every sample in one row, as `Dense` expects it."""

    def forward(self, x: Array) -> Array:
        """Return the same numbers in rows: `(N, ...) -> (N, prod)`."""
        # BEGIN SOLUTION flatten_forward
        if x.ndim < 1:
            raise ValueError("x has no axis, but Flatten expects (N, ...)")
        self._x = x
        return x.reshape(len(x), prod(x.shape[1:]))
        # END SOLUTION flatten_forward

    def backward(self, grad_output: Array) -> Array:
        """Return `dL/dy` in the shape of the input."""
        # BEGIN SOLUTION flatten_backward
        return match(grad_output, self._x).reshape(self._x.shape)
        # END SOLUTION flatten_backward


class BatchNorm(Layer):
    """Normalise each feature over the batch: `y = gamma (x - mean) / sqrt(var + eps) + beta` (Ioffe and Szegedy 2015).

    `running_mean` and `running_var`, `(num_features,)`, take the batch's place when `training` is False.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        """Start `gamma` and `running_var` at 1, `beta` and `running_mean` at 0.

        Raises ValueError for `num_features` below 1 and `momentum` outside [0, 1).
        """
        # BEGIN SOLUTION batch_norm_init
        super().__init__()
        _check_sizes(num_features=num_features)
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum is {momentum}, but must be at least 0 and below 1")
        self._eps, self._momentum = float(eps), float(momentum)
        self.params["gamma"] = np.ones(num_features, dtype=np.float32)
        self.params["beta"] = np.zeros(num_features, dtype=np.float32)
        self.running_mean: Array = np.zeros(num_features)
        self.running_var: Array = np.ones(num_features)
        # END SOLUTION batch_norm_init

    def forward(self, x: Array) -> Array:
        """Normalise `(N, F)` over N, `(N, C, H, W)` over N, H and W; in training, move the running statistics too.

        The biased variance normalises, the unbiased one moves `running_var`.
        Raises ValueError for another rank or number of features.
        """
        # BEGIN SOLUTION batch_norm_forward
        gamma, beta = match(self.params["gamma"], x), match(self.params["beta"], x)
        if x.ndim not in (2, 4) or x.shape[1] != len(gamma):
            raise ValueError(f"x has shape {x.shape}, but BatchNorm expects (N, {len(gamma)}) or (N, {len(gamma)}, H, W)")
        self._axes = (0,) if x.ndim == 2 else (0, 2, 3)
        self._per_feature = (-1,) + (1,) * (x.ndim - 2)
        self._trained, keep = self.training, 1 - self._momentum
        if self._trained:
            mean, var = x.mean(axis=self._axes), x.var(axis=self._axes)
            count = x.size // len(gamma)
            unbiased = var * (count / max(count - 1, 1))
            self.running_mean = keep * self.running_mean + self._momentum * match(mean, self.running_mean)
            self.running_var = keep * self.running_var + self._momentum * match(unbiased, self.running_var)
        else:
            mean, var = match(self.running_mean, x), match(self.running_var, x)
        deviation = (var + self._eps) ** 0.5
        self._normalised = (x - mean.reshape(self._per_feature)) / deviation.reshape(self._per_feature)
        self._slope = (gamma / deviation).reshape(self._per_feature)
        return gamma.reshape(self._per_feature) * self._normalised + beta.reshape(self._per_feature)
        # END SOLUTION batch_norm_forward

    def backward(self, grad_output: Array) -> Array:
        """Set `dL/dgamma = sum g n` and `dL/dbeta = sum g`, for normalised inputs `n`, and return `dL/dx`.

        In training the batch's mean and variance depend on `x` too: `dL/dx = gamma / deviation (g - mean g - n mean(g n))`;
        in evaluation they are constants: `dL/dx = gamma / deviation g`.
        """
        # BEGIN SOLUTION batch_norm_backward
        grad = match(grad_output, self._normalised)
        self.grads["gamma"] = (grad * self._normalised).sum(axis=self._axes)
        self.grads["beta"] = grad.sum(axis=self._axes)
        if not self._trained:
            return self._slope * grad
        count = grad.size // len(self.grads["beta"])
        mean_grad = (self.grads["beta"] / count).reshape(self._per_feature)
        mean_product = (self.grads["gamma"] / count).reshape(self._per_feature)
        return self._slope * (grad - mean_grad - self._normalised * mean_product)
        # END SOLUTION batch_norm_backward


class Dropout(Layer):
    """Forget entries at random while training, so that no unit relies on a single other one (Srivastava et al. 2014)."""

    def __init__(self, p: float = 0.5, seed: int | None = None) -> None:
        """Drop each entry with probability `p`; raises ValueError for `p` outside [0, 1)."""
        # BEGIN SOLUTION dropout_init
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p is {p}, but must be at least 0 and below 1")
        self._p = float(p)
        self._rng = np.random.default_rng(seed)
        # END SOLUTION dropout_init

    def forward(self, x: Array) -> Array:
        """Draw a new mask and scale the kept entries by `1 / (1 - p)`, so that the mean stays; in evaluation return `x`."""
        # BEGIN SOLUTION dropout_forward
        self._x, self._mask = x, None
        if not self.training:
            return x
        kept = self._rng.random(x.shape) >= self._p
        self._mask = match(kept / (1 - self._p), x)
        return x * self._mask
        # END SOLUTION dropout_forward

    def backward(self, grad_output: Array) -> Array:
        """Return `dL/dx = g mask`: a dropped entry had no part in the output."""
        # BEGIN SOLUTION dropout_backward
        grad = match(grad_output, self._x)
        return grad if self._mask is None else grad * self._mask
        # END SOLUTION dropout_backward


def _check_sizes(**sizes: int) -> None:
    """Raise ValueError for the first size below 1, by its name."""
    # BEGIN SOLUTION check_sizes
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} is {size}, but must be at least 1")
    # END SOLUTION check_sizes


def _as_pair(name: str, value: _Size, minimum: int) -> tuple[int, int]:
    """Return `value` as `(rows, columns)`, a single number for both; raise ValueError below `minimum`."""
    # BEGIN SOLUTION as_pair
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(pair) != 2 or min(pair) < minimum:
        raise ValueError(f"{name} is {value}, but must be a number or a pair of numbers, each at least {minimum}")
    return pair
    # END SOLUTION as_pair


def _draw_weights(shape: tuple[int, ...], fan_in: int, seed: int | None) -> Array:
    """Return normal weights with variance `2 / fan_in`, which keeps the size of signals through ReLU layers."""
    # BEGIN SOLUTION draw_weights
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) * (2 / fan_in) ** 0.5).astype(np.float32)
    # END SOLUTION draw_weights


def _view_entries(images: Array, kernel: tuple[int, int], stride: tuple[int, int]) -> list[Array]:
    """Return, for each of a window's `kh kw` entries, a view `(N, C, H', W')` of the pixels that the entry meets.

    `H' = floor((H - kh) / stride) + 1`. Raises ValueError unless images have four axes and hold a window.
    """
    # BEGIN SOLUTION view_entries
    if images.ndim != 4:
        raise ValueError(f"x has shape {images.shape}, but must have four axes, (N, C, H, W)")
    (height, width), (down, right) = images.shape[2:], stride
    if height < kernel[0] or width < kernel[1]:
        raise ValueError(f"x has images of {height} x {width} pixels, padding included, smaller than kernel_size {kernel}")
    rows, columns = (height - kernel[0]) // down + 1, (width - kernel[1]) // right + 1
    return [images[:, :, i : i + down * rows : down, j : j + right * columns : right] for i in range(kernel[0]) for j in range(kernel[1])]
    # END SOLUTION view_entries
