"""An assignment: a folder with `assignment.toml`, checks, probes and misconceptions.

`load_assignment` is the border for the instructor's TOML: every mistake is said at once, with its line and
the nearest right name, and nothing later has to doubt the record.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import ConfigDict, Field, StrictBool, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as validated

from grader.faults import RequestFault
from grader.model.limits import Limits

_CLOSED = ConfigDict(extra="forbid")
Points = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
GroupName = Annotated[str, Field(pattern=r"^[a-z_]+\.[A-Za-z_][A-Za-z0-9_]*$")]


@validated(frozen=True, config=_CLOSED)
class Group:
    """A contract item that the assignment grades."""

    title: str
    """What a student reads: "Dense layer"."""
    points: Points
    """The sum over its checks; a check that can't run leaves its share withheld, never lost."""
    bonus: StrictBool = False
    """Bonus points count in the score and not in the maximum."""


@validated(frozen=True, config=_CLOSED)
class _File:
    """The shape of `assignment.toml`."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    version: str
    title: str
    modules: Annotated[list[str], Field(min_length=1)]
    groups: dict[GroupName, Group]
    package: str = "pytorchnano"
    limits: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    trainings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    free: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class Assignment:
    """What is graded, and for how many points."""

    name: str
    """The folder's name, and the word on the command line."""
    version: str
    """The instructor's own version of the assignment."""
    title: str
    """What a person reads."""
    folder: Path
    """Where `assignment.toml` lies."""
    package: str
    """The Python package that a submission provides."""
    modules: tuple[str, ...]
    """The contract's modules that are graded."""
    groups: dict[str, Group]
    """By name, in the order of the file."""
    limits: Limits
    """The defaults, with the file's changes."""
    trainings: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """Settings of the watched trainings by name; the training judge validates them."""
    free: tuple[str, ...] = ()
    """Groups and probes whose answers hold draws or files that each submission makes in its own way: diagnosed by their shapes."""

    @property
    def probes(self) -> Path | None:
        """The folder of staff code that runs beside the submission in the worker, where there is one."""
        folder = self.folder / "probes"
        return folder if folder.is_dir() else None

    @property
    def examination(self) -> Path | None:
        """The file with the points at which failed items are examined, where there is one."""
        path = self.folder / "examination.py"
        return path if path.is_file() else None

    def digest(self) -> str:
        """SHA-256 over the folder's files, names and bytes, in sorted order."""
        total = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                name = path.relative_to(self.folder).as_posix().encode()
                total.update(len(name).to_bytes(4, "big") + name + hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()


def shared_folder(name: str) -> Path:
    """Return the folder `assignments` or `reference`: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parent.parent
    beside = package.parent / name
    return beside if beside.is_dir() else package / "_share" / name


def assignment_names(root: Path | None = None) -> list[str]:
    """Return the names of all assignments, sorted."""
    root = root or shared_folder("assignments")
    return sorted(path.parent.name for path in root.glob("*/assignment.toml"))


def find_assignment(name: str, root: Path | None = None) -> Assignment:
    """Load the assignment of that name; `RequestFault` names the nearest one when there is none."""
    root = root or shared_folder("assignments")
    names = assignment_names(root)
    if name not in names:
        raise RequestFault(f"There is no assignment {name!r}. {_nearest(name, names)}")
    return load_assignment(root / name)


def load_assignment(folder: Path) -> Assignment:
    """Read `folder/assignment.toml`; `RequestFault` lists every mistake with its line."""
    path = folder / "assignment.toml"
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise RequestFault(f"{path} can't be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise RequestFault(f"{path} is not TOML: {error}.") from error
    mistakes: list[str] = []
    known_limits = list(Limits.__dataclass_fields__)
    given = raw.get("limits")
    for key in cast(dict[str, Any], given) if isinstance(given, dict) else ():
        if key not in known_limits:
            mistakes.append(_sentence(text, ("limits", key), f"is not a limit. {_nearest(key, known_limits)}"))
    record: _File | None = None
    try:
        record = TypeAdapter(_File).validate_python(raw)
    except ValidationError as error:
        mistakes += [_mistake(text, dict(fault)) for fault in error.errors()]
    if record is not None and record.name != folder.name:
        mistakes.append(_sentence(text, ("name",), f"is {record.name!r}, but the folder is {folder.name!r}"))
    if record is not None:
        for group in record.groups:
            module = group.split(".")[0]
            if module not in (*record.modules, "source", "training"):
                near = _nearest(module, record.modules)
                mistakes.append(_sentence(text, ("groups", group), f"is about a module that is not in modules. {near}"))
    if mistakes or record is None:
        listed = "\n".join(f"  {line}" for line in mistakes)
        raise RequestFault(f"{path} has {len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''}:\n{listed}")
    changes = {key: _as_declared(key, value) for key, value in record.limits.items()}
    return Assignment(
        name=record.name,
        version=record.version,
        title=record.title,
        folder=folder.resolve(),
        package=record.package,
        modules=tuple(record.modules),
        groups=record.groups,
        limits=Limits(**changes),
        trainings=record.trainings,
        free=tuple(record.free),
    )


def _as_declared(key: str, value: float) -> Any:
    return int(value) if Limits.__dataclass_fields__[key].type == "int" else float(value)


def _nearest(word: str, known: list[str] | tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"There are: {', '.join(known)}." if known else "There are none."


def _mistake(text: str, fault: dict[str, Any]) -> str:
    place = tuple(str(part) for part in fault["loc"] if part != "[key]")
    kind = fault["type"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        known = list(Group.__dataclass_fields__ if place[0] == "groups" and len(place) > 1 else _File.__dataclass_fields__)
        return _sentence(text, place, f"is not a known key. {_nearest(place[len(place) - 1], known)}")
    if kind in ("missing", "missing_argument"):
        return _sentence(text, place, "is missing")
    if kind == "string_pattern_mismatch" and place[0] == "groups":
        return _sentence(text, place, 'is not the name of a contract item; expected "module.Name", as "layers.Dense"')
    said = str(fault["msg"])
    return _sentence(text, place, f"{said[0].lower()}{said[1:]}; it is {fault['input']!r}"[:200])


def _sentence(text: str, place: tuple[str, ...], said: str) -> str:
    line = line_of(text, place)
    dotted = ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"' for part in place)
    return f"line {line}: {dotted} {said}" if line else f"{dotted} {said}"


_HEADER = re.compile(r"^\s*\[\[?\s*(?P<name>[^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*(?P<name>[A-Za-z0-9_-]+|"[^"]*"|'[^']*')\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


def line_of(text: str, place: tuple[str, ...]) -> int | None:
    """Return the line (from 1) where the key `place` stands, or the line of its nearest table, or None."""
    table: tuple[str, ...] = ()
    best: tuple[int, int] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = tuple(part.strip("\"'") for part in _PART.findall(header["name"]))
            here = table
        elif key := _KEY.match(line):
            here = (*table, key["name"].strip("\"'"))
        else:
            continue
        depth = len(here)
        if here == place[:depth] and (best is None or depth > best[0]):
            best = (depth, number)
    return best[1] if best else None
