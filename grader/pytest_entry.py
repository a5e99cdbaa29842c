"""The plugin that pytest finds: a bare `pytest` in a student's folder becomes a job over the public checks.

A student's folder is one whose `pyproject.toml` says `[tool.grader] assignment = "NAME"`. Elsewhere, or when paths are
named on the command line, pytest does what it always does. Imports are late: every pytest run of the environment loads this.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_OUT = ".grader"


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Run the job instead of a test session where the folder asks for it; 0 when every public check passed, else 1."""
    if config.option.help or config.option.version or config.args_source == config.ArgsSource.ARGS:
        return None
    folder = config.rootpath
    name = _assignment_named_in(folder / "pyproject.toml")
    if name is None:
        return None
    return _run(folder, name)


def _assignment_named_in(path: Path) -> str | None:
    """Return `tool.grader.assignment`, or None where there is none."""
    import tomllib

    try:
        name = tomllib.loads(path.read_text(encoding="utf-8"))["tool"]["grader"]["assignment"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) else None


def _run(folder: Path, name: str) -> int:
    from grader.faults import Fault, RequestFault
    from grader.formats import terminal
    from grader.model.job import Job
    from grader.run.job import run_job

    try:
        finished = run_job(Job(folder, name, folder / _OUT, seed=0, audience="student", visibility="public"))
    except KeyboardInterrupt:
        print("Interrupted: no report was written.", file=sys.stderr)
        return 130
    except Fault as fault:
        print(f"grader: {fault}", file=sys.stderr)
        return fault.exit_status if isinstance(fault, RequestFault) else 3
    text = terminal.render(finished.report, f"{_OUT}/report.json")
    print(terminal.paint(text) if sys.stdout.isatty() else text, end="")
    checks = finished.report.checks
    if any(check.status == "undecided" for check in checks):
        return 3
    return 0 if all(check.status == "passed" for check in checks) else 1
