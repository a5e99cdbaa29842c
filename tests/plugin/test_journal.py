"""The journal: every line whole and at once, every outcome plain and bounded."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.model.evidence import Evidence
from grader.model.outcome import Blame, Outcome, Status
from grader.plugin.journal import Journal, outcome_record


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def failed(**evidence: Any) -> Outcome:
    return Outcome(Status.FAILED, Blame.STUDENT, Evidence(**{"said": "It is wrong.", **evidence}), seconds=1.23456)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def test_line_is_there_at_once(path: Path) -> None:
    journal = Journal(path)
    for number in range(3):
        journal.write("outcome", id=f"a/{number}")
        assert lines(path)[-1] == {"kind": "outcome", "id": f"a/{number}"}
    journal.close()
    assert len(lines(path)) == 3


def test_text_with_breaks_stays_on_one_line(path: Path) -> None:
    journal = Journal(path)
    said = "one\ntwo\r\u2028three\x85 und Größe 🎲"
    journal.write("problem", sentence=said)
    journal.write("end")
    journal.close()
    assert lines(path) == [{"kind": "problem", "sentence": said}, {"kind": "end"}]
    assert path.read_bytes().count(b"\n") == 2


def test_journal_that_is_opened_again_goes_on(path: Path) -> None:
    for kind in ("check", "end"):
        journal = Journal(path)
        journal.write(kind)
        journal.close()
    assert [line["kind"] for line in lines(path)] == ["check", "end"]


def test_nobody_else_may_read_it(path: Path) -> None:
    Journal(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_closed_journal_takes_no_line(path: Path) -> None:
    journal = Journal(path)
    journal.close()
    with pytest.raises(OSError, match="descriptor"):
        journal.write("end")


def test_record_has_what_the_report_needs() -> None:
    outcome = failed(expected="1", got="2", hint="Look.", facts={"shape": (2, 3)})
    record = outcome_record("layers.Dense/forward", outcome)
    assert record == {
        "id": "layers.Dense/forward",
        "status": "failed",
        "blame": "student",
        "message": "It is wrong.\nexpected: 1\ngot: 2",
        "hint": "Look.",
        "misconception": None,
        "evidence": {"shape": [2, 3]},
        "replay": None,
        "seconds": 1.2346,
    }


def test_record_is_strict_json_whatever_the_facts_are() -> None:
    facts = {"nan": float("nan"), "inf": np.float64("inf"), "array": np.eye(2), 3: Path("x"), "deep": [[[[[[[1]]]]]]]}
    record = json.loads(json.dumps(outcome_record("a/b", failed(facts=facts)), allow_nan=False))
    assert record["evidence"]["nan"] == "nan"
    assert record["evidence"]["array"] == [[1.0, 0.0], [0.0, 1.0]]
    assert record["evidence"]["3"] == "x"


@pytest.mark.parametrize("facts", [{}, {"rows": [["x" * 1_900] * 50] * 50}, {f"key {number}": "x" * 290 for number in range(50)}])
def test_record_stays_under_20_kb(facts: dict[str, Any]) -> None:
    record = outcome_record("a/b", failed(said="s" * 90_000, hint="h" * 90_000, facts=facts))
    assert len(json.dumps(record)) < 20_000
    assert (len(record["message"]), len(record["hint"])) == (2_000, 1_000)


@pytest.mark.parametrize("letter", ["x", "ß", "€", "🎲", "\x00"])
def test_record_stays_under_20_kb_when_letters_take_many_bytes(letter: str) -> None:
    facts = {"seen": [letter * 450] * 5}
    record = outcome_record("a/b", failed(said=letter * 90_000, hint=letter * 90_000, facts=facts))
    assert len(json.dumps(record)) < 20_000
    assert set(record["message"]) == set(record["hint"]) == {letter}
    assert len(record["message"]) > 500


def test_facts_are_kept_when_they_fit_beside_a_short_message() -> None:
    facts = {"seen": ["€" * 450] * 5}
    assert outcome_record("a/b", failed(facts=facts))["evidence"] == facts


def test_too_many_facts_say_that_they_were_cut() -> None:
    record = outcome_record("a/b", failed(facts={f"key {number}": "x" * 1_000 for number in range(40)}))
    assert record["evidence"] == {"cut": "more than 20 kB of evidence"}
