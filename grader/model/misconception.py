"""Executable misconceptions: small edits of the reference, kept as data beside the assignment.

`misconceptions/MODULE.toml` holds one table an entry, `[id]`, with the fields of `Misconception`; `equivalents/MODULE.toml`
likewise with those of `Equivalent`, edits that change nothing of what the contract promises.
"""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as validated

from grader.faults import GraderFault


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class Edit:
    """One replacement in one file of the reference."""

    file: str
    """Relative to the package, `layers.py`."""
    old: str
    """Text that stands exactly once in the file (or once after `within`); empty where the file is a new one."""
    new: str
    """What stands there instead."""
    within: str = ""
    """The edit is the first place after this text, which stands exactly once: `class MaxPool2D`."""


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class Misconception:
    """What a student may have got wrong, as an edit of the reference."""

    item: str
    """The contract item whose group must lose points."""
    hint: str
    """The sentence that a good teaching assistant would say."""
    edits: Annotated[list[Edit], Field(min_length=1)]
    """Applied in order."""
    invisible: list[str] = Field(default_factory=list)
    """For whom it is invisible: someone who tries only `square` shapes, `batch1`, or `stride1`."""
    lecture: str = ""
    """Where the course explains it."""


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class Equivalent:
    """What a student may well do otherwise, as an edit of the reference: it must cost nothing."""

    why: str
    """What is done otherwise, and why the contract allows it."""
    edits: Annotated[list[Edit], Field(min_length=1)]
    """Applied in order."""


_Entry = TypeVar("_Entry")


def load_misconceptions(folder: Path) -> dict[str, Misconception]:
    """Read every `*.toml` of a folder; `GraderFault` names the file and all of its mistakes."""
    return _load(folder, TypeAdapter(dict[str, Misconception]))


def load_equivalents(folder: Path) -> dict[str, Equivalent]:
    """Read every `*.toml` of a folder; `GraderFault` names the file and all of its mistakes."""
    return _load(folder, TypeAdapter(dict[str, Equivalent]))


def _load(folder: Path, reader: TypeAdapter[dict[str, _Entry]]) -> dict[str, _Entry]:
    found: dict[str, _Entry] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            entries = reader.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, ValidationError) as error:
            raise GraderFault(f"{path.name}: {error}") from error
        for name, entry in entries.items():
            if name in found:
                raise GraderFault(f"{path.name}: {name} is there twice")
            found[name] = entry
    return found


def apply_edits(edits: list[Edit], reference: Path, into: Path) -> Path:
    """Copy the package `reference` to `into/NAME`, edited; `GraderFault` when a text is not there exactly once."""
    package = into / reference.name
    shutil.copytree(reference, package, ignore=shutil.ignore_patterns("__pycache__"))
    for file, text in edit_files(edits, reference).items():
        (package / file).write_text(text, encoding="utf-8")
    return package


def edit_files(edits: list[Edit], reference: Path) -> dict[str, str]:
    """Return the new texts of the files that the edits touch; `GraderFault` when a text is not there exactly once."""
    texts: dict[str, str] = {}
    for edit in edits:
        path = reference / edit.file
        known = texts.get(edit.file)
        if not edit.old:
            if known is not None or path.exists():
                raise GraderFault(f"{edit.file}: there is such a file, so `old` must say what stands in it")
            texts[edit.file] = edit.new
        else:
            texts[edit.file] = _replace(path.read_text(encoding="utf-8") if known is None else known, edit)
    return texts


def _replace(text: str, edit: Edit) -> str:
    head, tail = "", text
    if edit.within:
        if text.count(edit.within) != 1:
            raise GraderFault(f"{edit.file}: {edit.within!r} stands there {text.count(edit.within)} times, expected once")
        start = text.index(edit.within)
        head, tail = text[:start], text[start:]
    elif text.count(edit.old) != 1:
        raise GraderFault(f"{edit.file}: {edit.old!r} stands there {text.count(edit.old)} times, expected once")
    if edit.old not in tail:
        raise GraderFault(f"{edit.file}: {edit.old!r} does not stand after {edit.within!r}")
    return head + tail.replace(edit.old, edit.new, 1)
