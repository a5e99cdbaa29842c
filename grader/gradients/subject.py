"""What the engine asks questions of: something with a forward and a backward."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Arguments = Mapping[str, Array]
"""A point: one float64 array for each argument by name, such as "input", "W" and "b"."""

_NUMPY = os.path.dirname(np.__file__) + os.sep


@dataclass(frozen=True)
class Decoy:
    """Another point, visited just before the one that counts: it shows caches that go stale and gradients that add up."""

    point: Arguments
    """Shapes as at the real point, other values."""
    grad_output: Array
    """Upstream gradient, in the output's shape."""


@dataclass(frozen=True)
class Turn:
    """What one object is asked in a row."""

    point: Arguments
    """Where forward and backward are called."""
    grad_output: Array
    """The upstream gradient of that backward."""
    decoy: Decoy
    """Visited first, forward and backward."""
    again: bool = True
    """Whether forward is called at the point once more, after backward."""
    beside: Mapping[str, Array] = field(default_factory=dict[str, Array])
    """By argument: places, along the first axis, at which forward is called last, all other arguments as at the point."""


@dataclass(frozen=True)
class Told:
    """What one object said in its turn."""

    output: Array
    """Forward at the point, after the decoy."""
    gradients: Mapping[str, Array]
    """By argument; an argument without a gradient is left out."""
    again: Array | None
    """Forward at the same point, after backward, where it was asked for."""
    beside: Mapping[str, list[Array]]
    """Forward at the places beside, by argument."""
    forward_s: float = 0.0
    """CPU seconds of forward at the point."""
    backward_s: float = 0.0
    """CPU seconds of backward there."""


@dataclass(frozen=True)
class Answers:
    """What is asked of a gradient that is wrong, or suspiciously slow, each on an object of its own."""

    alone: Mapping[str, Array]
    """The gradients without a decoy before them."""
    twice: Mapping[str, Array]
    """Those of a second backward that follows the first, without a forward between them."""
    doubled: Mapping[str, Array]
    """Those for twice the upstream gradient."""
    changed: tuple[str, ...]
    """What forward or backward changed in place, of the arguments and "grad_output"."""
    forwards_in_backward: float
    """How many forwards' worth of calls backward made of the Python functions that forward is made of."""


class Subject(Protocol):
    """A function under test. One call is one trip over the wire, so much goes into one.

    Every array comes back as a float64 array of any shape, values as they are; the engine judges shapes and NaNs.
    """

    title: str
    """What a person calls it, `Dense`."""

    def label(self, argument: str) -> str:
        """Say where the gradient with respect to `argument` is found: `Dense.grads["W"]`."""
        ...

    def forward(self, points: Sequence[Arguments]) -> list[Array]:
        """Evaluate the function at each point, all on one new object."""
        ...

    def take_turns(self, turns: Sequence[Turn]) -> list[Told]:
        """Let a new object take each turn."""
        ...

    def answer(self, point: Arguments, grad_output: Array) -> Answers:
        """Answer what is asked before a gradient is blamed."""
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

    def take_turns(self, turns: Sequence[Turn]) -> list[Told]:
        return [self._take_turn(turn) for turn in turns]

    def answer(self, point: Arguments, grad_output: Array) -> Answers:
        given = {name: array.copy() for name, array in point.items()}
        upstream = grad_output.copy()
        called = record_calls(lambda: self._forward(*given.values()))
        self._evaluate(point)
        seen: list[Any] = []
        calls = record_calls(lambda: seen.append(self._backward(upstream, *given.values())))
        alone = self._name_gradients(seen[0], point)
        changed = [name for name, array in given.items() if not np.array_equal(array, point[name], equal_nan=True)]
        changed += [] if np.array_equal(upstream, grad_output) else ["grad_output"]
        twice = self._differentiate(point, grad_output)
        self._evaluate(point)
        doubled = self._differentiate(point, 2 * grad_output)
        return Answers(alone, twice, doubled, tuple(changed), compare_calls(called, calls))

    def _take_turn(self, turn: Turn) -> Told:
        self._evaluate(turn.decoy.point)
        self._differentiate(turn.decoy.point, turn.decoy.grad_output)
        marks = [time.process_time()]
        output = self._evaluate(turn.point)
        marks.append(time.process_time())
        gradients = self._differentiate(turn.point, turn.grad_output)
        marks.append(time.process_time())
        again = self._evaluate(turn.point) if turn.again else None
        beside = {name: self.forward([{**turn.point, name: place} for place in places]) for name, places in turn.beside.items()}
        return Told(output, gradients, again, beside, marks[1] - marks[0], marks[2] - marks[1])

    def _evaluate(self, point: Arguments) -> Array:
        return _as_float64(self._forward(*(array.copy() for array in point.values())), f"forward of {self.title}")

    def _differentiate(self, point: Arguments, grad_output: Array) -> dict[str, Array]:
        return self._name_gradients(self._backward(grad_output.copy(), *(array.copy() for array in point.values())), point)

    def _name_gradients(self, given: Any, point: Arguments) -> dict[str, Array]:
        named = _by_name(given, tuple(point), self.title)
        return {name: _as_float64(value, self.label(name)) for name, value in named.items() if value is not None}


def record_calls(call: Callable[[], Any]) -> dict[CodeType, int]:
    """Run `call` and return how often each Python function, NumPy's own left out, was called during it."""
    calls: dict[CodeType, int] = {}

    def count(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and not frame.f_code.co_filename.startswith(_NUMPY):
            calls[frame.f_code] = calls.get(frame.f_code, 0) + 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(before)
    calls.pop(call.__code__, None)
    return calls


def compare_calls(forward: Mapping[CodeType, int], backward: Mapping[CodeType, int]) -> float:
    """Return how many times as often as forward backward called the same function; 0 where they share none."""
    return max((backward[code] / count for code, count in forward.items() if code in backward), default=0.0)


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
