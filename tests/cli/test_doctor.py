"""`grader doctor`: rows, remedies and exit statuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.cli import doctor
from grader.cli.doctor import EXAMINATIONS, Row, render
from grader.isolation import levels
from grader.isolation.launch import Availability

ROWS = {
    "PASS": Row("train", "PASS", "Python 3.11"),
    "CAUTION": Row("data", "CAUTION", "The full MNIST is not here.", "grader data fetch"),
    "FAIL": Row("draw", "FAIL", "matplotlib is missing.", "pip install matplotlib"),
}


def _examinations(*statuses: str) -> tuple[tuple[str, Callable[[], Iterator[Row]]], ...]:
    return tuple((ROWS[status].area, lambda status=status: iter([ROWS[status]])) for status in statuses)


@pytest.mark.parametrize("area, examine", EXAMINATIONS, ids=[area for area, _ in EXAMINATIONS])
def test_every_row_of_this_machine_is_a_sentence_and_each_that_is_no_pass_says_what_mends_it(
    area: str, examine: Callable[[], Iterator[Row]]
) -> None:
    rows = list(examine())
    assert rows
    for row in rows:
        assert row.area == area
        assert row.said
        assert bool(row.remedy) == (row.status != "PASS")
        assert all(len(line) < 80 or " " not in line.strip() for line in render(row).splitlines())


def test_machine_that_runs_the_tests_is_ready_to_grade(grader: Callable[..., Any]) -> None:
    ended = grader("doctor")
    assert ended.status == 0, ended.out
    assert "Ready to grade" in ended.out
    assert set(re.findall(r"^(\w+) +(\w+)  ", ended.out, re.MULTILINE)) >= {("PASS", "train"), ("PASS", "draw"), ("PASS", "data")}


@pytest.mark.parametrize(
    "statuses, exit_status, said",
    [
        (["PASS"], 0, "Ready to grade.\n"),
        (["PASS", "CAUTION"], 0, "Ready to grade, with 1 CAUTION.\n"),
        (["FAIL", "CAUTION"], 3, "Not ready: 1 FAIL, 1 CAUTION. Mend what says FAIL first.\n"),
    ],
)
def test_exit_status_is_3_only_when_a_row_fails(
    grader: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, statuses: list[str], exit_status: int, said: str
) -> None:
    monkeypatch.setattr(doctor, "EXAMINATIONS", _examinations(*statuses))
    ended = grader("doctor")
    assert ended.status == exit_status
    assert ended.out.endswith(said)


def test_examination_that_raises_is_a_finding_and_the_others_still_run(grader: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def explode() -> Iterator[Row]:
        raise ImportError("numpy is broken\nin many ways")

    monkeypatch.setattr(doctor, "EXAMINATIONS", (("train", explode), *_examinations("PASS")))
    ended = grader("doctor")
    assert ended.status == 3
    assert "FAIL     train    Looking at it raised ImportError: numpy is broken\n" in ended.out
    assert "PASS     train    Python 3.11\n" in ended.out


def test_long_rows_are_wrapped_under_their_text() -> None:
    lines = render(Row("data", "CAUTION", "word " * 40, "command " * 20)).splitlines()
    assert max(map(len, lines)) < 80
    assert lines[0].startswith("CAUTION  data     word")
    assert all(line.startswith(" " * 18) for line in lines[1:])
    assert sum("mend: " in line for line in lines) == 1


def test_absent_full_mnist_is_a_caution_with_its_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    row = list(doctor.examine_data())[-1]
    assert (row.status, row.remedy) == ("CAUTION", "grader data fetch")


def test_damaged_full_mnist_names_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"something else")
    row = list(doctor.examine_data())[-1]
    assert row.status == "CAUTION"
    assert "train-labels-idx1-ubyte" in row.said


def test_old_numpy_fails_with_the_version_that_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda name: "1.26.4")
    rows = [row for row in doctor.examine_training() if row.said.startswith("NumPy")]
    assert [(row.status, row.remedy) for row in rows] == [("FAIL", "pip install 'numpy>=2.0'")]


def test_single_core_and_little_memory_are_cautions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.os, "sched_getaffinity", lambda pid: {0})
    monkeypatch.setattr(doctor, "_free_memory_mb", lambda: 1)
    said = [row.said for row in doctor.examine_training() if row.status == "CAUTION"]
    assert [sentence.split(":")[0] for sentence in said] == [
        "1 processor core",
        "1 MiB of memory are free, and a submission may use up to 3072",
    ]


def test_machine_without_a_figure_for_free_memory_has_no_row_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_free_memory_mb", lambda: None)
    assert not any("memory" in row.said for row in doctor.examine_training())


class _Layer:
    """A layer as `available` describes it."""

    def __init__(self, name: str, ok: bool = True) -> None:
        self.NAME = name
        self.available = lambda: Availability(ok, "" if ok else "the kernel is too old", "" if ok else "use kernel 5.13 or newer")


def _isolation(monkeypatch: pytest.MonkeyPatch, *layers: _Layer) -> list[Row]:
    monkeypatch.setattr(levels, "LAYERS", layers)
    return list(doctor.examine_isolation())


def test_layer_that_does_not_work_is_a_caution_with_its_own_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = _isolation(monkeypatch, _Layer("process"), _Layer("rlimits"), _Layer("seccomp", ok=False))
    row = next(row for row in rows if "seccomp" in row.said)
    assert (row.status, row.remedy) == ("CAUTION", "use kernel 5.13 or newer")


def test_machine_that_can_start_no_worker_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = _isolation(monkeypatch, _Layer("process", ok=False))
    assert [row.status for row in rows] == ["FAIL", "FAIL"]


@pytest.mark.parametrize(
    "names, status, level",
    [(("process", "rlimits"), "CAUTION", "Level L1"), (("process", "rlimits", "seccomp", "landlock"), "PASS", "Level L3")],
)
def test_level_below_the_one_that_hides_files_is_a_caution(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], status: str, level: str
) -> None:
    row = next(row for row in _isolation(monkeypatch, *map(_Layer, names)) if row.said.startswith("Level"))
    assert row.status == status
    assert row.said.startswith(level)


@pytest.mark.parametrize("uid, warned", [(0, True), (1000, False)])
def test_root_is_warned(monkeypatch: pytest.MonkeyPatch, uid: int, warned: bool) -> None:
    monkeypatch.setattr(doctor.os, "geteuid", lambda: uid)
    rows = _isolation(monkeypatch, _Layer("process"), _Layer("rlimits"))
    assert any("You are root" in row.said for row in rows) == warned


def test_full_disk_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Disk:
        f_bavail, f_frsize = 10, 4096

    monkeypatch.setattr(doctor.os, "statvfs", lambda folder: Disk)
    assert [row.status for row in doctor.examine_writing()] == ["FAIL"]
