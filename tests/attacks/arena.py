"""Where attacks take place: an honest submission with one mistake, an attack put into it, and what is left afterwards.

An attack is a file `submissions/NAME.py`, which becomes `pytorchnano/attack.py`, or a folder `submissions/NAME/` that is laid over the
submission. Its docstring says what it claims and what stops it. `Item:` names the contract item that it is after, ReLU otherwise; the
item's module takes the class of that name from the attack at its end. The honest submission is the reference with `MISTAKES[item]`, or
with `Against: the reference` the reference itself, of whose points the attack must then lose some.
"""

from __future__ import annotations

import ast
import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.model.assignment import shared_folder
from grader.model.job import Job
from grader.model.misconception import Edit, apply_edits
from grader.model.report import Report
from grader.run.job import Finished, run_job

SUBMISSIONS = Path(__file__).parent / "submissions"
NEIGHBOURS = ("activations.Tanh", "layers.Flatten")

MISTAKES = {
    # The slope of every input is taken for 1.
    "activations.ReLU": Edit(file="activations.py", old="* (self._x > 0)", new="* 1", within="class ReLU"),
    # The gradient at the weights is summed over nothing.
    "layers.Dense": Edit(file="layers.py", old="self._x.T @ grad", new="self._x.T @ grad / len(grad)", within="class Dense"),
    # The mean's divisor is forgotten.
    "losses.MSELoss": Edit(file="losses.py", old="2 / self._difference.size", new="2", within="class MSELoss"),
    # The least likely class instead of the most likely one.
    "network.Network": Edit(file="network.py", old=".argmax(axis=1)", new=".argmin(axis=1)", within="def predict"),
}
"""By item: an honest mistake, whose points the attack wants."""

CANARY = '''"""Tells the test that an act took place."""

import os

_PLACE = {place!r}
_HOME = os.environ.get("HOME", "")
_open, _write, _close = os.open, os.write, os.close
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def mark(note="done", place=_PLACE):
    """The act took place."""
    descriptor = _open(place, _FLAGS, 0o666)
    _write(descriptor, f"{{_HOME}}\\t{{note}}\\n".encode("utf-8", "backslashreplace"))
    _close(descriptor)


def escape(note):
    """What must never happen did."""
    mark(note, _PLACE + ".escaped")
'''


@dataclass(frozen=True)
class Attack:
    """One hostile submission."""

    name: str
    """Of its file or folder."""
    path: Path
    """The file or folder."""
    claim: str
    """What it does and hopes for."""
    stopped_by: str
    """What stops it."""
    item: str
    """The contract item whose points it wants."""
    against_reference: bool
    """Whether it begins with a right answer, so that it has points to lose."""


def read_attack(path: Path) -> Attack:
    """Read an attack's docstring; KeyError where it lacks `Claim:` or `Stopped by:`."""
    main = path / "pytorchnano" / "attack.py" if path.is_dir() else path
    text = ast.get_docstring(ast.parse(main.read_text(encoding="utf-8"))) or ""
    fields = dict(re.findall(r"(?ms)^(Claim|Stopped by|Item|Against): (.*?)\s*(?=^\S[\w ]*: |\Z)", text))
    return Attack(path.stem, path, fields["Claim"], fields["Stopped by"], fields.get("Item", "activations.ReLU"), "Against" in fields)


ATTACKS = [read_attack(path) for path in sorted(SUBMISSIONS.iterdir()) if path.suffix == ".py" or (path / "pytorchnano").is_dir()]


def groups_for(item: str) -> tuple[str, ...]:
    """The item and its neighbours."""
    return (item, *NEIGHBOURS)


def write_honest(item: str, into: Path, mistaken: bool = True) -> Path:
    """Write the reference, with the item's honest mistake unless told otherwise, below `into`; return `into`."""
    apply_edits([MISTAKES[item]] if mistaken else [], shared_folder("reference") / "pytorchnano", into)
    return into


def write_attack(attack: Attack, into: Path, canary: Path) -> Path:
    """Write the honest submission with the attack in it; its marks go to the file `canary`. Return `into`."""
    package = write_honest(attack.item, into, not attack.against_reference) / "pytorchnano"
    if attack.path.is_dir():
        shutil.copytree(attack.path, into, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(attack.path, package / "attack.py")
    (package / "canary.py").write_text(CANARY.format(place=str(canary)), encoding="utf-8")
    module, _, name = attack.item.partition(".")
    with (package / f"{module}.py").open("a", encoding="utf-8") as file:
        file.write(f"\n\nfrom .attack import {name}  # noqa\n")
    return into


def grade(submission: Path, item: str, assignments: Path, out: Path) -> Finished:
    """Grade the item and its neighbours."""
    return run_job(Job(submission, "pytorchnano", out, seed=1, only=groups_for(item)), root=assignments)


def passed(report: Report, *groups: str) -> set[str]:
    """Ids of the checks that passed."""
    return {check.id for check in report.checks if check.status == "passed" and (not groups or check.group in groups)}


def read_marks(canary: Path) -> tuple[list[str], set[str]]:
    """Notes of the acts, and the folders of the walls behind which they took place."""
    lines = canary.read_text(encoding="utf-8").splitlines() if canary.exists() else []
    rows = [line.split("\t", 1) for line in lines]
    walls = {str(Path(home).parents[1]) for home, _ in rows if len(Path(home).parts) > 3}
    return [note for _, note in rows], walls


def find_survivors(marks: set[str]) -> Iterator[str]:
    """Name the processes whose environment, command line or folder holds one of the marks."""
    wanted = [mark.encode() for mark in marks]
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        told = b""
        with contextlib.suppress(OSError):
            told = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes() + os.fsencode(os.readlink(folder / "cwd"))
        if any(mark in told for mark in wanted):
            yield f"{folder.name}: {(folder / 'cmdline').read_bytes()!r}"
