"""`grader normalize`: a report without what depends on the machine."""

from __future__ import annotations

from pathlib import Path

import click

from grader.faults import RequestFault
from grader.formats import json as json_format


@click.command("normalize")
@click.argument("report", type=click.Path(path_type=Path, dir_okay=False))
def command(report: Path) -> None:
    """Print REPORT without what depends on the machine: two runs with one seed are then equal."""
    try:
        text = report.read_text(encoding="utf-8")
        click.echo(json_format.normalize(text), nl=False)
    except OSError as error:
        raise RequestFault(f"{report} can't be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RequestFault(f"{report} is not a report of this grader ({type(error).__name__}: {error}).") from error
