"""`grader schema`: the report's JSON Schema."""

from __future__ import annotations

import click

from grader.formats import json as json_format


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of report.json."""
    click.echo(json_format.schema(), nl=False)
