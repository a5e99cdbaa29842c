"""Outcomes, appended as they happen: what is left when the session is killed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from grader.model.evidence import plain
from grader.model.outcome import Outcome

_MAX_EVIDENCE = 20_000


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
    """Return an outcome as plain JSON under 20 kB."""
    evidence = outcome.evidence
    facts = plain(evidence.facts)
    if len(json.dumps(facts)) > _MAX_EVIDENCE - 6_000:
        facts = {"cut": "more than 20 kB of evidence"}
    return {
        "id": check_id,
        "status": str(outcome.status),
        "blame": str(outcome.blame),
        "message": evidence.message()[:2_000],
        "hint": evidence.hint[:1_000],
        "misconception": outcome.misconception,
        "evidence": facts,
        "replay": outcome.replay,
        "seconds": round(outcome.seconds, 4),
    }
