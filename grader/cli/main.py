"""`grader`: the command line. A verb is a module of this package with a click command named `command`."""

from __future__ import annotations

import difflib
import importlib
import signal
import sys

import click

from grader import __version__
from grader.faults import EnvironmentFault, GraderFault, RequestFault

VERBS = {
    "run": "Grade one submission.",
    "doctor": "Say what this machine can isolate, train and draw.",
    "data": "Fetch and verify the full MNIST.",
    "schema": "Print the report's JSON Schema.",
    "normalize": "Print a report without what depends on the machine.",
    "check-assignment": "Check an assignment's misconceptions: is each caught and named?",
    "template": "Derive the student template from the reference.",
}


class _Verbs(click.Group):
    """Imports a verb's module when it is asked for: a run does not pay for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        return importlib.import_module(f"grader.cli.{cmd_name.replace('-', '_')}").command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        # click looks for the nearest name among commands that are loaded; none of these is yet.
        if args[0] not in VERBS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], VERBS, n=1, cutoff=0.5)
            ctx.fail(f"There is no command {args[0]!r}. " + (f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(VERBS)}."))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def cli() -> None:
    """Grade neural-network frameworks written from scratch in NumPy.

    Exit status: 0 a report was made, whatever the score; 1 the score is below --fail-under; 2 the request
    was wrong; 3 the grader or the machine failed and points are withheld; 130 interrupted.
    """


def main() -> None:
    """Run the command line and exit with the status that it promises."""
    # A job that is cancelled by `timeout` or a CI cleans up as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # Outside standalone mode click returns the code of an Exit that a verb raised, and a verb's own None otherwise.
        ended = cli.main(prog_name="grader", standalone_mode=False)
        status = ended if isinstance(ended, int) else 0
    except click.exceptions.Exit as end:
        status = end.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("Interrupted: no report was written.", err=True)
        status = 130
    except click.ClickException as error:
        error.show()
        status = 2
    except RequestFault as fault:
        click.echo(f"grader: {fault}", err=True)
        status = fault.exit_status
    except (GraderFault, EnvironmentFault) as fault:
        click.echo(f"grader: {fault}", err=True)
        status = 3
    sys.exit(status)
