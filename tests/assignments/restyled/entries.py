"""Misconceptions made again in the other correct styles, and pairs of them in one submission.

`STYLE.toml` holds one table an entry, `[id]`, whose `edits` are those of the submission `tests/submissions/STYLE`; the id is the
catalogue's. They were written from its sentence alone, as that submission's author might have slipped, not from the edit of the
reference. `doubles.toml` holds `pairs` of ids of the catalogue whose edits can be applied to the reference one after the other.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import TypeAdapter

from grader.model.misconception import Edit

FOLDER = Path(__file__).resolve().parent
SUBMISSIONS = FOLDER.parents[1] / "submissions"
STYLES = ("loops", "tape", "terse")


def read_restyled(style: str) -> dict[str, list[Edit]]:
    """Return the edits of the style's submission by the id that should be named."""
    entries = tomllib.loads((FOLDER / f"{style}.toml").read_text(encoding="utf-8"))
    reader = TypeAdapter(dict[str, dict[str, list[Edit]]])
    return {name: entry["edits"] for name, entry in reader.validate_python(entries).items()}


def read_doubles() -> list[tuple[str, str]]:
    """Return the pairs of ids, each in the order in which the edits are applied."""
    doubles = tomllib.loads((FOLDER / "doubles.toml").read_text(encoding="utf-8"))
    return TypeAdapter(list[tuple[str, str]]).validate_python(doubles["pairs"])
