"""pytest's hooks: collection, order, outcomes. A session loads this plugin and `fixtures` (`-p grader.plugin.hooks`)."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Generator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import pytest

from grader.faults import GraderFault
from grader.model.assignment import load_assignment
from grader.model.evidence import Evidence
from grader.model.job import Session
from grader.model.outcome import Blame, Outcome, Status
from grader.plugin import verdicts
from grader.plugin.definition import CheckDefinition, define
from grader.plugin.diagnosing import diagnose, keep_transcript
from grader.plugin.fixtures import DEFINITION, GRADING
from grader.plugin.grading import TIMEOUTS_BEFORE_THE_REST_FAILS, Grading
from grader.plugin.journal import outcome_record
from grader.plugin.ordering import order, select
from grader.plugin.submitted import Submitted

SESSION_VARIABLE = "GRADER_SESSION"
PARENT_VARIABLE = "GRADER_PID"
OUTCOME = pytest.StashKey[Outcome]()
SECONDS = pytest.StashKey[float]()
_PR_SET_PDEATHSIG = 1
_ALLOCATED_BEFORE_COLLECTING = 10_000


def pytest_configure(config: pytest.Config) -> None:
    """Read what this session is told, and register the mark."""
    config.addinivalue_line(
        "markers", "check(group, points=1, after=(), limits=None, scratch='', preload=(), timed=False, holds=()): a check of the contract"
    )
    _die_with(os.environ.get(PARENT_VARIABLE))
    told = json.loads(Path(os.environ[SESSION_VARIABLE]).read_text(encoding="utf-8"))
    told["only"] = tuple(told["only"])
    session = Session(**told)
    config.stash[GRADING] = Grading(session, load_assignment(Path(session.assignment)))


def _die_with(grader: str | None) -> None:
    """Have the kernel kill this session when the grader that started it ends: one that is killed can't do it itself.

    Workers need no more than that: a zygote whose session is gone ends every one of them.
    """
    if grader is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != int(grader):  # it ended before the kernel knew
        os._exit(1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give every item its definition, drop what is not asked for, and sort."""
    state = config.stash[GRADING]
    of_check: dict[str, list[pytest.Item]] = {}
    problems: list[str] = []
    for item in items:
        try:
            found = _definition_of(item, state)
        except GraderFault as fault:
            problems.append(str(fault))
            continue
        item.stash[DEFINITION] = found
        known = state.definitions.setdefault(found.id, found)
        if known is not found and known != found:
            problems.append(f"two checks are called {found.id}")
        of_check.setdefault(found.id, []).append(item)
    everything = list(state.definitions.values())
    problems += [
        f"{d.id} comes after {name}, which does not exist" for d in everything for name in d.after if name not in state.definitions
    ]
    scored, needed = select(everything, state.session.only, state.session.visibility)
    state.scored = scored
    running = [d for d in everything if d.id in scored or d.id in needed]
    for d in everything:
        state.journal.write("check", **asdict(d), scored=d.id in scored, running=d.id in scored or d.id in needed)
    for problem in problems:
        state.journal.write("problem", sentence=f"The assignment is at fault: {problem}.")
    items[:] = [item for name in order(running, state.session.shuffle) for item in of_check[name]]


def pytest_collection_finish() -> None:
    """Spare the checks the search for garbage among what is loaded, which lives as long as the session."""
    gc.freeze()
    gc.set_threshold(_ALLOCATED_BEFORE_COLLECTING)


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Print no dot for what passed: nobody reads along, and each is a write to the log."""
    return ("passed" if report.when == "call" else "", "", "") if report.passed else None


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file of checks that can't be imported is the grader's fault; the other files still run."""
    if report.failed:
        _failed_collections.append(f"{Path(report.nodeid).name}: {str(report.longrepr).strip().splitlines()[-1][:300]}")


_failed_collections: list[str] = []


def _definition_of(item: pytest.Item, state: Grading) -> CheckDefinition:
    mark = item.get_closest_marker("check")
    if mark is None or not isinstance(item, pytest.Function):
        raise GraderFault(f"{item.nodeid} has no mark `check`")
    return define(cast(Callable[..., Any], item.obj), mark.args, dict(mark.kwargs), item.path.parent.name, state.assignment)


class _Decided(Exception):
    """The outcome is known before the check runs."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.evidence.said)
        self.outcome = outcome


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what can't say anything: a prerequisite failed, or the item keeps running into limits."""
    state = item.config.stash[GRADING]
    found = item.stash[DEFINITION]
    blocked = state.obstacle(found)
    if blocked is not None:
        name, outcome = blocked
        if outcome.status is Status.UNDECIDED:
            raise _Decided(verdicts.undecided_after(name, outcome.blame))
        raise _Decided(verdicts.skipped(name, name.split("/")[0]))
    frameworks = state.frameworks_behind(found.group)
    if frameworks:
        raise _Decided(verdicts.failed_for_framework(found.group, frameworks))
    spent = state.used_up()
    if spent is not None:
        raise _Decided(spent)
    timeouts = state.timeouts[found.group]
    if timeouts >= TIMEOUTS_BEFORE_THE_REST_FAILS:
        raise _Decided(verdicts.failed_unrun(found.group, timeouts))


def _notes_of(item: pytest.Item) -> Evidence | None:
    submitted = getattr(item, "funcargs", {}).get("submission")
    notes: list[str] = submitted.notes if isinstance(submitted, Submitted) else []
    return Evidence(said="\n".join(notes[:3]), facts={"notes": notes}) if notes else None


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn each phase's end into the outcome; at teardown it leaves for the journal and the JSON report."""
    state = item.config.stash[GRADING]
    found = item.stash[DEFINITION]
    outcome = item.stash.get(OUTCOME, None)
    error = call.excinfo.value if call.excinfo is not None else None
    item.stash[SECONDS] = item.stash.get(SECONDS, 0.0) + call.duration
    if error is not None:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            return (yield)
        judged = error.outcome if isinstance(error, _Decided) else verdicts.judge(error)
        if outcome is None or outcome.status is Status.PASSED:
            outcome = judged
        if verdicts.is_timeout(error):
            state.timeouts[found.group] += 1
    elif call.when == "call" and outcome is None:
        outcome = verdicts.passed(_notes_of(item))
    if outcome is not None:
        item.stash[OUTCOME] = outcome
    if call.when == "teardown":
        missing = Outcome(Status.UNDECIDED, Blame.GRADER, Evidence(said="The check did not come to an end."))
        final = state.record(found.id, replace(outcome or missing, seconds=item.stash[SECONDS]))
        record = outcome_record(found.id, final)
        item.user_properties.append(("outcome", record))
        state.journal.write("outcome", **record)
        keep_transcript(item, outcome or missing, state)
    return (yield)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the workers, then say so: a journal without its last line is a session that was cut."""
    state = session.config.stash[GRADING]
    for sentence in _failed_collections:
        state.journal.write("problem", sentence=f"The assignment is at fault: a file of checks can't be loaded: {sentence}.")
    diagnose(session.items, state)
    state.close()
    state.journal.write("end")
    state.journal.close()
