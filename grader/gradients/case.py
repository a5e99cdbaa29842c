"""One case: a point, an upstream gradient, and a verdict for each argument that is asked about.

It costs three trips to the subject and one for each argument's line: two looks at forward (shape, precision), then the
object's whole turn (decoy, forward, backward, forward again), then the lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.gradients.findings import Finding, Kind, find_difference, find_misshapen, find_not_finite
from grader.gradients.line import FIRST_STEP, Line, Setting, StrayOutput, judge_line
from grader.gradients.precision import NEARER, WIDE, draw_probe_points, find_float32
from grader.gradients.subject import Arguments, Array, Backward, Decoy, Subject


@dataclass(frozen=True)
class Case:
    """What one point told."""

    point: Arguments
    """Where."""
    grad_output: Array | None
    """The upstream gradient G; None where forward already failed."""
    backward: Backward | None
    """The object's turn; None where forward already failed."""
    findings: tuple[Finding, ...]
    """What is wrong beyond doubt, before any comparison; those of forward end the case."""
    lines: dict[str, Line]
    """By argument, for those whose gradient can be compared."""


def run_case(
    subject: Subject,
    point: Arguments,
    decoy: Arguments,
    judged: Sequence[str],
    generator: np.random.Generator,
    *,
    first_step: float = FIRST_STEP,
    output_shape: tuple[int, ...] | None = None,
) -> Case:
    """Judge the gradients at one point.

    `decoy` is another point of the same shapes. `judged` names arguments of the point. `output_shape` is demanded of
    forward where it is given. Numbers as outputs (losses) have shape (); their upstream gradient is 1.
    """
    # Called for itself first, as a check of values would do: a forward that answers otherwise while it is measured is found out.
    [alone] = subject.forward([point])
    output, *beside = subject.forward([point, *draw_probe_points(point, judged, generator)])
    what = f"The output of {subject.title}"
    finding = _find_stray(output, what, output.shape if output_shape is None else output_shape)
    if finding is not None:
        return Case(point, None, None, (finding,), {})
    grad_output = draw_grad_output(output, generator)
    said = subject.backward(point, grad_output, Decoy(decoy, draw_grad_output(output, generator)))
    # Random outputs would look like float32, so they are asked about first.
    finding = _find_unsteady(subject, output, alone, said) or _find_coarse(subject, point, judged, beside, output.shape, generator)
    if finding is not None:
        return Case(point, grad_output, said, (finding,), {})
    setting = Setting(subject, point, output, grad_output)
    findings: list[Finding] = []
    lines: dict[str, Line] = {}
    for argument in judged:
        found = _judge_argument(setting, argument, said, generator, first_step)
        if isinstance(found, Finding):
            findings.append(found)
        else:
            lines[argument] = found
    return Case(point, grad_output, said, tuple(findings), lines)


def draw_grad_output(output: Array, generator: np.random.Generator) -> Array:
    """G: Gaussian, and 1 for a plain number."""
    return np.ones(()) if output.ndim == 0 else generator.standard_normal(output.shape)


def _find_coarse(
    subject: Subject,
    point: Arguments,
    judged: Sequence[str],
    beside: list[Array],
    shape: tuple[int, ...],
    generator: np.random.Generator,
) -> Finding | None:
    what = f"The output of {subject.title} right beside a point where it is fine"
    strays = (_find_stray(output, what, shape) for output in beside)
    stray = next(filter(None, strays), None)
    if stray is not None or find_float32(beside, subject.title, WIDE) is None:
        return stray
    # A kink within the wide step looks the same, so the suspicion is tested on another line, nearer by.
    again = subject.forward(draw_probe_points(point, judged, generator, NEARER))
    strays = (_find_stray(output, what, shape) for output in again)
    return next(filter(None, strays), None) or find_float32(again, subject.title, NEARER)


def _find_stray(output: Array, what: str, shape: tuple[int, ...]) -> Finding | None:
    return find_misshapen(output, what, shape) or find_not_finite(output, what)


def _find_unsteady(subject: Subject, output: Array, alone: Array, said: Backward) -> Finding | None:
    calls = ((said.output, "after it was used with another input"), (said.again, "after its backward"), (alone, "on an object of its own"))
    for other, when in calls:
        stray = _find_stray(other, f"The output of {subject.title}, called again {when},", output.shape)
        what = f"{subject.title} is not a function of its arguments: called with the same ones {when}, it gives another output."
        finding = stray or find_difference(output, other, what)
        if finding is not None:
            return finding
    return None


def _judge_argument(
    setting: Setting, argument: str, said: Backward, generator: np.random.Generator, first_step: float
) -> Line | Finding:
    subject, at, what = setting.subject, setting.point[argument], setting.subject.label(argument)
    if argument not in said.gradients:
        return Finding(Kind.MISSING, f"Backward gave nothing as {what}.", "an array", "nothing", argument)
    gradient = said.gradients[argument]
    finding = find_misshapen(gradient, what, at.shape, argument) or find_not_finite(gradient, what, argument)
    if finding is not None:
        return finding
    try:
        return judge_line(setting, argument, gradient, generator, first_step)
    except StrayOutput as stray:
        what = f"The output of {subject.title} right beside a point where it is fine"
        finding = _find_stray(stray.output, what, setting.output.shape)
        assert finding is not None
        return finding
