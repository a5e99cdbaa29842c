"""Several cases, one judgement: a fault ends it, a case that can't tell is drawn again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.gradients.case import Case, run_case
from grader.gradients.findings import Finding
from grader.gradients.line import FIRST_STEP, Line, Verdict
from grader.gradients.subject import Array, Subject

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
    def run(generator: np.random.Generator) -> Case:
        point, decoy = _as_point(draw(generator)), _as_point((draw_decoy or draw)(generator))
        return run_case(subject, point, decoy, judged, generator, first_step=first_step, output_shape=output_shape)

    trials: list[Trial] = []
    left_out = dict.fromkeys(judged, 0)
    for number in range(cases):
        trials += _draw_until_clear(run, (seed, number))
        last = trials[-1].case
        for name in _blind(last):
            left_out[name] += 1
        if _is_decided(last):
            break
    flat = tuple(name for name in judged if _never_moved(trials, name))
    return Judgement(tuple(trials), left_out, flat)


def _draw_until_clear(run: Callable[[np.random.Generator], Case], seed: tuple[int, int]) -> Iterator[Trial]:
    for attempt in range(REDRAWS):
        case = run(np.random.default_rng((*seed, attempt)))
        yield Trial(case, (*seed, attempt))
        if _is_decided(case) or not _blind(case):
            return


def _as_point(drawn: Mapping[str, Array]) -> dict[str, Array]:
    return {name: np.array(array, dtype=np.float64) for name, array in drawn.items()}


def _blind(case: Case) -> list[str]:
    return [name for name, line in case.lines.items() if line.verdict is Verdict.BLIND]


def _is_decided(case: Case) -> bool:
    return bool(case.findings) or any(line.verdict is Verdict.WRONG for line in case.lines.values())


def _never_moved(trials: Sequence[Trial], name: str) -> bool:
    verdicts = {trial.case.lines[name].verdict for trial in trials if name in trial.case.lines}
    return verdicts == {Verdict.FLAT}
