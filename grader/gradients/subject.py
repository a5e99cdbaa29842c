"""What the engine asks questions of: something with a forward and a backward."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Arguments = Mapping[str, Array]
"""A point: one float64 array for each argument by name, such as "input", "W" and "b"."""


@dataclass(frozen=True)
class Decoy:
    """Another point, visited just before the one that counts: it shows caches that go stale and gradients that add up."""

    point: Arguments
    """Shapes as at the real point, other values."""
    grad_output: Array
    """Upstream gradient, in the output's shape."""


@dataclass(frozen=True)
class Backward:
    """What one object said: decoy, forward, backward, and forward once more."""

    output: Array
    """Forward at the point, after the decoy."""
    gradients: Mapping[str, Array]
    """By argument; an argument without a gradient is left out."""
    again: Array
    """Forward at the same point, after backward."""


class Subject(Protocol):
    """A function under test. One call is one trip over the wire, so many points go into one.

    Every array comes back as a float64 array of any shape, values as they are; the engine judges shapes and NaNs.
    """

    title: str
    """What a person calls it, `Dense`."""

    def label(self, argument: str) -> str:
        """Say where the gradient with respect to `argument` is found: `Dense.grads["W"]`."""
        ...

    def forward(self, points: Sequence[Arguments]) -> list[Array]:
        """Evaluate the function at each point."""
        ...

    def backward(self, point: Arguments, grad_output: Array, decoy: Decoy) -> Backward:
        """On one object: forward and backward at the decoy, forward and backward at the point, forward again."""
        ...


class LocalSubject:
    """A pair of Python callables in this very process: for staff's own functions and for tests, not for submissions."""

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        *,
        title: str = "the function",
    ) -> None:
        """Take `forward(*arguments)` and `backward(grad_output, *arguments)`, arguments in the order of the point's names.

        `backward` returns a dict by name, a tuple or list in the same order, or one array where there is one argument.
        Both get copies of their own at every call. A layer's `backward` fits as `lambda grad_output, x: layer.backward(grad_output)`.
        """
        self.title = title
        self._forward = forward
        self._backward = backward

    def label(self, argument: str) -> str:
        return f"the gradient of {self.title} at {argument}"

    def forward(self, points: Sequence[Arguments]) -> list[Array]:
        return [self._evaluate(point) for point in points]

    def backward(self, point: Arguments, grad_output: Array, decoy: Decoy) -> Backward:
        self._evaluate(decoy.point)
        self._differentiate(decoy.point, decoy.grad_output)
        output = self._evaluate(point)
        gradients = self._differentiate(point, grad_output)
        return Backward(output, gradients, self._evaluate(point))

    def _evaluate(self, point: Arguments) -> Array:
        return _as_float64(self._forward(*(array.copy() for array in point.values())), f"forward of {self.title}")

    def _differentiate(self, point: Arguments, grad_output: Array) -> dict[str, Array]:
        given = self._backward(grad_output.copy(), *(array.copy() for array in point.values()))
        named = _by_name(given, tuple(point), self.title)
        return {name: _as_float64(value, self.label(name)) for name, value in named.items() if value is not None}


def _by_name(given: Any, names: tuple[str, ...], title: str) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return dict(given)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    alone = len(names) == 1 and not isinstance(given, tuple)
    listed: list[Any] = [given] if alone else list(given)  # pyright: ignore[reportUnknownArgumentType]
    if len(listed) != len(names):
        raise ValueError(f"backward of {title} returned {len(listed)} gradients; expected {len(names)}, for {', '.join(names)}")
    return dict(zip(names, listed, strict=True))


def _as_float64(value: Any, what: str) -> Array:
    array = np.array(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what} is {type(value).__name__} of dtype {array.dtype}; expected an array of real numbers")
    return array.astype(np.float64)
