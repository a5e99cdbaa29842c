"""What the diagnosis names: `python -m tests.studies.naming --records FILE [--out docs/diagnosis.md] [--kinds ...] [--jobs N]`.

Runs the checks of an item on a bug and notes what was named, one JSON line a bug; what is noted already is not run again, so the
command can be stopped and started again. It ends by writing the tables into the document, between its two `measured` markers.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from grader.model.assignment import find_assignment, shared_folder
from grader.model.job import Job
from grader.model.misconception import Edit, apply_edits, load_equivalents, load_misconceptions
from grader.run.job import run_job
from tests.assignments.restyled.entries import STYLES, SUBMISSIONS, read_doubles, read_restyled
from tests.studies.document import replace_measured

ASSIGNMENT = find_assignment("pytorchnano")
BUGS = load_misconceptions(ASSIGNMENT.folder / "misconceptions")
EXPECTED = Path(__file__).with_name("fits_expected.toml")
FITTED = ("layers.", "activations.", "losses.")
"""Where structural fits are looked for."""
KINDS = ("catalogue", *STYLES, "doubles", "left out", "equivalents")

Record = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One bug to be graded."""

    kind: str
    """One of `KINDS`."""
    name: str
    """The catalogue's id, two of them with a "+" between, or an equivalent's."""

    def list_edits(self) -> tuple[list[Edit], Path]:
        """Return the edits and the package that they are edits of."""
        reference = shared_folder("reference") / ASSIGNMENT.package
        if self.kind in STYLES:
            return read_restyled(self.kind)[self.name], SUBMISSIONS / self.kind / ASSIGNMENT.package
        if self.kind == "equivalents":
            return load_equivalents(ASSIGNMENT.folder / "equivalents")[self.name].edits, reference
        return [edit for name in self.name.split("+") for edit in BUGS[name].edits], reference

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that are graded."""
        if self.kind == "equivalents":
            return tuple(name for name in ASSIGNMENT.groups if not name.startswith("training."))
        return tuple(dict.fromkeys(BUGS[name].item for name in self.name.split("+")))


def list_tasks(kinds: list[str]) -> Iterator[Task]:
    """Yield every bug of the kinds asked for."""
    names = {
        "catalogue": list(BUGS),
        **{style: list(read_restyled(style)) for style in STYLES},
        "doubles": ["+".join(pair) for pair in read_doubles()],
        "left out": [name for name, bug in BUGS.items() if bug.item.startswith(FITTED)],
        "equivalents": list(load_equivalents(ASSIGNMENT.folder / "equivalents")),
    }
    for kind in kinds:
        yield from (Task(kind, name) for name in names[kind])


def run_task(task: Task) -> Record:
    """Grade one bug, with its own entry taken out of the catalogue where it is to be left out."""
    with tempfile.TemporaryDirectory(prefix="naming-") as name:
        folder = Path(name)
        edits, package = task.list_edits()
        apply_edits(edits, package, folder / "submission")
        root = leave_out(task.name, folder / "assignments") if task.kind == "left out" else None
        report = run_job(Job(folder / "submission", "pytorchnano", folder / "out", seed=3, only=task.groups), root=root).report
    failed = [check for check in report.checks if check.status == "failed"]
    return {
        "kind": task.kind,
        "name": task.name,
        "named": {check.id: check.misconception.split(" | ") if check.misconception else [] for check in failed},
        "fits": {check.id: check.evidence["fit"] for check in failed if is_telling(check.evidence)},
        "groups": {check.id: check.group for check in failed},
    }


def is_telling(evidence: Any) -> bool:
    """Whether a check's evidence holds a fit that was said aloud."""
    return isinstance(evidence, dict) and "fit" in evidence and evidence.get("fit_certainty", 1.0) >= 0.99


def leave_out(name: str, root: Path) -> Path:
    """Copy the assignment without one misconception and return the folder of assignments."""
    target = root / ASSIGNMENT.folder.name
    shutil.copytree(ASSIGNMENT.folder, target, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (target / "misconceptions").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        begins = re.search(rf'^\["{re.escape(name)}"\]$', text, re.MULTILINE)
        if begins is not None:
            ends = re.search(rf'^\["(?!{re.escape(name)}")', text[begins.end() :], re.MULTILINE)
            path.write_text(text[: begins.start()] + (text[begins.end() + ends.start() :] if ends else ""), encoding="utf-8")
    assert name not in load_misconceptions(target / "misconceptions")
    return root


def read_truth(record: Record) -> set[str]:
    """Return the ids that may be named."""
    return set() if record["kind"] in ("left out", "equivalents") else set(record["name"].split("+"))


def judge(record: Record) -> str:
    """Say how a bug was named: right, together (with a rival), wrong, silent."""
    truth = read_truth(record)
    said = [set(ids) for ids in record["named"].values() if ids]
    if not said:
        return "silent"
    if any(not ids & truth for ids in said):
        return "wrong"
    return "right" if all(ids <= truth for ids in said) else "together"


def judge_fits(record: Record, expected: dict[str, list[str]]) -> str:
    """Say whether the structure of a bug's arrays was described: right, wrong, silent."""
    said = list(record["fits"].values())
    right = expected.get(record["name"], [])
    if not said:
        return "silent"
    return "right" if any(fnmatchcase(label, pattern) for label in said for pattern in right) else "wrong"


def make_tables(records: list[Record]) -> str:
    """Return the tables as Markdown."""
    titles = {
        "catalogue": "the catalogue, on the reference",
        "loops": "made again in plain loops",
        "tape": "made again with a tape",
        "terse": "made again in terse NumPy",
        "doubles": "two at once",
        "left out": "own entry taken out",
        "equivalents": "edits that change nothing promised",
    }
    columns = ("bugs", "number", "named right", "together with a rival", "silent", "wrong", "checks named wrong")
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for kind in KINDS:
        chosen = [record for record in records if record["kind"] == kind]
        if chosen:
            count = Counter(judge(record) for record in chosen)
            checks = sum(is_wrong_name(record, ids) for record in chosen for ids in record["named"].values())
            of = sum(len(record["named"]) for record in chosen)
            lines.append(
                f"| {titles[kind]} | {len(chosen)} | {count['right']} | {count['together']} | {count['silent']} | {count['wrong']} "
                f"| {checks} of {of} |"
            )
    expected = tomllib.loads(EXPECTED.read_text(encoding="utf-8"))
    left_out = [record for record in records if record["kind"] == "left out"]
    if left_out:
        count = Counter(judge_fits(record, expected) for record in left_out)
        lines += ["", f"Structural fits of the {len(left_out)} that were left out: {count['right']} have a right one,"]
        lines += [f"{count['silent']} none, and of {count['wrong']} only others than the expected ones are said."]
    wrong = [record for record in records if judge(record) == "wrong"]
    if wrong:
        lines += ["", "Named wrong:", ""]
        lines += [f"- {record['name']} ({record['kind']}): {say_names(record)}" for record in wrong]
    return "\n".join(lines)


def is_wrong_name(record: Record, ids: list[str]) -> bool:
    """Whether a check was named, and none of the names is right."""
    return bool(ids) and not read_truth(record) & set(ids)


def say_names(record: Record) -> str:
    """List what was said that is wrong."""
    counted = Counter(" | ".join(ids) for ids in record["named"].values() if is_wrong_name(record, ids))
    return ", ".join(f"{names} in {count} of {len(record['named'])} checks" for names, count in counted.items())


def main() -> None:
    options = read_options()
    known = [json.loads(line) for line in options.records.read_text().splitlines()] if options.records.exists() else []
    done = {(record["kind"], record["name"]) for record in known}
    tasks = [task for task in list(list_tasks(options.kinds))[:: options.every] if (task.kind, task.name) not in done]
    print(f"{len(tasks)} to run", flush=True)
    with options.records.open("a", encoding="utf-8") as file, ProcessPoolExecutor(options.jobs) as pool:
        for record in pool.map(run_task, tasks):
            known.append(record)
            file.write(json.dumps(record) + "\n")
            file.flush()
            if judge(record) == "wrong":
                print(f"wrong: {record['kind']} {record['name']}: {say_names(record)}", flush=True)
    tables = make_tables(known)
    print(tables)
    if options.out:
        replace_measured(options.out, tables)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What the diagnosis names, over all seeded bugs.")
    parser.add_argument("--records", type=Path, required=True, help="JSON lines: what was run, to go on from")
    parser.add_argument("--out", type=Path, help="the document that gets the tables")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take each N-th bug")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return options


if __name__ == "__main__":
    main()
