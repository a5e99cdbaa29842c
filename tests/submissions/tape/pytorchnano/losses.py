"""Losses, on the tape."""
import numpy as np

from .tape import Node, at_least, module_of, to_device_of


class Loss:
    """Subclasses write `compute(prediction node, target) -> node of one number`."""

    _seen = None

    def forward(self, prediction, target):
        if prediction.dtype.kind != "f":
            prediction = prediction.astype(np.float64)
        leaf = Node(prediction)
        value = self.compute(leaf, to_device_of(target, prediction))
        self._seen = leaf, value
        return prediction.dtype.type(value.data.item())

    def backward(self):
        if self._seen is None:
            raise RuntimeError("backward needs a forward before it.")
        leaf, value = self._seen
        value.backward(module_of(leaf.data).ones((), leaf.data.dtype))
        return leaf.grad

    def __call__(self, prediction, target):
        return self.forward(prediction, target)


def _same_shape(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError(f"prediction has shape {prediction.shape}, but target has shape {target.shape}; "
                         "they must be equal.")
    return target.astype(prediction.data.dtype)


def _scores(prediction):
    if prediction.data.ndim != 2:
        raise ValueError(f"prediction must have shape (N, C), but {prediction.shape} was given.")
    return prediction.shape


def _indicator(prediction, labels):
    """Rows of zeros with a one at the label."""
    n, classes = _scores(prediction)
    if labels.shape != (n,):
        raise ValueError(f"target must have shape ({n},), one label a row of prediction, but {labels.shape} was given.")
    if n and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(f"target has labels from {labels.min()} to {labels.max()}, "
                         f"but the {classes} classes are 0 to {classes - 1}.")
    xp = module_of(labels)
    return (labels[:, None] == xp.arange(classes)).astype(prediction.data.dtype)


class MSELoss(Loss):
    def __init__(self, reduction="mean"):
        if reduction not in ("mean", "half_sum"):
            raise ValueError(f"reduction must be 'mean' or 'half_sum', but {reduction!r} was given.")
        self.reduction = reduction

    def compute(self, prediction, target):
        difference = prediction - _same_shape(prediction, target)
        squares = difference * difference
        return squares.mean() if self.reduction == "mean" else squares.sum() * 0.5


class CrossEntropyLoss(Loss):
    def __init__(self, from_logits=True, guard=1e-12):
        self.from_logits = from_logits
        self.guard = guard

    def compute(self, prediction, target):
        n, classes = _scores(prediction)
        rows = _same_shape(prediction, target) if target.ndim == 2 else _indicator(prediction, target)
        if self.from_logits:
            shifted = prediction - prediction.data.max(axis=1, keepdims=True)
            logs = shifted - shifted.exp().sum(axis=1, keepdims=True).log()
        else:
            logs = (prediction + self.guard).log()
        return (logs * rows).sum() * (-1.0 / n)


class BinaryCrossEntropyLoss(Loss):
    def __init__(self, from_logits=True, guard=1e-12):
        self.from_logits = from_logits
        self.guard = guard

    def compute(self, prediction, target):
        target = _same_shape(prediction, target)
        if target.size and (target.min() < 0 or target.max() > 1):
            raise ValueError(f"target must lie in [0, 1], but has values from {target.min()} to {target.max()}.")
        if self.from_logits:
            return (prediction.softplus() - prediction * target).mean()
        yes = (prediction + self.guard).log() * target
        no = ((1.0 - prediction) + self.guard).log() * (1.0 - target)
        return -(yes + no).mean()


class HingeLoss(Loss):
    def __init__(self, margin=1.0):
        self.margin = float(at_least("margin", margin, 0))

    def compute(self, prediction, target):
        one = _indicator(prediction, target)
        own = (prediction * one).sum(axis=1, keepdims=True)
        violations = (prediction - own + self.margin).relu() * (1.0 - one)
        return violations.sum() * (1.0 / prediction.shape[0])
