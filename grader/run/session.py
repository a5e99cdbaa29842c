"""Start the process that runs the checks, and read what it left behind.

The session is a pytest process of its own: a crash of it costs the check that was running, and the journal keeps the rest.
It is started in an empty folder with a clean environment, so that nothing of a submission or of the caller configures it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from grader.model.assignment import Assignment
from grader.model.job import Session

_GRACE_S = 30.0
_LOOK_S = 0.5
_KEPT_VARIABLES = (
    "PATH",
    "LANG",
    "LC_ALL",
    "SYSTEMROOT",
    "CUDA_VISIBLE_DEVICES",
    "MNIST_DIR",
    "XDG_CACHE_HOME",
    "HOME",
    "TMPDIR",
    "COVERAGE_PROCESS_START",
    # The session's modules and the checks are imported nowhere else: unless the caller forbids it, they are compiled once.
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPYCACHEPREFIX",
)
_UNUSED_PLUGINS = (
    *("cacheprovider", "stepwise", "debugging", "unittest", "doctest", "pastebin", "junitxml", "setuponly", "setupplan"),
    *("capture", "logging", "warnings", "unraisableexception", "threadexception", "subtests"),
)
"""What pytest brings that no check asks for: half of its time, at its start and around each check."""
_PLUGINS = ("pytest_metadata.plugin", "pytest_jsonreport.plugin", "grader.plugin.fixtures", "grader.plugin.hooks")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Ran:
    """What the session left."""

    checks: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """Definitions by id, as collected."""
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """By id; a check that was running when the session died is missing."""
    artifacts: tuple[dict[str, Any], ...] = ()
    """Files that checks wrote."""
    isolation: tuple[str, tuple[str, ...]] = ("none", ())
    """Level and layers in force."""
    problems: tuple[str, ...] = ()
    """Sentences about the run."""
    complete: bool = False
    """Whether the session came to its end."""


def run_session(session: Session, assignment: Assignment, folder: Path, progress: Progress = lambda done, of: None) -> Ran:
    """Run the checks in a process of their own, started in the empty `folder`; never raises for what happens in there.

    `progress(done, of)` is called now and then with the number of checks that ended and that run.
    """
    told = folder / "session.json"
    told.write_text(json.dumps(asdict(session)), encoding="utf-8")
    json_report = folder / "pytest.json"
    log = folder / "pytest.log"
    problems: list[str] = []
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pytest", *pytest_arguments(session, assignment, json_report)],
            cwd=folder,
            env=_environment(told),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, assignment.limits.run_wall_s + _GRACE_S, Path(session.journal), progress)
        except subprocess.TimeoutExpired:
            problems.append(
                f"The run was stopped after {assignment.limits.run_wall_s:g} s (run_wall_s); checks that had not run are withheld."
            )
        finally:
            _end(process)
    ran = read_session(Path(session.journal), json_report)
    if not ran.complete and not problems:
        said = log.read_text(errors="replace").strip().splitlines()[-3:]
        problems.append(f"The session of checks ended early (status {process.returncode}): {' | '.join(said)[:500]}")
    return Ran(
        checks=ran.checks,
        outcomes=ran.outcomes,
        artifacts=ran.artifacts,
        isolation=ran.isolation,
        problems=(*ran.problems, *problems),
        complete=ran.complete,
    )


def _wait(process: subprocess.Popen[bytes], limit_s: float, journal: Path, progress: Progress) -> None:
    """Wait for the session's end and tell how far it is; raises TimeoutExpired after `limit_s` wall seconds."""
    deadline = time.monotonic() + limit_s
    while True:
        try:
            process.wait(min(_LOOK_S, max(0.0, deadline - time.monotonic())))
            return
        except subprocess.TimeoutExpired:
            if time.monotonic() >= deadline:
                raise
        lines = journal.read_bytes() if journal.exists() else b""
        running = lines.count(b'"running": true')
        if running:
            progress(lines.count(b'{"kind": "outcome"'), running)


def read_session(journal: Path, json_report: Path) -> Ran:
    """Merge the JSON report (when the session came to its end) and the journal (which always knows what happened)."""
    checks: dict[str, dict[str, Any]] = {}
    outcomes: dict[str, dict[str, Any]] = {}
    diagnoses: dict[str, dict[str, Any]] = {}
    artifacts: list[dict[str, Any]] = []
    problems: list[str] = []
    isolation: tuple[str, tuple[str, ...]] = ("none", ())
    complete = False
    for line in _lines(journal):
        kind = line.pop("kind", None)
        if kind == "check":
            checks[line["id"]] = line
        elif kind == "outcome":
            outcomes[line["id"]] = line
        elif kind == "diagnosis":
            diagnoses[line["id"]] = line
        elif kind == "artifact":
            artifacts.append(line)
        elif kind == "problem":
            problems.append(line["sentence"])
        elif kind == "isolation":
            isolation = (line["level"], tuple(line["layers"]))
        elif kind == "end":
            complete = True
    outcomes.update(_reported(json_report))
    for check, found in diagnoses.items():
        if check in outcomes:
            evidence: dict[str, Any] = {**(outcomes[check].get("evidence") or {}), **found.get("evidence", {})}
            outcomes[check] = {**outcomes[check], **found, "evidence": evidence}
    return Ran(checks, outcomes, tuple(artifacts), isolation, tuple(problems), complete)


def _reported(json_report: Path) -> dict[str, dict[str, Any]]:
    """Outcomes from pytest-json-report's file, by check id; empty when the session did not live to write it."""
    try:
        tests = json.loads(json_report.read_text(encoding="utf-8")).get("tests", [])
    except (OSError, ValueError):
        return {}
    found: dict[str, dict[str, Any]] = {}
    for test in tests:
        for entry in test.get("user_properties", []):
            if "outcome" in entry:
                found[entry["outcome"]["id"]] = entry["outcome"]
    return found


def _lines(journal: Path) -> list[dict[str, Any]]:
    """The journal's lines; one that was cut by a kill is left out."""
    try:
        text = journal.read_text(encoding="utf-8")
    except OSError:
        return []
    lines: list[dict[str, Any]] = []
    for line in text.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return lines


def pytest_arguments(session: Session, assignment: Assignment, json_report: Path) -> list[str]:
    """Return what pytest is told: our plugin, the assignment's checks, and nothing that a caller or a submission configures."""
    folders = ("public",) if session.visibility == "public" else ("public", "hidden")
    return [
        "-q",
        "--no-header",
        "--tb=short",
        *(f"-pno:{name}" for name in _UNUSED_PLUGINS),
        *(f"-p{name}" for name in _PLUGINS),
        "--json-report",
        f"--json-report-file={json_report}",
        "--json-report-omit",
        *("keywords", "streams", "log", "collectors", "traceback", "warnings"),
        "--continue-on-collection-errors",
        *(["--collect-only"] if session.collect_only else []),
        "--assert=plain",
        "--import-mode=importlib",
        f"--rootdir={assignment.folder}",
        f"--confcutdir={assignment.folder}",
        "-c",
        os.devnull,
        *(str(assignment.folder / name) for name in folders if (assignment.folder / name).is_dir()),
    ]


def _environment(told: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return kept | {
        "GRADER_SESSION": str(told),
        "GRADER_PID": str(os.getpid()),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONHASHSEED": "0",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing of the session alive: an interrupt first, so that it can end its workers, then a kill of its group."""
    try:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5.0)
    finally:  # whoever loses patience and interrupts a second time leaves nothing behind either
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
