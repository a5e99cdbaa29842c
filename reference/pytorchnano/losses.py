"""Losses: one number that says how wrong a prediction is, and its gradient.

`forward(prediction, target)` returns the number, `backward()` the gradient with respect to the prediction of the last
`forward`, in the prediction's shape and dtype.
"""

from typing import Literal

from .backend import Array, array_module, match

__all__ = ["BinaryCrossEntropyLoss", "CrossEntropyLoss", "HingeLoss", "MSELoss"]


class MSELoss:
    """Squared error: its mean over every element, or half its sum."""

    def __init__(self, reduction: Literal["mean", "half_sum"] = "mean") -> None:
        """Take the `"mean"` or the `"half_sum"`; raises ValueError for another reduction."""
        # BEGIN SOLUTION mse_init
        if reduction not in ("mean", "half_sum"):
            raise ValueError(f'reduction is {reduction!r}, but must be "mean" or "half_sum"')
        self._reduction = reduction
        # END SOLUTION mse_init

    def forward(self, prediction: Array, target: Array) -> float:
        """Return the mean of `(prediction - target)^2`, or half the sum; raises ValueError for unequal shapes."""
        # BEGIN SOLUTION mse_forward
        _check_equal_shapes(prediction, target)
        self._difference = prediction - match(target, prediction)
        squares = self._difference * self._difference
        return float(squares.mean() if self._reduction == "mean" else 0.5 * squares.sum())
        # END SOLUTION mse_forward

    def backward(self) -> Array:
        """Return `2 (prediction - target) / size` for the mean, `prediction - target` for half the sum."""
        # BEGIN SOLUTION mse_backward
        scale = 2 / self._difference.size if self._reduction == "mean" else 1
        return scale * self._difference
        # END SOLUTION mse_backward


class CrossEntropyLoss:
    """The mean over the batch of `-sum_c t_c log p_c`, where `p` is the softmax of logits, or is given."""

    def __init__(self, from_logits: bool = True) -> None:
        """Take logits, or with `from_logits=False` rows of probabilities."""
        # BEGIN SOLUTION cross_entropy_init
        self._from_logits = from_logits
        # END SOLUTION cross_entropy_init

    def forward(self, prediction: Array, target: Array) -> float:
        """Return the loss of `prediction (N, C)`; `target` is class indices `(N,)` or rows `(N, C)` that sum to 1.

        From logits, `log p = x - max x - log sum exp(x - max x)` never overflows; given probabilities are kept above 1e-12.
        Raises ValueError where the two don't fit together or an index is not a class.
        """
        # BEGIN SOLUTION cross_entropy_forward
        xp = array_module(prediction)
        self._target = _as_rows(target, prediction)
        if self._from_logits:
            shifted = prediction - prediction.max(axis=1, keepdims=True)
            log_probability = shifted - xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))
            self._probability = xp.exp(log_probability)
        else:
            self._probability = xp.maximum(prediction, 1e-12)
            log_probability = xp.log(self._probability)
        return -float((self._target * log_probability).sum()) / len(prediction)
        # END SOLUTION cross_entropy_forward

    def backward(self) -> Array:
        """Return `(p - t) / N` with respect to logits, `-t / (p N)` with respect to probabilities."""
        # BEGIN SOLUTION cross_entropy_backward
        samples = len(self._probability)
        if self._from_logits:
            return (self._probability - self._target) / samples
        return -self._target / (self._probability * samples)
        # END SOLUTION cross_entropy_backward


class BinaryCrossEntropyLoss:
    """The mean over every element of `-t log p - (1 - t) log(1 - p)`, where `p` is the sigmoid of logits, or is given."""

    def __init__(self, from_logits: bool = True) -> None:
        """Take logits, or with `from_logits=False` probabilities."""
        # BEGIN SOLUTION binary_cross_entropy_init
        self._from_logits = from_logits
        # END SOLUTION binary_cross_entropy_init

    def forward(self, prediction: Array, target: Array) -> float:
        """Return the loss for targets in [0, 1].

        From logits the element's loss is `max(x, 0) - x t + log(1 + exp(-|x|))`; given probabilities are kept 1e-12 away from
        where a logarithm ends. Raises ValueError for unequal shapes and for targets outside [0, 1].
        """
        # BEGIN SOLUTION binary_cross_entropy_forward
        xp = array_module(prediction)
        _check_equal_shapes(prediction, target)
        if ((target < 0) | (target > 1)).any():
            raise ValueError("target has elements outside [0, 1]")
        self._prediction, self._target = prediction, match(target, prediction)
        if self._from_logits:
            losses = xp.maximum(prediction, 0) - prediction * self._target + xp.log1p(xp.exp(-abs(prediction)))
        else:
            yes, no = xp.maximum(prediction, 1e-12), xp.maximum(1 - prediction, 1e-12)
            losses = -self._target * xp.log(yes) - (1 - self._target) * xp.log(no)
        return float(losses.mean())
        # END SOLUTION binary_cross_entropy_forward

    def backward(self) -> Array:
        """Return `(p - t) / size` with respect to logits, `(-t / p + (1 - t) / (1 - p)) / size` to probabilities."""
        # BEGIN SOLUTION binary_cross_entropy_backward
        xp = array_module(self._prediction)
        if self._from_logits:
            power = xp.exp(-abs(self._prediction))
            probability = xp.where(self._prediction >= 0, 1, power) / (1 + power)
            return (probability - self._target) / self._target.size
        yes, no = xp.maximum(self._prediction, 1e-12), xp.maximum(1 - self._prediction, 1e-12)
        return ((1 - self._target) / no - self._target / yes) / self._target.size
        # END SOLUTION binary_cross_entropy_backward


class HingeLoss:
    """The multi-class support vector machine's loss: every class should score a margin below the right one."""

    def __init__(self, margin: float = 1.0) -> None:
        """Ask for `margin`; raises ValueError below 0."""
        # BEGIN SOLUTION hinge_init
        if not margin >= 0:
            raise ValueError(f"margin is {margin}, but must be at least 0")
        self._margin = float(margin)
        # END SOLUTION hinge_init

    def forward(self, prediction: Array, target: Array) -> float:
        """Return the mean over the batch of `sum_{j != y} max(0, s_j - s_y + margin)`, for scores `(N, C)` and classes `y (N,)`.

        Raises ValueError where the two don't fit together or an index is not a class.
        """
        # BEGIN SOLUTION hinge_forward
        self._right = _one_hot(target, prediction)
        right_score = (prediction * self._right).sum(axis=1, keepdims=True)
        excess = (prediction - right_score + self._margin) * (1 - self._right)
        self._violated = (excess > 0).astype(prediction.dtype)
        return float((excess * self._violated).sum()) / len(prediction)
        # END SOLUTION hinge_forward

    def backward(self) -> Array:
        """Return, over `N`: 1 for each class within the margin, and minus their number for the right class."""
        # BEGIN SOLUTION hinge_backward
        violations = self._violated.sum(axis=1, keepdims=True)
        return (self._violated - self._right * violations) / len(self._right)
        # END SOLUTION hinge_backward


def _check_equal_shapes(prediction: Array, target: Array) -> None:
    """Raise ValueError for two shapes that differ."""
    # BEGIN SOLUTION check_equal_shapes
    if prediction.shape != target.shape:
        raise ValueError(f"prediction has shape {prediction.shape} and target {target.shape}, but they must be equal")
    # END SOLUTION check_equal_shapes


def _as_rows(target: Array, prediction: Array) -> Array:
    """Return the target as rows like those of `prediction (N, C)`: rows as they are, class indices as one-hot rows."""
    # BEGIN SOLUTION as_rows
    if target.ndim == 1:
        return _one_hot(target, prediction)
    if prediction.ndim != 2:
        raise ValueError(f"prediction has shape {prediction.shape}, but must have two axes, (N, C)")
    _check_equal_shapes(prediction, target)
    return match(target, prediction)
    # END SOLUTION as_rows


def _one_hot(target: Array, prediction: Array) -> Array:
    """Return rows with a 1 at the class and 0 elsewhere, in the shape and dtype of `prediction (N, C)`."""
    # BEGIN SOLUTION one_hot_rows
    xp = array_module(prediction)
    if prediction.ndim != 2 or target.shape != prediction.shape[:1]:
        raise ValueError(f"prediction has shape {prediction.shape} and target {target.shape}, but must be (N, C) and (N,)")
    rows = xp.asarray(target)[:, None] == xp.arange(prediction.shape[1])
    if not rows.any(axis=1).all():
        raise ValueError(f"target has a label outside 0 to {prediction.shape[1] - 1}, the classes of the prediction")
    return rows.astype(prediction.dtype)
    # END SOLUTION one_hot_rows
