"""Tables that a study writes into a document, between its two `measured` markers."""

from __future__ import annotations

import re
from pathlib import Path

MARKERS = ("<!-- measured: begin -->", "<!-- measured: end -->")


def replace_measured(path: Path, tables: str) -> None:
    """Replace what stands between the document's markers; raises SystemExit when it has not one of each."""
    begin, end = MARKERS
    text = path.read_text(encoding="utf-8")
    replaced, count = re.subn(f"{begin}.*{end}", lambda match: f"{begin}\n{tables}\n{end}", text, flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"{path} must have one {begin} and one {end}, found {count}.")
    path.write_text(replaced, encoding="utf-8")
