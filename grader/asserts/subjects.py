"""Layers and losses of a submission as subjects of the gradient engine: one probe a trip, everything it says validated here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from grader.asserts.prober import Prober
from grader.asserts.values import as_array, as_dict, as_list, as_number, fail
from grader.gradients.subject import Answers, Arguments, Array, Subject, Told, Turn


class RemoteLayer:
    """A layer of the submission as a subject: arguments are `input` and the parameters' names."""

    def __init__(
        self,
        worker: Prober,
        constructor: tuple[str, str],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        wanted: Sequence[str] = ("input",),
        training: bool = True,
        attributes: Mapping[str, Any] | None = None,
        fresh: bool = False,
    ) -> None:
        """Take module and class, what the class is constructed with, and which gradients to fetch at all."""
        self.title = constructor[1]
        self._worker = worker
        self._built = (constructor, tuple(args), dict(kwargs or {}))
        self._wanted = list(wanted)
        self._state = {"training": training, "attributes": dict(attributes or {}), "fresh": fresh}

    def label(self, argument: str) -> str:
        return f"{self.title}.backward's result" if argument == "input" else f'{self.title}.grads["{argument}"]'

    def forward(self, points: Sequence[Arguments]) -> list[Array]:
        sent = [dict(point) for point in points]
        answer = self._worker.probe("layer_points", *self._built, sent, **self._state)
        outputs = read_outputs(answer, len(sent), self.title)
        if any(output.ndim == 0 for output in outputs):
            fail(f"{self.title}.forward's result is a number, not an array.", expected="an array", got="a number")
        return outputs

    def take_turns(self, turns: Sequence[Turn]) -> list[Told]:
        answer = self._worker.probe("layer_turns", *self._built, [write_turn(turn) for turn in turns], self._wanted, **self._state)
        return [read_told(told, turn, self) for told, turn in zip(as_turns(answer, turns, self), turns, strict=True)]

    def answer(self, point: Arguments, grad_output: Array) -> Answers:
        state = {name: self._state[name] for name in ("training", "attributes")}
        return read_answers(self._worker.probe("layer_answers", *self._built, dict(point), grad_output, self._wanted, **state), self)


class RemoteLoss:
    """A loss of the submission as a subject: the argument is `prediction`, the target stays as it is."""

    def __init__(
        self, worker: Prober, constructor: tuple[str, str], args: Sequence[Any], kwargs: Mapping[str, Any] | None, target: NDArray[Any]
    ) -> None:
        """Take module and class, what the class is constructed with, and the target of every call."""
        self.title = constructor[1]
        self._worker = worker
        self._built = (constructor, tuple(args), dict(kwargs or {}))
        self._target = target

    def label(self, argument: str) -> str:
        return f"{self.title}.backward's result"

    def forward(self, points: Sequence[Arguments]) -> list[Array]:
        sent = [dict(point) for point in points]
        answer = self._worker.probe("loss_points", *self._built, sent, self._target)
        return [as_loss(output) for output in read_outputs(answer, len(sent), self.title)]

    def take_turns(self, turns: Sequence[Turn]) -> list[Told]:
        answer = self._worker.probe("loss_turns", *self._built, [write_turn(turn) for turn in turns], self._target)
        return [
            read_told(told, turn, self, as_loss) for told, turn in zip(as_turns(answer, turns, self), turns, strict=True)
        ]

    def answer(self, point: Arguments, grad_output: Array) -> Answers:
        return read_answers(self._worker.probe("loss_answers", *self._built, dict(point), self._target), self)


def read_outputs(answer: object, count: int, title: str) -> list[Array]:
    """Turn a probe's answer into float64 arrays; anything else fails the check."""
    return [_read(value, f"{title}.forward's result") for value in as_list(answer, f"{title}: the outputs", length=count)]


def write_turn(turn: Turn) -> dict[str, Any]:
    """Return a turn as it crosses."""
    return {
        "point": dict(turn.point),
        "grad_output": turn.grad_output,
        "decoy": dict(turn.decoy.point),
        "decoy_grad_output": turn.decoy.grad_output,
        "again": turn.again,
        "beside": dict(turn.beside),
    }


def as_turns(answer: object, turns: Sequence[Turn], subject: Subject) -> list[Any]:
    """Turn a probe's answer into one entry a turn; anything else fails the check."""
    return as_list(answer, f"{subject.title}: the turns", length=len(turns))


def read_told(answer: object, turn: Turn, subject: Subject, as_output: Callable[[Array], Array] = np.asarray) -> Told:
    """Turn a probe's account of one turn into outputs and gradients; anything else fails the check."""
    said = as_dict(answer, f"{subject.title}: the answer", keys=("output", "gradients", "again", "beside", "forward_s", "backward_s"))
    what = f"{subject.title}.forward's result"
    beside = as_dict(said["beside"], f"{subject.title}: the outputs beside the point", keys=tuple(turn.beside))
    outputs: dict[str, list[Array]] = {}
    for name, places in turn.beside.items():
        outputs[name] = [as_output(_read(value, what)) for value in as_list(_unstack(beside[name]), what, length=len(places))]
    return Told(
        as_output(_read(said["output"], what)),
        _read_gradients(said["gradients"], subject),
        as_output(_read(said["again"], what)) if turn.again else None,
        outputs,
        *(as_number(said[key], f"{subject.title}: its time") for key in ("forward_s", "backward_s")),
    )


def read_answers(answer: object, subject: Subject) -> Answers:
    """Turn a probe's answers to the questions into gradients; anything else fails the check."""
    kinds = ("alone", "twice", "doubled")
    said = as_dict(answer, f"{subject.title}: the answers", keys=(*kinds, "changed", "forwards_in_backward"))
    changed = as_list(said["changed"], f"{subject.title}: what it changes")
    return Answers(
        *(_read_gradients(said[kind], subject) for kind in kinds),
        changed=tuple(name[:40] for name in changed if isinstance(name, str)),
        forwards_in_backward=as_number(said["forwards_in_backward"], f"{subject.title}: its calls"),
    )


def _unstack(outputs: object) -> object:
    """A probe sends outputs of one shape as one array."""
    return list(cast(NDArray[Any], outputs)) if isinstance(outputs, np.ndarray) and outputs.ndim else cast(object, outputs)


def _read_gradients(answer: object, subject: Subject) -> dict[str, Array]:
    gradients = as_dict(answer, f"{subject.title}: the gradients")
    return {name: _read(value, subject.label(name)) for name, value in gradients.items()}


def as_loss(output: Array) -> Array:
    """An array of one entry counts as a number here: what a loss must return is another check's business."""
    return output.reshape(()) if output.size == 1 else output


def _read(value: object, what: str) -> Array:
    if isinstance(value, str):  # the probe's words for what can't cross
        fail(f"{what} is {value[:80]}, not an array of floats.", expected="an array of floats", got=value[:80])
    # Shapes, NaNs and infinities are the engine's to judge: it knows what they should be.
    array = as_array(value, what, finite=False)
    if array.dtype.kind not in "fiub":
        fail(f"{what} does not hold real numbers that fit a float.", expected="an array of floats", got=f"dtype {array.dtype}")
    return array.astype(np.float64)
