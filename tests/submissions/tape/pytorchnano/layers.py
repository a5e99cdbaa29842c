"""Layers: each describes its forward on the tape, and the tape does the backward."""
import numpy as np

from .tape import Node, at_least, module_of, pair, to_device_of, unit_interval


class Layer:
    """Subclasses write `check(x)` (refusals) and `compute(x, **params)` (nodes in, node out)."""

    def __init__(self):
        self.params = {}
        self.grads = {}
        self.training = True
        self._seen = None

    def check(self, x):
        if x.ndim < 1:
            raise ValueError(f"x must be an array of rank 1 or more, but a single number {x!r} was given.")

    def compute(self, x, **params):
        raise NotImplementedError(f"{type(self).__name__} has no forward yet.")

    def forward(self, x):
        if x.dtype.kind != "f":
            x = x.astype(np.float64)
        self.check(x)
        leaf = Node(x)
        weights = {name: Node(to_device_of(value, x, x.dtype)) for name, value in self.params.items()}
        out = self.compute(leaf, **weights)
        self._seen = leaf, weights, out
        return out.data

    def backward(self, grad_output):
        if self._seen is None:
            raise RuntimeError("backward needs a forward before it.")
        leaf, weights, out = self._seen
        if grad_output.shape != out.data.shape:
            raise ValueError(f"grad_output has shape {grad_output.shape}, "
                             f"but the layer's output had shape {out.data.shape}.")
        out.backward(to_device_of(grad_output, leaf.data, leaf.data.dtype))
        self.grads = {name: node.grad for name, node in weights.items()}
        return leaf.grad

    def __call__(self, x):
        return self.forward(x)


def glorot(rng, shape, fan_in, fan_out, dtype):
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape).astype(dtype)


def check_image(x, kernel, padding=(0, 0)):
    if x.ndim != 4:
        raise ValueError(f"x must have shape (N, C, H, W), but an array of shape {x.shape} was given.")
    for size, k, p in zip(x.shape[2:], kernel, padding):
        if size + 2 * p < k:
            raise ValueError(f"x has images of {x.shape[2:]} pixels (padding {padding}), which is smaller "
                             f"than the window, kernel_size {kernel}.")


class Dense(Layer):
    def __init__(self, in_features, out_features, seed=None, dtype=np.float32):
        super().__init__()
        self.in_features = at_least("in_features", in_features, 1)
        self.out_features = at_least("out_features", out_features, 1)
        rng = np.random.default_rng(seed)
        self.params["W"] = glorot(rng, (in_features, out_features), in_features, out_features, dtype)
        self.params["b"] = np.zeros(out_features, dtype)

    def check(self, x):
        if x.ndim != 2 or x.shape[1] != self.in_features:
            raise ValueError(f"x must have shape (N, {self.in_features}), but {x.shape} was given.")

    def compute(self, x, W, b):
        return x @ W + b


class Conv2D(Layer):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, seed=None, dtype=np.float32):
        super().__init__()
        self.in_channels = at_least("in_channels", in_channels, 1)
        self.out_channels = at_least("out_channels", out_channels, 1)
        self.kernel_size = pair("kernel_size", kernel_size, 1)
        self.stride = pair("stride", stride, 1)
        self.padding = pair("padding", padding, 0)
        kh, kw = self.kernel_size
        self.params["W"] = glorot(np.random.default_rng(seed), (out_channels, in_channels, kh, kw),
                                  in_channels * kh * kw, out_channels * kh * kw, dtype)
        self.params["b"] = np.zeros(out_channels, dtype)

    def check(self, x):
        check_image(x, self.kernel_size, self.padding)
        if x.shape[1] != self.in_channels:
            raise ValueError(f"x must have {self.in_channels} channels, but {x.shape} was given.")

    def compute(self, x, W, b):
        (kh, kw), (sh, sw), (ph, pw) = self.kernel_size, self.stride, self.padding
        n, c, h, w = x.shape
        rows, columns = (h + 2 * ph - kh) // sh + 1, (w + 2 * pw - kw) // sw + 1
        seen = x.pad(ph, pw).patches((kh, kw), (sh, sw)).reshape(n, c * kh * kw, rows * columns)
        out = W.reshape(self.out_channels, c * kh * kw) @ seen + b.reshape(self.out_channels, 1)
        return out.reshape(n, self.out_channels, rows, columns)


class _Pool(Layer):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size = pair("kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else pair("stride", stride, 1)

    def check(self, x):
        check_image(x, self.kernel_size)

    def compute(self, x):
        n, c, h, w = x.shape
        (kh, kw), (sh, sw) = self.kernel_size, self.stride
        pooled = self.reduce(x.patches(self.kernel_size, self.stride))
        return pooled.reshape(n, c, (h - kh) // sh + 1, (w - kw) // sw + 1)


class MaxPool2D(_Pool):
    def reduce(self, seen):
        return seen.max(axis=2)


class AvgPool2D(_Pool):
    def reduce(self, seen):
        return seen.mean(axis=2)


class Flatten(Layer):
    def compute(self, x):
        width = 1
        for size in x.shape[1:]:
            width *= size
        return x.reshape(x.shape[0], width)


class BatchNorm(Layer):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.num_features = at_least("num_features", num_features, 1)
        self.eps = eps
        self.momentum = unit_interval("momentum", momentum)
        self.params["gamma"] = np.ones(num_features, np.float32)
        self.params["beta"] = np.zeros(num_features, np.float32)
        self.running_mean = np.zeros(num_features)
        self.running_var = np.ones(num_features)

    def check(self, x):
        if x.ndim not in (2, 4) or x.shape[1] != self.num_features:
            raise ValueError(f"x must have shape (N, {self.num_features}) or (N, {self.num_features}, H, W), "
                             f"but {x.shape} was given.")

    def _move(self, old, new):
        return (1 - self.momentum) * old + self.momentum * to_device_of(new, old)

    def compute(self, x, gamma, beta):
        shape = (1, self.num_features) + (1,) * (x.data.ndim - 2)
        if self.training:
            axes = (0,) + tuple(range(2, x.data.ndim))
            mean = x.mean(axes, keepdims=True)
            centred = x - mean
            var = (centred * centred).mean(axes, keepdims=True)
            count = x.data.size // self.num_features
            self.running_mean = self._move(self.running_mean, mean.data.reshape(-1))
            self.running_var = self._move(self.running_var, var.data.reshape(-1) * (count / max(count - 1, 1)))
            normal = centred * (var + self.eps) ** -0.5
        else:
            mean = to_device_of(self.running_mean, x.data, x.data.dtype).reshape(shape)
            var = to_device_of(self.running_var, x.data, x.data.dtype).reshape(shape)
            normal = (x - mean) * (var + self.eps) ** -0.5
        return normal * gamma.reshape(shape) + beta.reshape(shape)


class Dropout(Layer):
    def __init__(self, p=0.5, seed=None):
        super().__init__()
        self.p = unit_interval("p", p)
        self._rng = np.random.default_rng(seed)

    def compute(self, x):
        if not self.training:
            return x
        keep = self._rng.random(x.shape) >= self.p
        mask = (keep / (1.0 - self.p)).astype(x.data.dtype)
        return x * module_of(x.data).asarray(mask)
