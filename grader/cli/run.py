"""`grader run`: one submission to one report."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import click

from grader.faults import RequestFault
from grader.formats import terminal
from grader.model.job import Job
from grader.run.job import exit_status, run_job

LEVELS = ("L0", "L1")


@click.command("run")
@click.argument("submission", type=click.Path(path_type=Path, readable=False))  # intake says it better
@click.option("--assignment", required=True, metavar="NAME", help="The assignment's name.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("grader-report"), show_default=True, help="Where the report goes.")
@click.option("--seed", type=click.IntRange(0, 2**48 - 1), help="Seed of the run; random unless given, recorded in the report.")
@click.option("--audience", type=click.Choice(["staff", "student"]), default="staff", show_default=True, help="Who reads the report.")
@click.option("--mnist", type=click.Choice(["subset", "full"]), default="subset", show_default=True, help="Images to train on.")
@click.option("--device", type=click.Choice(["cpu", "gpu"]), default="cpu", show_default=True, help="Where arrays live.")
@click.option("--isolation", type=click.Choice(LEVELS), help="Isolation level; the machine's best unless given.")
@click.option("--only", multiple=True, metavar="GROUP", help="Grade only this group; may be repeated. Never a grade.")
@click.option("--fail-under", type=click.FloatRange(0, 1000), metavar="PERCENT", help="Exit 1 when the score is below.")
def command(fail_under: float | None, **request: Any) -> NoReturn:
    """Grade SUBMISSION (a folder, .zip or .tar.gz) and write OUT/report.json."""
    job = Job(**request)
    if job.device == "gpu":
        raise RequestFault("No check of this version computes on a GPU. Leave --device out, or say --device cpu.")
    started = time.monotonic()
    on_terminal = sys.stderr.isatty()

    def tell(stage: str) -> None:
        if on_terminal:
            # One line that is written over: the summary takes its place.
            click.echo(f"\r\x1b[Kgrader: {stage} ({time.monotonic() - started:.0f} s)", err=True, nl=False)

    try:
        finished = run_job(job, tell)
    finally:
        if on_terminal:
            click.echo("\r\x1b[K", err=True, nl=False)
    text = terminal.render(finished.report, str(job.out / finished.path.name))
    click.echo(terminal.paint(text) if sys.stdout.isatty() else text, nl=False)
    raise click.exceptions.Exit(exit_status(finished.report, fail_under))
