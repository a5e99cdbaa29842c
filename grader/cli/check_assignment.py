"""`grader check-assignment`: what an instructor should know before students do."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import click

from grader.faults import RequestFault
from grader.model.assignment import Assignment, find_assignment, shared_folder
from grader.model.job import Job
from grader.model.misconception import Misconception, apply_edits, load_misconceptions
from grader.model.report import CheckResult
from grader.run.job import run_job

_SEED = 3


@dataclass(frozen=True)
class Tried:
    """What became of one misconception as a submission."""

    name: str
    """Its id."""
    lost: float
    """Points that its own item lost to failed checks."""
    possible: float
    """Points of that item."""
    naming: str
    """By which name the failed checks called it, in words."""

    @property
    def caught(self) -> bool:
        """Whether its own item lost points."""
        return self.lost > 0


@click.command("check-assignment")
@click.argument("name", metavar="NAME")
@click.option("--misconceptions", is_flag=True, help="Try every misconception: is it caught, and named as itself?")
@click.option("--only", multiple=True, metavar="ID_OR_ITEM", help="Only this misconception, or those of this item; may be repeated.")
@click.pass_context
def command(ctx: click.Context, name: str, misconceptions: bool, only: tuple[str, ...]) -> None:
    """Check the assignment NAME; exit 1 when something is wrong with it."""
    assignment = find_assignment(name)
    if not misconceptions:
        raise RequestFault("Say what to check: --misconceptions.")
    catalogue = choose(load_misconceptions(assignment.folder / "misconceptions"), only)
    started = time.monotonic()
    rows: list[Tried] = []
    for number, (entry, one) in enumerate(catalogue.items(), 1):
        rows.append(try_misconception(assignment, entry, one))
        click.echo(f"{number} of {len(catalogue)} ({time.monotonic() - started:.0f} s): {entry}", err=True)
    click.echo(render(rows))
    ctx.exit(0 if all(row.caught for row in rows) else 1)


def choose(catalogue: Mapping[str, Misconception], only: Iterable[str]) -> dict[str, Misconception]:
    """Return the entries asked for by id or item; RequestFault names the nearest one where there is none."""
    known = [*catalogue, *dict.fromkeys(one.item for one in catalogue.values())]
    for word in only:
        if word not in known:
            near = get_close_matches(word, known, n=1, cutoff=0.4)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise RequestFault(f"There is no misconception {word!r}, and none of such an item.{hint}")
    wanted = set(only)
    return {name: one for name, one in catalogue.items() if not wanted or name in wanted or one.item in wanted}


def try_misconception(assignment: Assignment, name: str, one: Misconception) -> Tried:
    """Grade the reference with the edits of one misconception, its own item alone."""
    with tempfile.TemporaryDirectory(prefix="grader-misconception-") as folder:
        apply_edits(one.edits, shared_folder("reference") / assignment.package, Path(folder) / "submission")
        job = Job(Path(folder) / "submission", assignment.name, Path(folder) / "out", seed=_SEED, only=(one.item,))
        report = run_job(job, root=assignment.folder.parent).report
    failed = [check for check in report.checks if check.group == one.item and check.status == "failed"]
    possible = sum(check.points for check in report.checks if check.group == one.item)
    return Tried(name, sum(check.points for check in failed), possible, phrase_naming(name, failed))


def phrase_naming(name: str, failed: Iterable[CheckResult]) -> str:
    """Say by which names the failed checks call a misconception."""
    said = [check.misconception.split(" | ") for check in failed if check.misconception]
    if not said:
        return "not named"
    wrong = sorted({other for names in said if name not in names for other in names})
    if wrong:
        return f"confused with {', '.join(wrong)}"
    if [name] in said:
        return "itself"
    return f"together with {', '.join(sorted({other for names in said for other in names} - {name}))}"


def render(rows: list[Tried]) -> str:
    """Return the table, and a line that counts."""
    width = max((len(row.name) for row in rows), default=0)
    lines = [f"{'misconception':<{width}}  caught          named"]
    for row in rows:
        caught = f"{row.lost:g} of {row.possible:g}" if row.caught else "NOT CAUGHT"
        lines.append(f"{row.name:<{width}}  {caught:<14}  {row.naming}")
    kinds = ("itself", "together", "confused", "not named")
    counts = {kind: sum(row.naming.startswith(kind) for row in rows) for kind in kinds}
    missed = sum(not row.caught for row in rows)
    lines.append(f"{len(rows)} misconceptions, {missed} not caught; named: " + ", ".join(f"{kind} {n}" for kind, n in counts.items()))
    return "\n".join(lines)
