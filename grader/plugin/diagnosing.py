"""After the checks: failed ones run again on the reference with each misconception, to name what is likely wrong.

Nothing happens in a run that passes. Whatever goes wrong in here costs a hint and never a point.
"""

from __future__ import annotations

import inspect
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import pytest

from grader.diagnosis.following import Concluded, Departed
from grader.diagnosis.matching import Ending, Failure, Matcher, Named, Rehearsed, reduce_sentence
from grader.diagnosis.transcript import Listener
from grader.diagnosis.words import find_roots, phrase_fit, phrase_hint, phrase_root
from grader.faults import Fault, GraderFault
from grader.model.assignment import shared_folder
from grader.model.misconception import Misconception, load_misconceptions
from grader.model.outcome import Blame, Outcome, Status
from grader.plugin import verdicts
from grader.plugin.definition import CheckDefinition
from grader.plugin.examining import examine_failed
from grader.plugin.fixtures import DEFINITION, TRANSCRIPT
from grader.plugin.grading import Grading
from grader.plugin.packages import Packages
from grader.plugin.seeds import generator
from grader.plugin.submitted import Submitted
from grader.remote.wall import Wall
from grader.remote.worker import Worker

_CALL_CPU_S = 1.0
"""A misconception that computes for longer than this explains nothing in the time there is."""
MOST_BYTES = 256 << 20
"""Answers kept until the diagnosis, all failed checks together."""
MOST_HINT = 1_000
"""Characters."""
MOST_WORK = 2_000
"""What naming may cost, in questions asked: counted and not timed, so that a slow machine names the same.

Two to three seconds of CPU where all of it is spent.
"""
_START_WORK = 12
"""What a worker's start costs, in questions."""


def keep_transcript(item: pytest.Item, outcome: Outcome, grading: Grading) -> None:
    """Keep what led to a failure of the submission's, while there is room, and drop what led to anything else."""
    transcript = item.stash.get(TRANSCRIPT, None)
    if transcript is None:
        return
    failed = outcome.status is Status.FAILED and outcome.blame is Blame.STUDENT
    if failed and grading.heard_bytes + transcript.bytes <= MOST_BYTES:
        grading.heard_bytes += transcript.bytes
    else:
        del item.stash[TRANSCRIPT]


def diagnose(items: Iterable[pytest.Item], grading: Grading) -> None:
    """Write a line of the journal for each failed check whose likely cause is found."""
    if all(outcome.status is not Status.FAILED for outcome in grading.outcomes.values()):
        return
    functions = [item for item in items if isinstance(item, pytest.Function) and DEFINITION in item.stash]
    told: set[str] = set()
    try:
        told |= _name_misconceptions(functions, grading)
        told |= _describe_structures(grading, told)
    except Exception as error:
        grading.journal.write("problem", sentence=f"The diagnosis ended early, which costs no points: {type(error).__name__}: {error}")
        return
    for check, roots in _find_cascades(grading).items():
        if check not in told:
            grading.journal.write("diagnosis", id=check, misconception=None, hint=phrase_root(roots))


def _name_misconceptions(functions: list[pytest.Function], grading: Grading) -> set[str]:
    catalogue = load_misconceptions(grading.assignment.folder / "misconceptions")
    named = _match(functions, grading, catalogue)
    for check, found in named.items():
        hint = phrase_hint([catalogue[name] for name in found.misconceptions], grading.outcomes[check].evidence.hint)
        grading.journal.write("diagnosis", id=check, misconception=" | ".join(found.misconceptions), hint=hint[:MOST_HINT])
    return set(named)


def _describe_structures(grading: Grading, named: set[str]) -> set[str]:
    examined = examine_failed(grading, named)
    for check, fit in examined.items():
        hint = phrase_fit(fit.sentence, grading.outcomes[check].evidence.hint)
        evidence = {"fit": fit.label, "fit_certainty": fit.certainty, "fit_alone": False}
        grading.journal.write("diagnosis", id=check, misconception=None, hint=hint[:MOST_HINT], evidence=evidence)
    return set(examined)


def _match(items: list[pytest.Function], grading: Grading, catalogue: Mapping[str, Misconception]) -> dict[str, Named]:
    failures: dict[str, Failure] = {}
    failing: dict[str, list[pytest.Function]] = {}
    passing: dict[str, list[pytest.Function]] = {}
    for item in items:
        definition = item.stash[DEFINITION]
        outcome = grading.outcomes.get(definition.id)
        if outcome is not None and outcome.status is Status.PASSED:
            passing.setdefault(definition.id, []).append(item)
        transcript = item.stash.get(TRANSCRIPT, None)
        if transcript is not None and definition.id not in failures:
            said = "" if outcome is None else reduce_sentence(outcome.evidence.said, outcome.evidence.hint)
            failures[definition.id] = Failure(definition.id, definition.group, said, transcript)
            failing[definition.id] = [item]
    passed: dict[str, list[str]] = {}
    for check, (item, *_) in passing.items():
        passed.setdefault(item.stash[DEFINITION].group, []).append(check)
    with Rehearsal(grading, catalogue, {**passing, **failing}) as rehearsal:
        items_by_id = {name: one.item for name, one in catalogue.items()}
        return Matcher(items_by_id, rehearsal, passed, _find_freedom(grading)).explain(list(failures.values()))


def _find_cascades(grading: Grading) -> dict[str, list[str]]:
    """Return the items to mend first, by failed check that uses them."""
    failed = {check for check, outcome in grading.outcomes.items() if outcome.status is Status.FAILED}
    broken = {grading.definitions[check].group: True for check in failed}
    found: dict[str, list[str]] = {}
    for check in sorted(failed):
        definition = grading.definitions[check]
        needed = [item for item in _list_needed(grading, definition) if item != definition.group]
        if roots := find_roots(needed, broken):
            found[check] = roots
    return found


def _list_needed(grading: Grading, definition: CheckDefinition) -> list[str]:
    module, _, name = definition.group.partition(".")
    layers: list[list[Any]] = grading.assignment.trainings.get(name, {}).get("layers", []) if module == "training" else []
    return [*(str(layer[0]) for layer in layers), *(check.split("/")[0] for check in definition.after)]


def _find_freedom(grading: Grading) -> Callable[[str, str], bool]:
    """Return what tells whether submissions may well answer a question each in its own way, as the assignment says."""
    free = set(grading.assignment.free)

    def is_free(group: str, question: str) -> bool:
        kind, _, name = question.partition(" ")
        return group in free or kind == "READ" or name.rpartition(" ")[2] in free

    return is_free


class Rehearsal:
    """Runs checks again on misconceptions, each in a worker behind a wall like any submission's. A context manager."""

    def __init__(self, grading: Grading, catalogue: Mapping[str, Misconception], items: Mapping[str, list[pytest.Function]]) -> None:
        """Take the catalogue by id and the functions of each check by its id; the clock starts now."""
        self._grading = grading
        self._catalogue = catalogue
        self._items = items
        self._deadline = time.monotonic() + grading.assignment.limits.diagnosis_s
        self._work = 0
        self._folder = tempfile.TemporaryDirectory(prefix="grader-diagnosis-")
        self._packages = Packages(shared_folder("reference") / grading.assignment.package, Path(self._folder.name))
        self._walls: dict[str, Wall] = {}
        self._idle: dict[str, Worker] = {}

    def __enter__(self) -> Rehearsal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for opened in (*self._idle.values(), *self._walls.values()):
            opened.close()
        self._folder.cleanup()

    def is_spent(self) -> bool:
        """Whether the work that naming may cost is done."""
        return self._work >= MOST_WORK or time.monotonic() >= self._deadline

    def run(self, check: str, misconception: str, listener: Listener | None = None) -> Rehearsed:
        """Run every case of a check on a misconception until one fails; "" is the reference itself."""
        ended = Rehearsed(Ending.UNKNOWN)
        for item in self._items[check]:
            ended = self._run_item(item, misconception, listener)
            if ended.ending is not Ending.PASSED:
                break
        return ended

    def _run_item(self, item: pytest.Function, misconception: str, listener: Listener | None) -> Rehearsed:
        grading, definition = self._grading, item.stash[DEFINITION]
        left_s = max(0.05, self._deadline - time.monotonic())
        limits = replace(grading.limits_of(definition), call_cpu_s=_CALL_CPU_S, call_wall_s=left_s, check_wall_s=left_s)

        # Whether a check passes at all can be asked of a worker that was asked before.
        lent = listener is None and not definition.scratch and not definition.limits

        def start() -> Worker:
            if lent and misconception in self._idle:
                return self._idle.pop(misconception)
            self._work += _START_WORK
            wall = self._open_wall(misconception)
            return wall.worker(seed=grading.seed_of(definition) % 2**32, limits=limits, scratch=definition.scratch)

        submitted = Submitted(start, lambda ending: None, _Both(self, listener))
        try:
            item.obj(**_fill(item, grading, submitted))
            if lent and (worker := submitted.release()) is not None:
                self._idle[misconception] = worker
        except Departed:
            return Rehearsed(Ending.UNKNOWN)
        except Concluded as end:
            return Rehearsed(Ending.FAILED, reduce_sentence(end.said, ""))
        except (Fault, AssertionError) as error:
            outcome = verdicts.judge(error)
            failed = outcome.status is Status.FAILED and not verdicts.is_timeout(error)
            said = reduce_sentence(outcome.evidence.said, outcome.evidence.hint)
            return Rehearsed(Ending.FAILED if failed else Ending.UNKNOWN, said)
        except Exception:
            return Rehearsed(Ending.UNKNOWN)
        finally:
            submitted.close()
        return Rehearsed(Ending.PASSED)

    def hear(self, question: str, given: Any, answer: Any) -> None:
        """Count a question."""
        self._work += 1

    def conclude(self, said: str) -> None:
        """End the check: its failure is known, and nobody reads what would explain it."""
        raise Concluded(said)

    def _open_wall(self, misconception: str) -> Wall:
        wall = self._walls.get(misconception)
        if wall is None:
            edits = self._catalogue[misconception].edits if misconception else []
            wall = self._walls[misconception] = self._grading.wall.beside(self._packages.make(misconception, edits))
        return wall


class _Both:
    """Has two listeners hear."""

    def __init__(self, *listeners: Listener | None) -> None:
        self._listeners = [listener for listener in listeners if listener is not None]

    def hear(self, question: str, given: Any, answer: Any) -> None:
        for listener in self._listeners:
            listener.hear(question, given, answer)

    def conclude(self, said: str) -> None:
        for listener in reversed(self._listeners):
            listener.conclude(said)


def _fill(item: pytest.Function, grading: Grading, submitted: Submitted) -> dict[str, Any]:
    """Return what the check asks for, made afresh; GraderFault where it is something else than the grader's own fixtures."""
    definition = item.stash[DEFINITION]
    seed = grading.seed_of(definition)
    known: dict[str, Callable[[], Any]] = {
        "grading": lambda: grading,
        "definition": lambda: definition,
        "seed": lambda: seed,
        "rng": lambda: generator(seed),
        "submission": lambda: submitted,
        "oracle": lambda: grading.oracle,
        "save_artifact": lambda: _save_nothing,
    }
    given: dict[str, Any] = dict(cast(Any, item).callspec.params) if hasattr(item, "callspec") else {}
    for name in inspect.signature(item.obj).parameters:
        if name not in given:
            if name not in known:
                raise GraderFault(f"{definition.id} asks for {name}, which can't be made again")
            given[name] = known[name]()
    return given


def _save_nothing(name: str, write: Callable[[Path], Any], *, measured: bool = False) -> Path:
    """A check that is run again leaves no pictures."""
    return Path(name)
