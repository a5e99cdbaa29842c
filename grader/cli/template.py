"""`grader template`: the student template, derived from the reference."""

from __future__ import annotations

from pathlib import Path

import click

from grader.faults import RequestFault
from grader.handout.template import differences, write_template
from grader.model.assignment import shared_folder

_FOLDER = click.Path(path_type=Path, file_okay=False)
PACKAGE = "pytorchnano"


@click.command("template")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the template is not a fresh strip of the reference.")
@click.option("--reference", type=_FOLDER, help="The reference package; the checkout's unless given.")
@click.option("--into", type=_FOLDER, help="The template package; the checkout's student_template unless given.")
def command(check: bool, reference: Path | None, into: Path | None) -> None:
    """Derive the student template from the reference's solution regions."""
    reference = reference or shared_folder("reference") / PACKAGE
    into = into or _template_of_checkout()
    if reference.resolve() == into.resolve():
        raise RequestFault(f"{into} is the reference itself. Name another folder with --into.")
    if check:
        drift = differences(reference, into)
        for line in drift:
            click.echo(line, err=True)
        if drift:
            click.echo(f"{into} is not a fresh strip of the reference.", err=True)
            click.echo("Edit the reference, never the template, and run `make template`.", err=True)
            raise click.exceptions.Exit(1)
        click.echo(f"{into} is a fresh strip of the reference.")
        return
    try:
        written = write_template(reference, into)
    except OSError as error:
        raise RequestFault(f"The template can't be written into {into}: {error.strerror}.") from error
    click.echo(f"Wrote {len(written)} modules into {into}.")


def _template_of_checkout() -> Path:
    folder = shared_folder("student_template")
    if not folder.is_dir():
        raise RequestFault("This is not a checkout: there is no student_template/ here. Name a folder with --into.")
    return folder / PACKAGE
