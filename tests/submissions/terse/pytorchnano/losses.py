import numpy as np

from .data import one_hot
from .layers import atleast, f8, need, xp

TINY = 1e-12


class Loss:
    """Subclasses: f(p, t, module) -> value, gradient, all in double precision."""

    def forward(self, prediction, target):
        value, g = self.f(f8(prediction, prediction), target, xp(prediction))
        self.g = g.astype(prediction.dtype)
        return np.float64(float(value))

    def backward(self):
        return self.g.copy()


def alike(p, t):
    need(p.shape == t.shape, f"prediction has shape {p.shape} and target {t.shape}, expected equal shapes")
    return f8(t, p)


def rows(p, t):
    need(p.ndim == 2, f"prediction has shape {p.shape}, expected (N, C)")
    if t.ndim == 2:
        return alike(p, t)
    need(t.shape == (len(p),), f"target has shape {t.shape}, expected ({len(p)},)")
    return f8(one_hot(t, p.shape[1]), p)


class MSELoss(Loss):
    def __init__(self, reduction="mean"):
        need(reduction in ("mean", "half_sum"), f"reduction = {reduction!r}, expected 'mean' or 'half_sum'")
        self.reduction = reduction

    def f(self, p, t, m):
        d = (p - alike(p, t))
        scale = 1 / d.size if self.reduction == "mean" else 0.5
        r = d.ravel()[::-1]
        return scale * (r @ r), 2 * scale * d


class CrossEntropyLoss(Loss):
    def __init__(self, from_logits=True):
        self.from_logits = from_logits

    def f(self, p, t, m):
        t = rows(p, t) / len(p)
        if not self.from_logits:
            q = m.maximum(p, TINY)
            return -(t * m.log(q)).sum(0).sum(), -t / q
        z = p - p.max(1, keepdims=True)
        e = m.exp(z)
        s = e.sum(1, keepdims=True)
        return (t * (m.log(s) - z)).sum(0).sum(), e / s * t.sum(1, keepdims=True) - t


class BinaryCrossEntropyLoss(Loss):
    def __init__(self, from_logits=True):
        self.from_logits = from_logits

    def f(self, p, t, m):
        t = alike(p, t)
        need(bool(((0 <= t) & (t <= 1)).all()), "target has entries outside [0, 1], expected none")
        if self.from_logits:
            return ((1 - t) * m.logaddexp(0, p) + t * m.logaddexp(0, -p)).T.mean(), \
                (m.exp(-m.logaddexp(0, -p)) - t) / t.size
        q, r = m.maximum(p, TINY), m.maximum(1 - p, TINY)
        return -(t * m.log(q) + (1 - t) * m.log(r)).T.mean(), ((1 - t) / r - t / q) / t.size


class HingeLoss(Loss):
    def __init__(self, margin=1.0):
        atleast(0, margin=margin)
        self.margin = margin

    def f(self, p, t, m):
        need(t.ndim == 1, f"target has shape {t.shape}, expected (N,)")
        y = rows(p, t)
        h = (1 - y) * (p - (p * y).sum(1, keepdims=True) + self.margin)
        over = (h > 0) / len(p)
        return (h * over).sum(0).sum(), over - y * over.sum(1, keepdims=True)
