"""Losses: forward gives a Python float, backward the gradient with respect to the prediction."""

import math

from . import checks
from .activations import sigmoid_of, softmax_of
from .places import Origin, numbers, to_host

GUARD = 1e-12  # the smallest number whose logarithm is taken


class _Loss:
    def __init__(self):
        self._saw = None

    def _remembered(self):
        if self._saw is None:
            raise RuntimeError(f"{type(self).__name__}.backward was called before forward")
        return self._saw


def _same_shape(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError(
            f"prediction has shape {prediction.shape} and target {target.shape}, but equal shapes were expected."
        )
    if prediction.size == 0:
        raise ValueError(f"prediction has shape {prediction.shape}, but at least one element was expected.")


def _scores(prediction):
    if prediction.ndim != 2 or prediction.size == 0:
        raise ValueError(f"prediction has shape {prediction.shape}, but (N, C) with N, C >= 1 was expected.")


def _labels(prediction, target):
    if target.shape != prediction.shape[:1]:
        raise ValueError(
            f"target has shape {target.shape}, but for a prediction of shape {prediction.shape} "
            f"labels of shape ({prediction.shape[0]},) were expected."
        )
    return checks.class_labels(target, prediction.shape[1])


class MSELoss(_Loss):
    def __init__(self, reduction="mean"):
        super().__init__()
        if reduction not in ("mean", "half_sum"):
            raise ValueError(f"reduction is {reduction!r}, but 'mean' or 'half_sum' was expected.")
        self.reduction = reduction

    def forward(self, prediction, target):
        origin = Origin(prediction)
        prediction, target = numbers(prediction), numbers(target)
        _same_shape(prediction, target)
        differences = []
        total = 0.0
        for p, t in zip(prediction.ravel().tolist(), target.ravel().tolist()):
            differences.append(p - t)
            total += (p - t) * (p - t)
        self._saw = (origin, prediction.shape, differences)
        if self.reduction == "mean":
            return total / len(differences)
        return 0.5 * total

    def backward(self):
        origin, shape, differences = self._remembered()
        factor = 2.0 / len(differences) if self.reduction == "mean" else 1.0
        return origin.send([factor * difference for difference in differences], shape)


class CrossEntropyLoss(_Loss):
    def __init__(self, from_logits=True):
        super().__init__()
        self.from_logits = from_logits

    def forward(self, prediction, target):
        origin = Origin(prediction)
        prediction, target = numbers(prediction), to_host(target)
        _scores(prediction)
        samples, classes = prediction.shape
        if target.ndim == 2:
            _same_shape(prediction, target)
            wanted = numbers(target).tolist()
        else:
            wanted = []
            for label in _labels(prediction, target):
                row = [0.0] * classes
                row[label] = 1.0
                wanted.append(row)
        total = 0.0
        gradient = []
        for row, t in zip(prediction.tolist(), wanted):
            if self.from_logits:
                top = max(row)
                log_sum = math.log(math.fsum([math.exp(z - top) for z in row]))
                p = softmax_of(row)
                weight = math.fsum(t)
                for c in range(classes):
                    if t[c] != 0:
                        total += t[c] * (log_sum - (row[c] - top))
                    gradient.append((weight * p[c] - t[c]) / samples)
            else:
                for c in range(classes):
                    p = max(row[c], GUARD)
                    if t[c] != 0:
                        total -= t[c] * math.log(p)
                    gradient.append(-t[c] / p / samples)
        self._saw = (origin, prediction.shape, gradient)
        return total / samples

    def backward(self):
        origin, shape, gradient = self._remembered()
        return origin.send(gradient, shape)


class BinaryCrossEntropyLoss(_Loss):
    def __init__(self, from_logits=True):
        super().__init__()
        self.from_logits = from_logits

    def forward(self, prediction, target):
        origin = Origin(prediction)
        prediction, target = numbers(prediction), numbers(target)
        _same_shape(prediction, target)
        count = prediction.size
        total = 0.0
        gradient = []
        for z, t in zip(prediction.ravel().tolist(), target.ravel().tolist()):
            if not 0.0 <= t <= 1.0:
                raise ValueError(f"target holds {t}, but numbers in [0, 1] were expected.")
            if self.from_logits:
                # -log sigmoid(z) = softplus(-z), and -log(1 - sigmoid(z)) = softplus(z) = softplus(-z) + z
                softplus = math.log1p(math.exp(-abs(z)))
                total += t * (max(-z, 0.0) + softplus) + (1.0 - t) * (max(z, 0.0) + softplus)
                gradient.append((sigmoid_of(z) - t) / count)
            else:
                yes, no = max(z, GUARD), max(1.0 - z, GUARD)
                total -= t * math.log(yes) + (1.0 - t) * math.log(no)
                gradient.append(((1.0 - t) / no - t / yes) / count)
        self._saw = (origin, prediction.shape, gradient)
        return total / count

    def backward(self):
        origin, shape, gradient = self._remembered()
        return origin.send(gradient, shape)


class HingeLoss(_Loss):
    def __init__(self, margin=1.0):
        super().__init__()
        self.margin = checks.at_least("margin", margin, 0)

    def forward(self, prediction, target):
        origin = Origin(prediction)
        prediction, target = numbers(prediction), to_host(target)
        _scores(prediction)
        labels = _labels(prediction, target)
        samples, classes = prediction.shape
        total = 0.0
        gradient = []
        for row, label in zip(prediction.tolist(), labels):
            grad_row = [0.0] * classes
            for j in range(classes):
                if j == label:
                    continue
                excess = row[j] - row[label] + self.margin
                if excess < 0:
                    continue
                total += excess
                share = (1.0 if excess > 0 else 0.5) / samples
                grad_row[j] += share
                grad_row[label] -= share
            gradient.append(grad_row)
        self._saw = (origin, prediction.shape, gradient)
        return total / samples

    def backward(self):
        origin, shape, gradient = self._remembered()
        return origin.send(gradient, shape)
