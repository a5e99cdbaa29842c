"""`grader run`, `schema` and `normalize` as a shell, a CI and a person at a terminal meet them."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from grader.model.job import Job
from grader.run.job import run_job
from tests.journeys.bad_packages import copy_reference
from tests.run.assignments import write_assignment, write_submission

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("--only", "data.one_hot", "--only", "activations.Tanh")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def environment(**added: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"} | added


def grader(cwd: Path, *arguments: str, **added: str) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        [sys.executable, "-m", "grader", *arguments],
        cwd=cwd,
        env=environment(**added),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended


def run(cwd: Path, *arguments: str, **added: str) -> subprocess.CompletedProcess[str]:
    return grader(cwd, "run", "alice", "--assignment", "pytorchnano", *arguments, **added)


def hand_in(folder: Path) -> None:
    """Write `alice`: Tanh is right; one_hot counts from one, so that public and hidden checks of it have something to say."""
    with (copy_reference(folder / "alice") / "data.py").open("a") as file:
        file.write(
            "\n\n_right = one_hot\n\n\ndef one_hot(labels, num_classes):\n    return np.roll(_right(labels, num_classes), 1, axis=1)\n"
        )


def read(cwd: Path, out: str) -> dict[str, Any]:
    assert [path.name for path in (cwd / out).iterdir()] == ["report.json"], "a file that no report names"
    return json.loads((cwd / out / "report.json").read_text(encoding="utf-8"))


def assert_plain_and_narrow(text: str) -> None:
    assert [line for line in text.splitlines() if len(line) >= 80] == []
    assert text.isprintable() or not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)


def test_two_runs_with_one_seed_are_the_same_report(tmp_path: Path) -> None:
    hand_in(tmp_path)
    validator: Any = jsonschema.Draft202012Validator(json.loads(grader(tmp_path, "schema").stdout))
    normalized: list[str] = []
    reports: list[dict[str, Any]] = []
    for out in ("first", "second"):
        ended = run(tmp_path, *PARTS, "--seed", "7", "--out", out, "--fail-under", "10")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert_plain_and_narrow(ended.stdout)
        assert ended.stdout.endswith(f"\nEverything: {out}/report.json\n")
        reports.append(read(tmp_path, out))
        validator.validate(reports[-1])
        normalized.append(grader(tmp_path, "normalize", f"{out}/report.json").stdout)
    first, second = reports
    assert first["score"] > 0, "Tanh is right"
    assert {check["status"] for check in first["checks"]} == {"passed", "failed"}
    assert (first["run"]["seed"], first["run"]["partial"]) == (7, True)
    assert first != second, "seconds and dates are in a report"
    assert normalized[0] == normalized[1]
    assert json.loads(normalized[0])["checks"][0]["id"] == first["checks"][0]["id"]


def test_schema_refuses_what_is_no_report(tmp_path: Path) -> None:
    validator: Any = jsonschema.Draft202012Validator(json.loads(grader(tmp_path, "schema").stdout))
    assert not validator.is_valid({"schema": "grader-report/1"})
    ended = grader(tmp_path, "normalize", "report.json")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "report.json can't be read: No such file" in ended.stderr


def test_student_reads_nothing_of_hidden_checks(tmp_path: Path) -> None:
    hand_in(tmp_path)
    staff = run(tmp_path, *PARTS, "--seed", "987654321", "--out", "staff")
    student = run(tmp_path, *PARTS, "--seed", "987654321", "--out", "student", "--audience", "student", "--fail-under", "100")
    assert (staff.returncode, student.returncode) == (0, 1)
    full, shown = read(tmp_path, "staff"), read(tmp_path, "student")
    secrets = words_of(full, "hidden") - words_of(full, "public")
    hidden = [check for check in full["checks"] if check["visibility"] == "hidden"]
    assert any(set(check["message"].splitlines()) & secrets for check in hidden), "no hidden check said anything of its own"
    for secret in [*secrets, "987654321"]:
        assert json.dumps(secret)[1:-1] in json.dumps(full)
        assert json.dumps(secret)[1:-1] not in json.dumps(shown)
        assert secret not in student.stdout
    assert shown["run"]["seed"] is None
    assert [check["points"] for check in shown["checks"]] == [check["points"] for check in full["checks"]]
    assert {check["title"] for check in shown["checks"] if check["visibility"] == "hidden"} == {"A hidden check"}
    assert (shown["score"], shown["max_score"]) == (full["score"], full["max_score"])


def words_of(report: dict[str, Any], visibility: str) -> set[str]:
    """Ids, titles and the longer lines of the messages of checks of that visibility."""
    checks = [check for check in report["checks"] if check["visibility"] == visibility]
    lines = {line for check in checks for line in check["message"].splitlines() if len(line) > 30}
    return {check["id"] for check in checks} | {check["title"] for check in checks} | lines


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--assignment", "pytorchnan"], "Did you mean 'pytorchnano'?"),
        (["--assignment", "pytorchnano", "--only", "layers.Dens"], "Did you mean 'layers.Dense'?"),
        (["--assignment", "pytorchnano", "--sed", "3"], "'--sed'. Did you mean"),
        (["--assignment", "pytorchnano", "--seed", "-3"], "-3 is not in the range"),
        (["--assignment", "pytorchnano", "--audience", "pupil"], "'staff', 'student'"),
        ([], "Missing option '--assignment'"),
    ],
    ids=["assignment", "group", "option", "seed", "audience", "missing"],
)
def test_wrong_request_is_status_2_and_says_what_is_right(arguments: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "alice").mkdir()
    ended = grader(tmp_path, "run", "alice", *arguments, "--out", "out")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in " ".join(ended.stderr.split())
    assert not (tmp_path / "out").exists()


def test_folder_that_can_not_be_written_is_said_before_the_submission_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in ("file", "file/out"):
        ended = run(tmp_path, "--out", out)  # there is no alice
        assert (ended.returncode, ended.stdout) == (2, "")
        assert re.fullmatch(rf"grader: The report can't be written to {out}: .*Name another folder with --out\.\n", ended.stderr)


def test_full_mnist_that_is_not_there_is_said_before_grading(tmp_path: Path) -> None:
    hand_in(tmp_path)
    ended = run(tmp_path, "--mnist", "full", "--out", "out", MNIST_DIR=str(tmp_path / "digits"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"The full MNIST is not in {tmp_path / 'digits'}" in ended.stderr
    assert "`grader data fetch`" in ended.stderr
    assert not (tmp_path / "out").exists()


def test_checks_see_the_folders_that_the_caller_names_and_nothing_else_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temp = tmp_path / "temp"
    temp.mkdir()
    for name, value in {"MNIST_DIR": "/digits", "TMPDIR": str(temp), "PYTEST_ADDOPTS": "--fail", "SECRET_TOKEN": "token"}.items():
        monkeypatch.setenv(name, value)
    root = write_assignment(
        tmp_path / "assignments",
        """
        @pytest.mark.check("layers.Dense", points=3)
        def test_environment():
            assert False, f"{os.environ.get('MNIST_DIR')} {os.environ.get('TMPDIR')} {os.environ.get('SECRET_TOKEN')}"
        """,
        mse=0,
    )
    submission = write_submission(tmp_path / "ada", layers="")
    report = run_job(Job(submission, "small", tmp_path / "out", only=("layers.Dense",)), root=root).report
    assert report.checks[0].message == f"/digits {temp} None"


def test_person_at_a_terminal_sees_colours_and_progress(tmp_path: Path) -> None:
    hand_in(tmp_path)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "grader", "run", "alice", "--assignment", "pytorchnano", *PARTS, "--seed", "1", "--out", "out"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = read_until_closed(ours).replace("\r\n", "\n")
    assert process.wait(60) == 0
    report = read(tmp_path, "out")
    assert re.search(r"\x1b\[32m  ok activations\.Tanh", shown)
    assert re.search(r"\x1b\[31m  x  data\.one_hot", shown)
    assert re.search(r"\r\x1b\[Kgrader: running the checks \(\d", shown)
    assert re.search(r"\r\x1b\[Kgrader: \d+ of \d+ checks \(\d", shown)
    summary = shown.rpartition("\r\x1b[K")[2]
    assert "grader:" not in summary
    assert_plain_and_narrow(ESCAPE.sub("", summary))
    assert f"Score: {report['score']:g} of {report['max_score']:g} points" in shown


def read_until_closed(terminal: int) -> str:
    """Return what was written on the other side of a pseudo-terminal, until nobody holds that any more."""
    collected = b""
    try:
        while data := os.read(terminal, 4096):
            collected += data
    except OSError:  # how Linux says that the other side is closed
        pass
    finally:
        os.close(terminal)
    return collected.decode()
