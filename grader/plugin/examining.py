"""After the checks: classes whose failures no misconception explains are called again, to describe what they get wrong.

The submission's class answers from one fresh worker for all items together, the reference in this process.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol, cast

import numpy as np

from grader.diagnosis.examination import Array, Caller, Point, Result, call, examine
from grader.diagnosis.fits import TELLING, Fit
from grader.faults import GraderFault
from grader.model.limits import Limits
from grader.model.outcome import Blame, Status
from grader.plugin.grading import Grading

_CALL_CPU_S = 1.0
_WORKER_CPU_S = 3.0
MOST_CALLS = 3_000
"""Of the reference and the submission together, all items: counted and not timed, so that a slow machine says the same."""
_SUBMITTED = 10
"""What a call across the wall costs, in the reference's."""
_SEED = 0


class Examination(Protocol):
    """An assignment's `examination.py`."""

    def draw_points(self, generator: np.random.Generator) -> Mapping[str, list[Point]]:
        """Return the points of each item."""
        ...


def load_examination(path: Path) -> Examination:
    """Import an assignment's file by its path; raises GraderFault where it has no `draw_points`."""
    name = f"_examination_{path.parent.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    if not callable(getattr(module, "draw_points", None)):
        raise GraderFault(f"{path} must have a function draw_points(generator)")
    return cast(Examination, module)


def examine_failed(grading: Grading, named: Iterable[str]) -> dict[str, Fit]:
    """Return the fit for each failed check of an item of which no check was named; a check keeps a fit that knew what is around."""
    failed = _list_failed(grading)
    known = {grading.definitions[check].group for check in named}
    groups = dict.fromkeys(grading.definitions[check].group for check in failed)
    if grading.assignment.examination is None or not (groups := [group for group in groups if group not in known]):
        return {}
    points = load_examination(grading.assignment.examination).draw_points(np.random.default_rng(_SEED))
    asked = [group for group in groups if group in points]
    found = _examine(grading, {group: points[group] for group in asked}) if asked else {}
    return {
        check: found[group] for check in failed if (group := grading.definitions[check].group) in found and not _has_fit(grading, check)
    }


def _list_failed(grading: Grading) -> list[str]:
    outcomes = grading.outcomes.items()
    return [check for check, one in outcomes if one.status is Status.FAILED and one.blame is Blame.STUDENT]


def _has_fit(grading: Grading, check: str) -> bool:
    facts = grading.outcomes[check].evidence.facts
    return "fit" in facts and not facts.get("fit_alone") and facts.get("fit_certainty", 0.0) >= TELLING


def _examine(grading: Grading, points: Mapping[str, list[Point]]) -> dict[str, Fit]:
    counted = _Counted(time.monotonic() + grading.assignment.limits.diagnosis_s / 2)
    found: dict[str, Fit] = {}
    with grading.wall.worker(seed=_SEED, limits=_shorten(grading.assignment.limits)) as worker, np.errstate(all="ignore"):
        modules = {name: worker.module(name) for name in {group.split(".")[0] for group in points}}
        submitted = counted.count(partial(call, SimpleNamespace(**modules)), _SUBMITTED)
        reference = counted.count(partial(call, grading.oracle), 1)
        for group, ones in points.items():
            fit = examine(ones, submitted, reference, counted.is_spent)
            if fit is not None:
                found[group] = fit
    return found


def _shorten(limits: Limits) -> Limits:
    wall_s = limits.diagnosis_s / 2
    return replace(limits, call_cpu_s=_CALL_CPU_S, check_cpu_s=_WORKER_CPU_S, call_wall_s=wall_s, check_wall_s=wall_s)


class _Counted:
    """Counts calls, and says when they were enough."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._calls = 0

    def count(self, caller: Caller, cost: int) -> Caller:
        """Return the caller, counted."""

        def ask(point: Point, changes: Mapping[str, Any], grad: Array | None = None, before: Point | None = None) -> Result:
            self._calls += cost
            return caller(point, changes, grad, before)

        return ask

    def is_spent(self) -> bool:
        """Whether no other array is to be looked at."""
        return self._calls >= MOST_CALLS or time.monotonic() >= self._deadline
