"""One case: a point, an upstream gradient, and a verdict for each argument that is asked about.

Planned on this side, taken in one turn by the subject, judged from what it told. A turn costs three forwards and two
backwards (decoy, point, point again) and four forwards for each argument's line, whatever the number of coordinates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.gradients.findings import Finding, Kind, find_difference, find_misshapen, find_not_finite, find_stray
from grader.gradients.line import FIRST_STEP, Line, Ray, Setting, StrayOutput, Verdict, draw_ray, judge_line
from grader.gradients.subject import Arguments, Array, Decoy, Subject, Told, Turn


@dataclass(frozen=True)
class Alone:
    """One place of a case's lines, where forward was called for itself, on an object that knows of nothing else.

    A forward that answers otherwise while its gradient is measured is found out here, as a check of values would do.
    """

    argument: str
    """Whose line."""
    place: int
    """Which of the ray's four."""
    output: Array
    """What forward gave."""


@dataclass(frozen=True)
class Plan:
    """A case before it is asked."""

    point: Arguments
    """Where."""
    decoy: Arguments
    """Another point of the same shapes."""
    rays: Mapping[str, Ray]
    """The line of each argument that is judged."""
    generator: np.random.Generator
    """For what depends on the output's shape, and for further rungs."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of all arguments."""
        return {name: array.shape for name, array in self.point.items()}

    def ask_alone(self, subject: Subject) -> Alone:
        """Call forward at one place of the lines, chosen at random."""
        argument = str(self.generator.choice(sorted(self.rays)))
        place = int(self.generator.integers(4))
        moved = self.rays[argument].places(self.point[argument])[place]
        return Alone(argument, place, subject.forward([{**self.point, argument: moved}])[0])

    def make_turn(self, shape: tuple[int, ...], *, again: bool) -> Turn:
        """Draw the upstream gradients, now that the output's shape is known."""
        grad_output = draw_grad_output(shape, self.generator)
        decoy = Decoy(self.decoy, draw_grad_output(shape, self.generator))
        beside = {name: ray.places(self.point[name]) for name, ray in self.rays.items()}
        return Turn(self.point, grad_output, decoy, again, beside)


@dataclass(frozen=True)
class Case:
    """What one point told."""

    plan: Plan
    """What was to be asked."""
    turn: Turn | None
    """What was asked; None where forward already failed."""
    told: Told | None
    """What was answered; None where forward already failed."""
    findings: tuple[Finding, ...]
    """What is wrong beyond doubt, before any comparison; those of forward end the case."""
    lines: dict[str, Line]
    """By argument, for those whose gradient can be compared."""

    @property
    def point(self) -> Arguments:
        """Where."""
        return self.plan.point

    @property
    def blind(self) -> list[str]:
        """The arguments whose lines can't tell."""
        return [name for name, line in self.lines.items() if line.verdict is Verdict.BLIND]

    @property
    def is_decided(self) -> bool:
        """Whether something is wrong."""
        return bool(self.findings) or any(line.verdict is Verdict.WRONG for line in self.lines.values())


def plan_case(
    point: Arguments, decoy: Arguments, judged: Sequence[str], generator: np.random.Generator, first_step: float = FIRST_STEP
) -> Plan:
    """Draw one Gaussian direction for each argument in `judged`; a decoy of other shapes than the point's is replaced."""
    if any(decoy[name].shape != array.shape for name, array in point.items()):
        decoy = mirror(point)
    return Plan(point, decoy, {name: draw_ray(point[name], generator, first_step) for name in judged}, generator)


def mirror(point: Arguments) -> Arguments:
    """A decoy for a point: its entries in the opposite order, made smaller, which stays in most domains."""
    return {name: 0.75 * np.flip(array) for name, array in point.items()}


def draw_grad_output(shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    """G: Gaussian, and 1 for a plain number."""
    return generator.standard_normal(shape) if shape else np.ones(())


def judge_case(subject: Subject, plan: Plan, turn: Turn, told: Told, alone: Alone | None = None) -> Case:
    """Judge the gradients at one point; `alone` is what forward gave at one of the same places without all the rest.

    Numbers as outputs (losses) have shape (); their upstream gradient is 1.
    """
    shape = turn.grad_output.shape
    finding = find_stray(told.output, f"The output of {subject.title}", shape) or _find_unsteady(subject, told, shape, alone)
    if finding is not None:
        return Case(plan, turn, told, (finding,), {})
    setting = Setting(subject, plan.point, told.output, turn.grad_output)
    findings: list[Finding] = []
    lines: dict[str, Line] = {}
    for argument in plan.rays:
        found = _judge_argument(setting, argument, plan, told)
        if isinstance(found, Finding):
            findings.append(found)
        else:
            lines[argument] = found
    return Case(plan, turn, told, tuple(findings), lines)


def _find_unsteady(subject: Subject, told: Told, shape: tuple[int, ...], alone: Alone | None) -> Finding | None:
    calls: list[tuple[Array, Array, str]] = []
    if alone is not None:
        calls.append((told.beside[alone.argument][alone.place], alone.output, "on an object of its own"))
    if told.again is not None:
        calls.append((told.output, told.again, "after its backward"))
    for output, other, when in calls:
        stray = find_stray(other, f"The output of {subject.title}, called again {when},", shape)
        if stray is not None or output.shape != shape:
            return stray or find_stray(output, f"The output of {subject.title} right beside a point where it is fine", shape)
        what = f"{subject.title} is not a function of its arguments: called with the same ones {when}, it gives another output."
        finding = find_difference(output, other, what)
        if finding is not None:
            return finding
    return None


def _judge_argument(setting: Setting, argument: str, plan: Plan, told: Told) -> Line | Finding:
    subject, at, what = setting.subject, setting.point[argument], setting.subject.label(argument)
    if argument not in told.gradients:
        return Finding(Kind.MISSING, f"Backward gave nothing as {what}.", "an array", "nothing", argument)
    gradient = told.gradients[argument]
    finding = find_misshapen(gradient, what, at.shape, argument) or find_not_finite(gradient, what, argument)
    if finding is not None:
        return finding
    try:
        return judge_line(setting, argument, gradient, plan.generator, plan.rays[argument], told.beside[argument])
    except StrayOutput as stray:
        what = f"The output of {subject.title} right beside a point where it is fine"
        finding = find_stray(stray.output, what, setting.output.shape)
        assert finding is not None
        return finding
