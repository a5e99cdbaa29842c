"""One job from request to report."""

from __future__ import annotations

import os
import platform
import resource
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path

from grader import __version__
from grader.faults import RequestFault
from grader.formats import json as json_format
from grader.model.assignment import Assignment, find_assignment
from grader.model.job import Job, Session
from grader.model.report import AssignmentNamed, FileNamed, IsolationReached, Report, Run, SubmissionNamed
from grader.model.submission import Submission
from grader.model.workspace import assemble
from grader.run.audience import redact
from grader.run.finish import finish_checks, list_artifacts, score_groups, totals
from grader.run.session import Ran, run_session
from grader.sources import open_submission

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Finished:
    """A job's end."""

    report: Report
    """As its audience may read it."""
    path: Path
    """Where `report.json` lies."""


def run_job(job: Job, tell: Tell = lambda _: None, root: Path | None = None, shuffle: int | None = None) -> Finished:
    """Grade one submission and write its report; raises `RequestFault` only, and before anything is graded.

    `tell` is given a few words whenever another stage begins. `root` holds the assignments.
    """
    started = datetime.now(UTC)
    clock = time.monotonic()
    assignment = find_assignment(job.assignment, root)
    _check_groups(assignment, job.only)
    if job.mnist == "full":
        _require_full_mnist()
    out = _writable(job.out)
    with open_submission(job.submission) as submission, tempfile.TemporaryDirectory(prefix="grader-") as folder:
        tell("running the checks")
        artifacts = Path(folder) / "artifacts"
        artifacts.mkdir()
        seed = job.seed if job.seed is not None else secrets.randbits(48)
        session = Session(
            assignment=str(assignment.folder),
            workspace=str(assemble(submission).root),
            digest=submission.sha256,
            seed=seed,
            public_seed=job.seed or 0,
            journal=str(Path(folder) / "journal.jsonl"),
            artifacts=str(artifacts),
            mnist=job.mnist,
            device=job.device,
            isolation=job.isolation,
            only=job.only,
            visibility=job.visibility,
            shuffle=shuffle,
        )
        neutral = Path(folder) / "session"
        neutral.mkdir()
        ran = run_session(session, assignment, neutral, lambda done, of: tell(f"{done} of {of} checks"))
        tell("writing the report")
        report = redact(_report(job, assignment, submission, ran, artifacts, seed, started, clock), job.audience)
        _publish(report, artifacts, out)
    return Finished(report, out / "report.json")


def _report(
    job: Job, assignment: Assignment, submission: Submission, ran: Ran, artifacts: Path, seed: int, started: datetime, clock: float
) -> Report:
    checks = finish_checks(assignment, ran, job.only, job.visibility)
    score, maximum, withheld = totals(checks)
    files = tuple(FileNamed(file.path, file.bytes, file.sha256) for file in submission.files)
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    level, layers = ran.isolation
    return Report(
        assignment=AssignmentNamed(assignment.name, assignment.version, assignment.title, assignment.digest()),
        submission=SubmissionNamed(submission.id, submission.owners, submission.sha256, files, submission.notes),
        score=score,
        max_score=maximum,
        withheld=withheld,
        groups=score_groups(assignment, checks),
        checks=checks,
        artifacts=list_artifacts(ran, artifacts),
        run=Run(
            grader_version=__version__,
            python=platform.python_version(),
            numpy=version("numpy"),
            platform=f"{platform.system()} {platform.release()} {platform.machine()}",
            seed=seed,
            isolation=IsolationReached(level, layers),
            device=job.device,
            started=started.isoformat(timespec="seconds"),
            wall_s=round(time.monotonic() - clock, 3),
            cpu_s=round(own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime, 3),
            peak_memory_mb=round(max(own.ru_maxrss, children.ru_maxrss) / (1024 if sys.platform != "darwin" else 2**20), 1),
            partial=bool(job.only) or job.visibility != "all",
        ),
        problems=ran.problems,
    )


def _check_groups(assignment: Assignment, only: tuple[str, ...]) -> None:
    for name in only:
        if name not in assignment.groups:
            near = get_close_matches(name, assignment.groups, n=1, cutoff=0.4)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(assignment.groups)}."
            raise RequestFault(f"The assignment {assignment.name} has no group {name!r}. {hint}")


def _require_full_mnist() -> None:
    """Say what is missing now, and not when the last checks ask for it."""
    from grader.datasets import load_full  # brings NumPy: who grades on the subset does not pay for it here

    load_full()


def _writable(out: Path) -> Path:
    """Return the report's folder, made if need be; say so now if nothing can be written there."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=out, prefix=".grader-"):
            pass
    except OSError as error:
        raise RequestFault(f"The report can't be written to {out}: {error.strerror}. Name another folder with --out.") from error
    return out.resolve()


def _publish(report: Report, artifacts: Path, out: Path) -> None:
    """Copy the artifacts that the report names, then write the report and put it in place in one step."""
    for artifact in report.artifacts:
        shutil.copyfile(artifacts / artifact.path, out / artifact.path)
    text = json_format.render(report)
    with tempfile.NamedTemporaryFile("w", dir=out, prefix=".report-", suffix=".json", delete=False, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, 0o644)
    os.replace(file.name, out / "report.json")


def exit_status(report: Report, fail_under: float | None = None) -> int:
    """Return 3 when points are withheld, 1 when the percentage is below `fail_under`, else 0."""
    if report.withheld or (report.problems and not report.checks):
        return 3
    return 1 if fail_under is not None and report.percent < fail_under else 0
