from .layers import Layer, atleast, f8, need, xp


class Entrywise(Layer):
    """Subclasses: f(v) -> value, derivative."""

    def forward(self, x):
        need(x.ndim, "x is a number, expected an array of rank 1 or more")
        y, self.d = self.f(f8(x, x), xp(x))
        self.x = x
        return y.astype(x.dtype)

    def backward(self, grad_output):
        return (self.d * self.take(grad_output, self.x.shape)).astype(self.x.dtype)


class ReLU(Entrywise):
    def f(self, v, m):
        return v * (v > 0), v > 0


class Sigmoid(Entrywise):
    def f(self, v, m):
        s = m.exp(-m.logaddexp(0, -v))
        return s, s * m.exp(-m.logaddexp(0, v))


class Tanh(Entrywise):
    def f(self, v, m):
        t = m.tanh(v)
        return t, (1 - t) * (1 + t)


class LeakyReLU(Entrywise):
    def __init__(self, negative_slope=0.1):
        self.negative_slope = negative_slope

    def f(self, v, m):
        d = m.where(v > 0, 1.0, self.negative_slope)
        return d * v, d


class ELU(Entrywise):
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def f(self, v, m):
        e = self.alpha * m.exp(m.minimum(v, 0))
        return m.where(v > 0, v, self.alpha * m.expm1(m.minimum(v, 0))), m.where(v > 0, 1.0, e)


class Softmax(Entrywise):
    def f(self, v, m):
        e = m.exp(v - v.max(-1, keepdims=True))
        return (s := e / e.sum(-1, keepdims=True)), s

    def backward(self, grad_output):
        g = self.take(grad_output, self.x.shape)
        return (self.d * (g - xp(g).einsum("...i,...i->...", self.d, g)[..., None])).astype(self.x.dtype)


class Maxout(Layer):
    def __init__(self, in_features, out_features, pieces=2, seed=None):
        atleast(1, in_features=in_features, out_features=out_features, pieces=pieces)
        self.n = pieces, in_features, out_features
        self.init(seed, in_features, W=self.n, b=(pieces, out_features))

    def forward(self, x):
        need(x.ndim == 2 and x.shape[1] == self.n[1], f"x has shape {x.shape}, expected (N, {self.n[1]})")
        self.x, self.X, self.W = x, f8(x, x), f8(self.params["W"], x)
        z = (xp(x).tensordot(self.X, self.W, ((1,), (1,))) + f8(self.params["b"], x))[:, ::-1]   # N, pieces, out
        last = self.n[0] - 1 - z.argmax(1)
        self.one = xp(x).arange(self.n[0])[:, None] == last[:, None]
        return z.max(1).astype(x.dtype)

    def backward(self, grad_output):
        g = self.take(grad_output, (len(self.x), self.n[2]))[:, None] * self.one
        m = xp(g)
        self.give(W=m.tensordot(self.X, g, ((0,), (0,))).swapaxes(0, 1), b=g.sum(0))
        return m.tensordot(g, self.W, ((2, 1), (2, 0))).astype(self.x.dtype)
