"""`python -m tests.docs.sentences [--check]`: the table contract sentence -> checks that hold it, `docs/sentences.md`."""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

from grader.model.assignment import Assignment, find_assignment
from grader.run.collect import collect_checks

TARGET = Path("docs/sentences.md")
_HEAD = """# Which check holds which sentence of the contract

Made by `make docs` from the marks of the checks (`holds=[...]`) and from `assignments/pytorchnano/sentences.toml`;
a test keeps it current and complete. Points in brackets; `*` marks public checks.
"""


def read_sentences(assignment: Assignment) -> dict[str, dict[str, str]]:
    """The sentences by section and id."""
    return tomllib.loads((assignment.folder / "sentences.toml").read_text(encoding="utf-8"))


def holders(checks: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The checks of each sentence."""
    found: dict[str, list[str]] = defaultdict(list)
    for check in checks:
        for sentence in check["holds"]:
            star = "*" if check["visibility"] == "public" else ""
            found[sentence].append(f"`{check['id']}`{star} ({check['points']:g})")
    return found


def render(assignment: Assignment, checks: list[dict[str, Any]]) -> str:
    """The table as Markdown."""
    held = holders(checks)
    parts = [_HEAD]
    for section, sentences in read_sentences(assignment).items():
        parts.append(f"## {section}\n\n| sentence | checks |\n|---|---|")
        parts += [f"| **{name}** {text} | {', '.join(held.get(name, ['none']))} |" for name, text in sentences.items()]
        parts.append("")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write the table, or say whether the committed one is current."""
    assignment = find_assignment("pytorchnano")
    text = render(assignment, collect_checks(assignment))
    if "--check" in arguments:
        current = TARGET.read_text(encoding="utf-8") == text
        print("docs/sentences.md is current" if current else "docs/sentences.md is out of date: run `make docs`")
        return 0 if current else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
