import math
import sys

import numpy as np


def xp(a):
    return sys.modules["cupy"] if "cupy" in type(a).__module__ else np


def host(a):
    return a.get() if xp(a) is not np else np.asarray(a)


def f8(a, like):
    """a in double precision, beside `like`."""
    return xp(like).asarray(host(a) if xp(like) is np else a, dtype=np.float64)


def need(ok, what):
    if not ok:
        raise ValueError(what)


def atleast(low, **given):
    for name, v in given.items():
        need(np.all(np.asarray(v) >= low), f"{name} = {v!r}, expected {low} or more")


def two(v):
    return (int(v),) * 2 if np.ndim(v) == 0 else tuple(map(int, v))


def windows(x, k, s):
    """(N, C, H, W) -> a view (N, C, H', W', kh, kw)"""
    n, c, *hw = x.shape
    a, b, y, z = x.strides
    return xp(x).lib.stride_tricks.as_strided(
        x, (n, c, *((m - q) // t + 1 for m, q, t in zip(hw, k, s)), *k), (a, b, y * s[0], z * s[1], y, z))


class Layer:
    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        self.params, self.grads, self.training, self._old = {}, {}, True, {}
        return self

    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad_output):
        raise NotImplementedError

    def take(self, g, shape):
        need(g.shape == shape, f"grad_output has shape {g.shape}, expected {shape}")
        return f8(g, self.x)

    def give(self, **new):
        """Gradients go into the arrays of the last call if they fit."""
        for name, g in new.items():
            old = self._old.get(name)
            if old is None or (old.shape, old.dtype, xp(old)) != (g.shape, self.x.dtype, xp(g)):
                old = self._old[name] = g.astype(self.x.dtype)
            else:
                old[...] = g
            self.grads[name] = old

    def init(self, seed, fan_in, **shapes):
        rng = np.random.default_rng(seed)
        for name, shape in shapes.items():
            scale = math.sqrt(2 / fan_in) if name == "W" else 1e-2
            self.params[name] = rng.standard_normal(shape) * scale
            self.grads[name] = np.zeros(shape)


class Dense(Layer):
    def __init__(self, in_features, out_features, seed=None):
        atleast(1, in_features=in_features, out_features=out_features)
        self.n = in_features, out_features
        self.init(seed, in_features, W=self.n, b=(out_features,))

    def forward(self, x):
        need(x.ndim == 2 and x.shape[1] == self.n[0], f"x has shape {x.shape}, expected (N, {self.n[0]})")
        self.x, self.X = x, f8(x, x)
        self.W, b = f8(self.params["W"], x), f8(self.params["b"], x)
        return (b + self.X @ self.W).astype(x.dtype)

    def backward(self, grad_output):
        g = self.take(grad_output, (len(self.x), self.n[1]))
        self.give(W=(g.T @ self.X).T, b=g[::-1].sum(0))
        return (self.W @ g.T).T.astype(self.x.dtype)


class Conv2D(Layer):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, seed=None):
        atleast(1, in_channels=in_channels, out_channels=out_channels, kernel_size=kernel_size, stride=stride)
        atleast(0, padding=padding)
        self.k, self.s, self.p = two(kernel_size), two(stride), two(padding)
        self.n = out_channels, in_channels
        self.init(seed, in_channels * math.prod(self.k), W=(*self.n, *self.k), b=(out_channels,))

    def forward(self, x):
        need(x.ndim == 4 and x.shape[1] == self.n[1], f"x has shape {x.shape}, expected (N, {self.n[1]}, H, W)")
        need(all(m + 2 * p >= k for m, p, k in zip(x.shape[2:], self.p, self.k)),
             f"x has shape {x.shape}, smaller with padding {self.p} than kernel_size {self.k}")
        self.x, self.W = x, f8(self.params["W"], x)
        P = xp(x).pad(f8(x, x), ((0, 0), (0, 0), *((p, p) for p in self.p)))
        self.hw, self.w = P.shape[2:], windows(P, self.k, self.s)
        y = xp(x).tensordot(self.W, self.w, ((3, 2, 1), (5, 4, 1)))
        return (y + f8(self.params["b"], x)[:, None, None, None]).astype(x.dtype).swapaxes(0, 1)

    def backward(self, grad_output):
        m, (kh, kw), (sh, sw), (ph, pw) = xp(self.x), self.k, self.s, self.p
        n, c, H, W = self.x.shape
        h, w = self.w.shape[2:4]
        g = self.take(grad_output, (n, self.n[0], h, w))
        self.give(W=m.tensordot(g, self.w, ((3, 2, 0), (3, 2, 0))), b=g.sum(3).sum(2).sum(0))
        G = m.zeros((n, self.n[0], self.hw[0] + kh - 1, self.hw[1] + kw - 1))   # g, dilated, in a frame
        G[:, :, kh - 1:kh + (h - 1) * sh:sh, kw - 1:kw + (w - 1) * sw:sw] = g
        d = m.tensordot(self.W[:, :, ::-1, ::-1], windows(G, self.k, (1, 1)), ((0, 2, 3), (1, 4, 5)))
        return d[..., ph:ph + H, pw:pw + W].swapaxes(0, 1).astype(self.x.dtype)


class MaxPool2D(Layer):
    def __init__(self, kernel_size, stride=None):
        atleast(1, kernel_size=kernel_size, stride=1 if stride is None else stride)
        self.k = two(kernel_size)
        self.s = self.k if stride is None else two(stride)

    def look(self, x):
        need(x.ndim == 4, f"x has shape {x.shape}, expected (N, C, H, W)")
        need(all(m >= k for m, k in zip(x.shape[2:], self.k)), f"x has shape {x.shape}, kernel_size is {self.k}")
        self.x, m = x, math.prod(self.k)
        at = windows(xp(x).arange(x.size).reshape(x.shape), self.k, self.s)
        self.at, v = at.reshape(*at.shape[:4], m), windows(x, self.k, self.s)
        return v.reshape(*v.shape[:4], m)[..., ::-1]

    def spread(self, at, g):
        return xp(g).bincount(at.ravel(), g.ravel(), self.x.size).reshape(self.x.shape).astype(self.x.dtype)

    def forward(self, x):
        v = self.look(x)
        self.at = xp(x).take_along_axis(self.at[..., ::-1], v.argmax(-1)[..., None], -1)[..., 0]   # last of equals
        return v.max(-1)

    def backward(self, grad_output):
        return self.spread(self.at, self.take(grad_output, self.at.shape))


class AvgPool2D(MaxPool2D):
    def forward(self, x):
        v = self.look(x)
        return f8(v, x).mean(-1).astype(x.dtype)

    def backward(self, grad_output):
        g, k = self.take(grad_output, self.at.shape[:4]), self.at.shape[4]
        return self.spread(self.at, xp(g).repeat(g / k, k))


class Flatten(Layer):
    def forward(self, x):
        need(x.ndim, "x is a number, expected (N, ...)")
        self.x = x
        return x.reshape(len(x), math.prod(x.shape[1:]))

    def backward(self, grad_output):
        g = self.take(grad_output, (len(self.x), math.prod(self.x.shape[1:])))
        return g.reshape(self.x.shape).astype(self.x.dtype)


class BatchNorm(Layer):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        atleast(1, num_features=num_features)
        need(0 <= momentum < 1, f"momentum = {momentum!r}, expected a number in [0, 1)")
        self.n, self.eps, self.momentum = num_features, eps, momentum
        for name, v in dict(gamma=1.0, beta=0.0).items():
            self.params[name], self.grads[name] = np.full(num_features, v), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)

    def forward(self, x):
        need(x.ndim in (2, 4) and x.shape[1] == self.n, f"x has shape {x.shape}, expected (N, {self.n}[, H, W])")
        v = xp(x).moveaxis(f8(x, x), 1, -1)         # channels last: everything else broadcasts
        a = tuple(range(v.ndim - 1))
        if self.training:
            mu, var, m = v.mean(a), v.var(a), v.size // self.n
            r, u = f8(self.running_mean, x), f8(self.running_var, x)
            self.running_mean = r + self.momentum * (mu - r)
            self.running_var = u + self.momentum * (var * m / max(m - 1, 1) - u)
        else:
            mu, var = f8(self.running_mean, x), f8(self.running_var, x)
        gamma, beta = f8(self.params["gamma"], x), f8(self.params["beta"], x)
        s = (var + self.eps) ** -0.5
        z = (v - mu) * s
        self.x, self.seen = x, (z, gamma * s, a, self.training)
        return xp(x).moveaxis(z * gamma + beta, -1, 1).astype(x.dtype)

    def backward(self, grad_output):
        z, s, a, training = self.seen
        g = xp(z).moveaxis(self.take(grad_output, self.x.shape), 1, -1)
        self.give(gamma=(g * z).sum(a), beta=g.sum(a))
        if training:
            g = g - g.mean(a) - z * (g * z).mean(a)
        return xp(z).moveaxis(g * s, -1, 1).astype(self.x.dtype)


class Dropout(Layer):
    def __init__(self, p=0.5, seed=None):
        need(0 <= p < 1, f"p = {p!r}, expected a number in [0, 1)")
        self.p, self.rng = p, np.random.default_rng(seed)

    def forward(self, x):
        keep = self.rng.binomial(1, 1 - self.p, x.shape) / (1 - self.p) if self.training else np.ones(())
        self.x, self.mask = x, f8(keep, x)
        return (self.mask * x).astype(x.dtype)

    def backward(self, grad_output):
        return (self.take(grad_output, self.x.shape) * self.mask).astype(self.x.dtype)
