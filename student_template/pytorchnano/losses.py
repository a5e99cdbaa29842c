"""Losses: one number that says how wrong a prediction is, and its gradient.

`forward(prediction, target)` returns the number, `backward()` the gradient with respect to the prediction of the last
`forward`, in the prediction's shape and dtype.
"""

from typing import Literal

from .backend import Array

__all__ = ["BinaryCrossEntropyLoss", "CrossEntropyLoss", "HingeLoss", "MSELoss"]


class MSELoss:
    """Squared error: its mean over every element, or half its sum."""

    def __init__(self, reduction: Literal["mean", "half_sum"] = "mean") -> None:
        """Take the `"mean"` or the `"half_sum"`; raises ValueError for another reduction."""
        raise NotImplementedError("MSELoss.__init__ is not implemented yet: see its docstring.")

    def forward(self, prediction: Array, target: Array) -> float:
        """Return the mean of `(prediction - target)^2`, or half the sum; raises ValueError for unequal shapes."""
        raise NotImplementedError("MSELoss.forward is not implemented yet: see its docstring.")

    def backward(self) -> Array:
        """Return `2 (prediction - target) / size` for the mean, `prediction - target` for half the sum."""
        raise NotImplementedError("MSELoss.backward is not implemented yet: see its docstring.")


class CrossEntropyLoss:
    """The mean over the batch of `-sum_c t_c log p_c`, where `p` is the softmax of logits, or is given."""

    def __init__(self, from_logits: bool = True) -> None:
        """Take logits, or with `from_logits=False` rows of probabilities."""
        raise NotImplementedError("CrossEntropyLoss.__init__ is not implemented yet: see its docstring.")

    def forward(self, prediction: Array, target: Array) -> float:
        """Return the loss of `prediction (N, C)`; `target` is class indices `(N,)` or rows `(N, C)` that sum to 1.

        From logits, `log p = x - max x - log sum exp(x - max x)` never overflows; given probabilities are kept above 1e-12.
        Raises ValueError where the two don't fit together or an index is not a class.
        """
        raise NotImplementedError("CrossEntropyLoss.forward is not implemented yet: see its docstring.")

    def backward(self) -> Array:
        """Return `(p - t) / N` with respect to logits, `-t / (p N)` with respect to probabilities."""
        raise NotImplementedError("CrossEntropyLoss.backward is not implemented yet: see its docstring.")


class BinaryCrossEntropyLoss:
    """The mean over every element of `-t log p - (1 - t) log(1 - p)`, where `p` is the sigmoid of logits, or is given."""

    def __init__(self, from_logits: bool = True) -> None:
        """Take logits, or with `from_logits=False` probabilities."""
        raise NotImplementedError("BinaryCrossEntropyLoss.__init__ is not implemented yet: see its docstring.")

    def forward(self, prediction: Array, target: Array) -> float:
        """Return the loss for targets in [0, 1].

        From logits the element's loss is `max(x, 0) - x t + log(1 + exp(-|x|))`; given probabilities are kept 1e-12 away from
        where a logarithm ends. Raises ValueError for unequal shapes and for targets outside [0, 1].
        """
        raise NotImplementedError("BinaryCrossEntropyLoss.forward is not implemented yet: see its docstring.")

    def backward(self) -> Array:
        """Return `(p - t) / size` with respect to logits, `(-t / p + (1 - t) / (1 - p)) / size` to probabilities."""
        raise NotImplementedError("BinaryCrossEntropyLoss.backward is not implemented yet: see its docstring.")


class HingeLoss:
    """The multi-class support vector machine's loss: every class should score a margin below the right one."""

    def __init__(self, margin: float = 1.0) -> None:
        """Ask for `margin`; raises ValueError below 0."""
        raise NotImplementedError("HingeLoss.__init__ is not implemented yet: see its docstring.")

    def forward(self, prediction: Array, target: Array) -> float:
        """Return the mean over the batch of `sum_{j != y} max(0, s_j - s_y + margin)`, for scores `(N, C)` and classes `y (N,)`.

        Raises ValueError where the two don't fit together or an index is not a class.
        """
        raise NotImplementedError("HingeLoss.forward is not implemented yet: see its docstring.")

    def backward(self) -> Array:
        """Return, over `N`: 1 for each class within the margin, and minus their number for the right class."""
        raise NotImplementedError("HingeLoss.backward is not implemented yet: see its docstring.")


def _check_equal_shapes(prediction: Array, target: Array) -> None:
    """Raise ValueError for two shapes that differ."""
    raise NotImplementedError("_check_equal_shapes is not implemented yet: see its docstring.")


def _as_rows(target: Array, prediction: Array) -> Array:
    """Return the target as rows like those of `prediction (N, C)`: rows as they are, class indices as one-hot rows."""
    raise NotImplementedError("_as_rows is not implemented yet: see its docstring.")


def _one_hot(target: Array, prediction: Array) -> Array:
    """Return rows with a 1 at the class and 0 elsewhere, in the shape and dtype of `prediction (N, C)`."""
    raise NotImplementedError("_one_hot is not implemented yet: see its docstring.")
