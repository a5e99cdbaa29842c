"""Several cases, one judgement: a fault ends it, a case that can't tell is drawn again.

Two trips to the subject as a rule: forward alone, at one place, and the turns of all cases together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grader.gradients.case import Case, Plan, judge_case, plan_case
from grader.gradients.findings import Finding, find_stray
from grader.gradients.line import FIRST_STEP, Line, Verdict
from grader.gradients.precision import find_coarse
from grader.gradients.subject import Array, Subject, Turn

CASES = 5
"""More cases help where more directions hardly do."""
REDRAWS = 3
"""Draws of one case before what it can't tell is left out."""

Draw = Callable[[np.random.Generator], Mapping[str, Array]]
"""Draws a point, away from kinks."""


@dataclass(frozen=True)
class Trial:
    """One case and where its numbers came from."""

    case: Case
    """What was seen."""
    seed: tuple[int, int, int]
    """Seed, case, attempt: `numpy.random.default_rng` of these draws the same case."""


@dataclass(frozen=True)
class Judgement:
    """What all cases together say."""

    trials: tuple[Trial, ...]
    """In order, redrawn ones included."""
    left_out: Mapping[str, int]
    """Per argument, the cases that could not tell however often they were drawn."""
    flat: tuple[str, ...]
    """Arguments along which the output never changed, in any case."""

    @property
    def finding(self) -> Finding | None:
        """The first thing that was wrong before any comparison."""
        return next((finding for trial in self.trials for finding in trial.case.findings), None)

    @property
    def wrong(self) -> tuple[Trial, Line] | None:
        """The first argument whose gradient is wrong, with its trial."""
        found = ((t, line) for t in self.trials for line in t.case.lines.values() if line.verdict is Verdict.WRONG)
        return next(found, None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know although nothing failed: slight errors, and cases left out."""
        said: list[str] = []
        for name, count in self.left_out.items():
            slight = [line for line in self.lines(name) if line.verdict is Verdict.SLIGHT]
            if slight:
                worst = max(line.error / line.slope for line in slight)
                said.append(f"the gradient at {name} is off by {worst:.1g} of its size: it passes, but it is not exact")
            if count:
                said.append(f"{count} cases of the gradient at {name} could not be decided and were left out")
        return tuple(said)

    def lines(self, argument: str) -> list[Line]:
        """All that was seen of one argument."""
        return [trial.case.lines[argument] for trial in self.trials if argument in trial.case.lines]


def judge_gradients(
    subject: Subject,
    draw: Draw,
    judged: Sequence[str],
    *,
    draw_decoy: Draw | None = None,
    seed: int = 0,
    cases: int = CASES,
    first_step: float = FIRST_STEP,
    output_shape: tuple[int, ...] | None = None,
) -> Judgement:
    """Judge the gradients at the arguments `judged` over `cases` cases; stop at the first finding or wrong gradient.

    Decoys come from `draw` too unless `draw_decoy` is given. A case in which some argument is blind is drawn again,
    `REDRAWS` times in all, and then left out for that argument: it never counts against the subject.
    """
    def plan(number: int, attempt: int = 0) -> Plan:
        generator = np.random.default_rng((seed, number, attempt))
        point, decoy = _as_point(draw(generator)), _as_point((draw_decoy or draw)(generator))
        return plan_case(point, decoy, judged, generator, first_step)

    plans = [plan(number) for number in range(cases)]
    alone = plans[0].ask_alone(subject)
    shape = alone.output.shape if output_shape is None else output_shape
    finding = find_stray(alone.output, f"The output of {subject.title}", shape)
    if finding is not None:
        return Judgement((Trial(Case(plans[0], None, None, (finding,), {}), (seed, 0, 0)),), dict.fromkeys(judged, 0), ())
    examine = _Examiner(subject, judged)
    turns = [_make_turn(subject, planned, plans[0], shape, again=planned is not plans[0]) for planned in plans]
    trials: list[Trial] = []
    left_out = dict.fromkeys(judged, 0)
    for number, told in enumerate(subject.take_turns(turns)):
        case = judge_case(subject, plans[number], turns[number], told, None if number else alone)
        trials.append(Trial(examine(case), (seed, number, 0)))
        for attempt in range(1, REDRAWS):
            if trials[-1].case.is_decided or not trials[-1].case.blind:
                break
            redrawn = plan(number, attempt)
            turn = _make_turn(subject, redrawn, plans[0], shape)
            [told] = subject.take_turns([turn])
            trials.append(Trial(examine(judge_case(subject, redrawn, turn, told)), (seed, number, attempt)))
        for name in trials[-1].case.blind:
            left_out[name] += 1
        if trials[-1].case.is_decided:
            break
    flat = tuple(name for name in judged if _never_moved(trials, name))
    return Judgement(tuple(trials), left_out, flat)


def _make_turn(subject: Subject, planned: Plan, first: Plan, shape: tuple[int, ...], *, again: bool = True) -> Turn:
    if planned.shapes != first.shapes:
        [output] = subject.forward([planned.point])
        shape = output.shape
    return planned.make_turn(shape, again=again)


class _Examiner:
    """Asks once whether forward computes in float32, before a gradient is called wrong and before a case is given up."""

    def __init__(self, subject: Subject, judged: Sequence[str]) -> None:
        self._subject = subject
        self._judged = judged
        self._asked = False

    def __call__(self, case: Case) -> Case:
        doubtful = [line for line in case.lines.values() if line.verdict in (Verdict.WRONG, Verdict.BLIND)]
        if self._asked or not doubtful or case.told is None:
            return case
        self._asked = True
        generator = case.plan.generator
        finding = find_coarse(self._subject, case.point, self._judged, case.told.output.shape, generator)
        return case if finding is None else replace(case, findings=(finding,), lines={})


def _as_point(drawn: Mapping[str, Array]) -> dict[str, Array]:
    return {name: np.array(array, dtype=np.float64) for name, array in drawn.items()}


def _never_moved(trials: Sequence[Trial], name: str) -> bool:
    verdicts = {trial.case.lines[name].verdict for trial in trials if name in trial.case.lines}
    return verdicts == {Verdict.FLAT}
