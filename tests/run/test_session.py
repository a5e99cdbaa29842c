"""What a session left: the journal always, the JSON report where the session lived to write it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grader.model.assignment import find_assignment
from grader.model.evidence import Evidence
from grader.model.job import Session
from grader.model.outcome import Blame, Outcome, Status
from grader.plugin.journal import Journal, outcome_record
from grader.run.session import Ran, read_session, run_session
from tests.run.assignments import write_assignment, write_submission


def record(check_id: str, message: str = "") -> dict[str, Any]:
    status, blame = (Status.FAILED, Blame.STUDENT) if message else (Status.PASSED, Blame.NONE)
    return outcome_record(check_id, Outcome(status, blame, Evidence(said=message)))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A session that came to its end: two checks, both with outcomes."""
    path = tmp_path / "journal.jsonl"
    book = Journal(path)
    book.write("isolation", level="strict", layers=["namespaces", "seccomp"])
    book.write("check", id="a/one", title="One")
    book.write("check", id="a/two", title="Two")
    book.write("problem", sentence="The assignment is at fault: a circle.")
    book.write("outcome", **record("a/one"))
    book.write("artifact", check="a/one", name="a curve", path="curve.svg", measured={})
    book.write("outcome", **record("a/two", "Two is wrong."))
    book.write("end")
    book.close()
    return path


def write_report(path: Path, *tests: list[dict[str, Any]]) -> Path:
    """Write what pytest-json-report does, each test by its user properties."""
    entries = [{"nodeid": f"test_{number}", "user_properties": test} for number, test in enumerate(tests)]
    path.write_text(json.dumps({"created": 1.0, "tests": [*entries, {"nodeid": "without properties"}]}))
    return path


def read(journal: Path, report: str = "pytest.json") -> Ran:
    return read_session(journal, journal.parent / report)


def cut(journal: Path, marker: str, more: int) -> None:
    """End the journal so many bytes after the last place where `marker` begins."""
    data = journal.read_bytes()
    journal.write_bytes(data[: data.rindex(marker.encode()) + more])


def test_journal_alone_tells_everything(journal: Path) -> None:
    ran = read(journal)
    assert {name: check["title"] for name, check in ran.checks.items()} == {"a/one": "One", "a/two": "Two"}
    assert {name: outcome["status"] for name, outcome in ran.outcomes.items()} == {"a/one": "passed", "a/two": "failed"}
    assert ran.outcomes["a/two"] == record("a/two", "Two is wrong.")
    assert [artifact["path"] for artifact in ran.artifacts] == ["curve.svg"]
    assert ran.isolation == ("strict", ("namespaces", "seccomp"))
    assert ran.problems == ("The assignment is at fault: a circle.",)
    assert ran.complete


def test_report_and_journal_are_merged(journal: Path) -> None:
    again, third = {"outcome": record("a/two", "Later word.")}, {"outcome": record("a/three")}
    write_report(journal.parent / "pytest.json", [{"other": 1}, again], [third])
    ran = read(journal)
    assert {name: outcome["message"] for name, outcome in ran.outcomes.items()} == {"a/one": "", "a/two": "Later word.", "a/three": ""}
    assert ran.complete


@pytest.mark.parametrize("text", ["", '{"tests": [{"user_prop', "not JSON", "{}", '{"tests": []}'])
def test_report_that_was_cut_or_is_empty_costs_nothing(journal: Path, text: str) -> None:
    missing = read(journal)
    (journal.parent / "pytest.json").write_text(text)
    assert read(journal) == missing


def test_last_outcome_that_was_cut_is_missing_and_the_rest_stays(journal: Path) -> None:
    cut(journal, '"outcome"', 40)
    ran = read(journal)
    assert set(ran.outcomes) == {"a/one"}
    assert set(ran.checks) == {"a/one", "a/two"}
    assert not ran.complete


def test_every_cut_of_the_last_line_is_no_end(journal: Path) -> None:
    data = journal.read_bytes().rstrip(b"\n")
    for length in range(data.rindex(b"\n") + 1, len(data)):
        journal.write_bytes(data[:length])
        ran = read(journal)
        assert not ran.complete
        assert set(ran.outcomes) == {"a/one", "a/two"}


def test_end_without_its_line_break_counts(journal: Path) -> None:
    journal.write_bytes(journal.read_bytes().rstrip(b"\n"))
    assert read(journal).complete


def test_check_that_was_running_has_no_outcome(journal: Path) -> None:
    cut(journal, '{"kind": "outcome"', 0)
    ran = read(journal)
    assert "a/two" in ran.checks
    assert "a/two" not in ran.outcomes


def test_session_that_left_nothing_is_empty(tmp_path: Path) -> None:
    assert read_session(tmp_path / "journal.jsonl", tmp_path / "pytest.json") == Ran()
    (tmp_path / "journal.jsonl").write_bytes(b"")
    assert read_session(tmp_path / "journal.jsonl", tmp_path / "pytest.json") == Ran()


def test_later_outcome_of_a_check_counts(journal: Path) -> None:
    book = Journal(journal)
    book.write("outcome", **record("a/one", "Its teardown failed."))
    book.close()
    assert read(journal).outcomes["a/one"]["message"] == "Its teardown failed."


def test_json_report_holds_outcomes_and_nothing_that_nobody_reads(tmp_path: Path) -> None:
    check = '''
        @pytest.mark.check("layers.Dense", points=3)
        def test_one():
            """One."""
    '''
    assignment = find_assignment("small", write_assignment(tmp_path, check))
    (tmp_path / "session").mkdir()
    told = Session(
        assignment=str(assignment.folder),
        workspace=str(write_submission(tmp_path / "submission")),
        digest="",
        seed=1,
        public_seed=1,
        journal=str(tmp_path / "journal.jsonl"),
        artifacts=str(tmp_path),
    )
    ran = run_session(told, assignment, tmp_path / "session")
    assert ran.complete
    assert not ran.problems
    report = json.loads((tmp_path / "session" / "pytest.json").read_text())
    assert not report.keys() & {"collectors", "warnings"}
    (test,) = report["tests"]
    assert [entry["outcome"]["status"] for entry in test["user_properties"]] == ["passed"]
    assert not ({"keywords"} & test.keys()) | ({"log", "stdout", "stderr"} & test["call"].keys())


def test_diagnosis_is_merged_into_the_outcome_it_is_about(journal: Path) -> None:
    book = Journal(journal)
    book.write("diagnosis", id="a/two", misconception="two.swapped", hint="Are the two swapped?")
    book.write("diagnosis", id="a/three", misconception=None, hint="Of a check that left no outcome.")
    book.close()
    ran = read(journal)
    assert ran.outcomes["a/two"] == {**record("a/two", "Two is wrong."), "misconception": "two.swapped", "hint": "Are the two swapped?"}
    assert "a/three" not in ran.outcomes
    reported = write_report(journal.parent / "pytest.json", [{"outcome": record("a/two", "Two is wrong.")}])
    assert read(journal, reported.name).outcomes["a/two"]["misconception"] == "two.swapped"
