"""Outcomes, appended as they happen: what is left when the session is killed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from grader.model.evidence import plain
from grader.model.outcome import Outcome

_MOST_BYTES = 20_000


class Journal:
    """A file of JSON lines; each line is written whole and at once."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, kind: str, **fields: Any) -> None:
        """Append one line."""
        os.write(self._file, (json.dumps({"kind": kind, **fields}, ensure_ascii=True) + "\n").encode())

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def outcome_record(check_id: str, outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain JSON under 20 kB, as the journal writes it: a letter outside ASCII is 6 bytes, an emoji 12."""
    evidence = outcome.evidence
    record: dict[str, Any] = {
        "id": check_id,
        "status": str(outcome.status),
        "blame": str(outcome.blame),
        "message": _cut(evidence.message(), 2_000, 8_000),
        "hint": _cut(evidence.hint, 1_000, 4_000),
        "misconception": outcome.misconception,
        "evidence": {},
        "replay": outcome.replay,
        "seconds": round(outcome.seconds, 4),
    }
    if evidence.facts:
        record["evidence"] = plain(evidence.facts)
        if _size(record) >= _MOST_BYTES:
            record["evidence"] = {"cut": "more than 20 kB of evidence"}
    return record


def _cut(text: str, characters: int, size: int) -> str:
    """Return the text's beginning: at most so many characters, and so many bytes of JSON."""
    text = text[:characters]
    while _size(text) > size:
        text = text[: len(text) * 7 // 8]
    return text


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=True))
