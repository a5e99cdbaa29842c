"""What a person reads in the terminal: groups, points, the first three things to fix. Fits 80 columns, plain ASCII-safe text.

`render` returns plain lines; `paint` adds colours where a terminal reads them.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from grader.model.report import CheckResult, Report

WIDTH = 79
_LINES = 6
"""Of one thing to fix; the rest is in the report."""
_NAME = 32
_THINGS = 3
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def render(report: Report, where: str = "") -> str:
    """Return the summary; `where` says in which file the rest is."""
    lines = [*_heading(report), "", *_groups(report), "", *_totals(report)]
    things = things_to_fix(report)
    if things:
        lines += ["", "Fix first:"]
        for number, thing in enumerate(things[:_THINGS], start=1):
            lines += _numbered(number, thing)
        if len(things) > _THINGS:
            lines.append(f"  ... and {_count(len(things) - _THINGS, 'more item')}.")
    for problem in report.problems:
        lines += ["", *_wrapped(f"! {problem}", indent="  ")]
    if where:
        lines += ["", f"Everything: {where}"]
    return "\n".join(printable(line) for line in lines) + "\n"


def printable(text: str) -> str:
    """Replace control characters, so that no name or message of a submission can paint on the terminal."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


@dataclass(frozen=True)
class Thing:
    """One thing to fix."""

    groups: tuple[str, ...]
    """The contract items at fault, the one that costs most first; several where one cause breaks them all."""
    unlocks: float
    """The points that it costs, with those of the checks that wait for it."""
    check: CheckResult
    """The failed check of the first item that is worth most: mathematics before manners."""


def things_to_fix(report: Report) -> list[Thing]:
    """Return the items at fault, the one that unlocks most points first; items that fail with one message are one thing."""
    by_id = {check.id: check for check in report.checks}
    unlocks: dict[str, float] = {}
    chief: dict[str, CheckResult] = {}
    for check in report.checks:
        if check.status == "failed":
            known = chief.get(check.group)
            chief[check.group] = check if known is None or check.points > known.points else known
        if check.status in ("failed", "skipped"):
            root = _root(check, by_id)
            unlocks[root] = unlocks.get(root, 0.0) + check.points
    causes: dict[str, list[str]] = {}
    for group in sorted(chief, key=lambda group: -unlocks.get(group, 0.0)):
        causes.setdefault(_cause(chief[group]), []).append(group)
    things = [Thing(tuple(groups), sum(unlocks.get(group, 0.0) for group in groups), chief[groups[0]]) for groups in causes.values()]
    return sorted(things, key=lambda thing: -thing.unlocks)


def _cause(check: CheckResult) -> str:
    """What two items must share to be one thing: an import that fails is the same mistake wherever it shows."""
    return check.message if "can't be imported" in check.message else check.group


def _root(check: CheckResult, by_id: dict[str, CheckResult]) -> str:
    """The group whose failure is at the root of this check's."""
    for _ in range(len(by_id)):
        before = check.evidence.get("after") if check.status == "skipped" else None
        if before not in by_id:
            break
        check = by_id[str(before)]
    return check.group


def _heading(report: Report) -> list[str]:
    submission = report.submission
    lines = _wrapped(f"{report.assignment.title}: {submission.id}")
    if report.run.partial:
        lines.append("Only a part of the checks ran: this is not a grade.")
    for note in submission.notes[:5]:
        lines += _wrapped(f"note: {note}", indent="      ")
    if len(submission.notes) > 5:
        lines.append(f"note: ... and {_count(len(submission.notes) - 5, 'more note')} in the report.")
    return lines


def _groups(report: Report) -> list[str]:
    lines: list[str] = []
    for group in report.groups:
        checks = [check for check in report.checks if check.group == group.name]
        counts = {status: sum(check.status == status for check in checks) for status in ("passed", "failed", "skipped", "undecided")}
        said = ", ".join(f"{count} {status}" for status, count in counts.items() if count and (status != "passed" or count == len(checks)))
        if group.possible == 0 and not counts["failed"]:
            continue
        mark = "ok " if counts["passed"] == len(checks) else "-- " if not counts["failed"] else "x  "
        points = f"{group.earned:5.4g} /{group.possible:5.4g}{' bonus' if group.bonus else '      '}"
        lines.append(f"  {mark}{group.name:<{_NAME}} {points}  {said}".rstrip()[:WIDTH])
    return lines


def _totals(report: Report) -> list[str]:
    lines = [f"  Score: {report.score:g} of {report.max_score:g} points ({report.percent:.1f} %)"]
    if report.withheld:
        lines += _wrapped(
            f"Withheld: {report.withheld:g} points could not be decided through no fault of the submission; a person must look.",
            indent="  ",
        )
    return lines


def _numbered(number: int, thing: Thing) -> list[str]:
    check = thing.check
    first, *others = thing.groups
    who = first if not others else f"{first} and {_count(len(others), 'other item')}"
    checked = "" if others else f"{check.title}: "
    text = f"{number}. {who} ({thing.unlocks:g} points): {checked}{_say_fault(check)}"
    lines = textwrap.wrap(printable(text), WIDTH - 2, subsequent_indent="     ", break_long_words=True)
    return [f"  {line}" for line in (lines if len(lines) <= _LINES else [*lines[: _LINES - 1], lines[_LINES - 1][: WIDTH - 6] + " ..."])]


def _say_fault(check: CheckResult) -> str:
    """The likely cause with the numbers where there are some; else what was seen, then the likely cause."""
    seen, *more = (" ".join(line.split()) for line in check.message.splitlines() or [""])
    hint = " ".join(check.hint.split())
    numbers = [line for line in more if line.startswith(("expected:", "got:", "at:"))]
    if hint and numbers:
        return f"{hint} ({'; '.join(numbers)})"
    return " ".join(part for part in (seen, *more, hint) if part)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(printable(text), WIDTH, initial_indent=indent[:2] if indent == "  " else "", subsequent_indent=indent) or [""]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def paint(text: str) -> str:
    """Return the summary with colours for a terminal."""
    painted: list[str] = []
    for line in text.splitlines():
        if line.startswith("  ok "):
            line = f"\x1b[32m{line}\x1b[0m"
        elif line.startswith("  x  "):
            line = f"\x1b[31m{line}\x1b[0m"
        elif line.startswith(("  -- ", "  ! ")):
            line = f"\x1b[33m{line}\x1b[0m"
        elif line.startswith("  Score:") or line == "Fix first:":
            line = f"\x1b[1m{line}\x1b[0m"
        painted.append(line)
    return "\n".join(painted) + "\n"
