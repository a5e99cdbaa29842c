"""`grader data`: the full MNIST, fetched and verified."""

from __future__ import annotations

from pathlib import Path

import click

from grader.datasets import fetch, mnist_folder, verify


@click.group("data", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Fetch or verify the full MNIST, the 70,000 images of `grader run --mnist full`.

    It lies in the folder that MNIST_DIR names, else in grader/mnist of the user's cache. The subset that grading
    uses by default comes with the package and needs none of this.
    """


@command.command("fetch")
@click.option("--from", "source", type=click.Path(path_type=Path), metavar="PATH", help="A folder that holds the files, raw or .gz.")
def fetch_command(source: Path | None) -> None:
    """Put the four MNIST files into their folder, each verified by its SHA-256; right ones already there are kept."""
    folder = mnist_folder()
    fetch(folder, source=source, said=click.echo)
    click.echo(f"The full MNIST is in {folder}.")


@command.command("verify")
def verify_command() -> None:
    """Say of each of the four MNIST files whether it is the right one; exit 3 unless all are."""
    folder = mnist_folder()
    statuses = verify(folder)
    for file in statuses:
        click.echo(f"{file.status:<10}  {file.said}")
    if any(file.status != "verified" for file in statuses):
        click.echo(f"The full MNIST is not in {folder}. `grader data fetch` gets what is missing.", err=True)
        raise click.exceptions.Exit(3)
    click.echo(f"The full MNIST is in {folder}.")
