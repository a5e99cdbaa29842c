"""One job, from request to report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.faults import RequestFault
from grader.model.job import Job
from grader.model.report import CheckResult, Report
from grader.run.job import exit_status, run_job
from tests.run.assignments import write_assignment, write_submission


def grade(tmp_path: Path, hidden: str, public: str = "", dense: float = 3, mse: float = 2, **job: object) -> Report:
    root = write_assignment(tmp_path / "assignments", hidden, public, dense=dense, mse=mse)
    submission = write_submission(tmp_path / "ada", layers="SIZE = 5\n", losses="")
    return run_job(Job(submission, "small", tmp_path / "out", **job), root=root).report  # type: ignore[arg-type]


def by_id(report: Report) -> dict[str, CheckResult]:
    return {check.id: check for check in report.checks}


def test_good_and_bad_checks_become_points(tmp_path: Path) -> None:
    report = grade(
        tmp_path,
        """
        @pytest.mark.check("layers.Dense", points=3)
        def test_forward():
            "Forward is right."

        @pytest.mark.check("losses.MSELoss", points=2)
        def test_value():
            assert 1 == 2, "the mean is 1"
        """,
    )
    assert (report.score, report.max_score, report.withheld) == (3, 5, 0)
    failed = by_id(report)["losses.MSELoss/value"]
    assert (failed.status, failed.blame) == ("failed", "student")
    assert "the mean is 1" in failed.message
    assert exit_status(report) == 0
    assert json.loads((tmp_path / "out" / "report.json").read_text())["score"] == 3


def test_crash_inside_a_check_withholds_its_points(tmp_path: Path) -> None:
    report = grade(
        tmp_path,
        """
        @pytest.mark.check("layers.Dense", points=3)
        def test_forward():
            {}["missing"]

        @pytest.mark.check("losses.MSELoss", points=2)
        def test_value(no_such_fixture):
            pass
        """,
    )
    assert (report.score, report.max_score, report.withheld) == (0, 5, 5)
    assert {check.blame for check in report.checks} == {"grader"}
    assert exit_status(report) == 3


def test_file_of_checks_that_cannot_be_imported_withholds_its_points_and_the_others_run(tmp_path: Path) -> None:
    public = """
        @pytest.mark.check("layers.Dense", points=3)
        def test_forward():
            pass
        """
    report = grade(tmp_path, "import no_such_module\n", public)
    assert (report.score, report.max_score, report.withheld) == (3, 5, 2)
    assert any("no_such_module" in problem for problem in report.problems)


def test_session_that_dies_keeps_what_was_decided(tmp_path: Path) -> None:
    report = grade(
        tmp_path,
        """
        @pytest.mark.check("layers.Dense", points=3)
        def test_forward():
            pass

        @pytest.mark.check("losses.MSELoss", points=2)
        def test_value():
            os._exit(7)
        """,
    )
    assert (report.score, report.withheld) == (3, 2)
    assert any("ended early (status 7)" in problem for problem in report.problems)


def test_failed_prerequisite_skips_and_is_named(tmp_path: Path) -> None:
    report = grade(
        tmp_path,
        """
        @pytest.mark.check("losses.MSELoss", points=2, after=["layers.Dense/forward"])
        def test_value():
            raise RuntimeError("never runs")

        @pytest.mark.check("layers.Dense", points=3)
        def test_forward():
            assert False, "wrong"
        """,
    )
    skipped = by_id(report)["losses.MSELoss/value"]
    assert (skipped.status, skipped.blame, skipped.earned) == ("skipped", "none", 0)
    assert "layers.Dense" in skipped.message


def test_undecided_prerequisite_leaves_points_withheld(tmp_path: Path) -> None:
    report = grade(
        tmp_path,
        """
        @pytest.mark.check("layers.Dense", points=3)
        def test_forward():
            1 / 0

        @pytest.mark.check("losses.MSELoss", points=2, after=["layers.Dense/forward"])
        def test_value():
            pass
        """,
    )
    assert report.withheld == 5


def test_parametrised_cases_are_one_check(tmp_path: Path) -> None:
    report = grade(
        tmp_path,
        """
        @pytest.mark.check("layers.Dense", points=3)
        @pytest.mark.parametrize("case", [1, 2, 3])
        def test_forward(case):
            assert case != 2, f"case {case}"

        @pytest.mark.parametrize("name", [pytest.param("m", marks=pytest.mark.check("losses.MSELoss", points=2))])
        def test_value(name):
            pass
        """,
    )
    assert by_id(report)["layers.Dense/forward"].message == "case 2"
    assert report.score == 2


def test_evidence_of_any_kind_survives_as_plain_json(tmp_path: Path) -> None:
    report = grade(
        tmp_path,
        """
        from grader.asserts.values import fail

        @pytest.mark.check("layers.Dense", points=3)
        def test_forward():
            fail("wrong", facts={"array": np.arange(3), "nan": np.float64("nan"), "big": np.zeros(10**6), "path": object})

        @pytest.mark.check("losses.MSELoss", points=2)
        def test_value():
            pass
        """,
    )
    evidence = by_id(report)["layers.Dense/forward"].evidence
    assert evidence["array"] == [0, 1, 2]
    assert evidence["nan"] == "nan"
    assert len(json.dumps(evidence)) < 20_000


def test_only_a_group_is_partial_and_runs_prerequisites_unscored(tmp_path: Path) -> None:
    report = grade(
        tmp_path,
        """
        @pytest.mark.check("layers.Dense", points=3)
        def test_forward():
            assert False

        @pytest.mark.check("losses.MSELoss", points=2, after=["layers.Dense/forward"])
        def test_value():
            pass
        """,
        only=("losses.MSELoss",),
    )
    assert report.run.partial
    assert [check.id for check in report.checks] == ["losses.MSELoss/value"]
    assert report.checks[0].status == "skipped"
    assert report.max_score == 2


def test_seeds_of_hidden_checks_depend_on_secret_and_submission_and_public_ones_do_not(tmp_path: Path) -> None:
    public = """
        @pytest.mark.check("layers.Dense", points=3)
        def test_drawn(rng):
            assert False, str(rng.integers(10**9))
        """
    hidden = """
        @pytest.mark.check("losses.MSELoss", points=2)
        def test_drawn(rng):
            assert False, str(rng.integers(10**9))
        """

    def drawn(folder: str, layers: str) -> list[str]:
        root = write_assignment(tmp_path / folder / "assignments", hidden, public)
        submission = write_submission(tmp_path / folder / "ada", layers=layers)
        report = run_job(Job(submission, "small", tmp_path / folder / "out"), root=root).report
        return [check.message for check in report.checks]

    first, second = drawn("one", ""), drawn("two", "")
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_same_seed_gives_the_same_report(tmp_path: Path) -> None:
    from grader.formats import json as json_format

    hidden = """
        @pytest.mark.check("layers.Dense", points=3)
        def test_drawn(rng):
            assert False, str(rng.integers(10**9))

        @pytest.mark.check("losses.MSELoss", points=2)
        def test_value():
            pass
        """
    root = write_assignment(tmp_path / "assignments", hidden)
    submission = write_submission(tmp_path / "ada", layers="")
    texts = []
    for shuffle in (None, 1, 2):
        finished = run_job(Job(submission, "small", tmp_path / "out", seed=5), root=root, shuffle=shuffle)
        texts.append(json_format.normalize(finished.path.read_text()))
    assert texts[0] == texts[1] == texts[2]


def test_unwritable_out_is_said_before_grading(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    root = write_assignment(tmp_path / "assignments", "raise SystemExit\n")
    with pytest.raises(RequestFault, match="can't be written"):
        run_job(Job(write_submission(tmp_path / "ada"), "small", tmp_path / "file" / "out"), root=root)


def test_unknown_group_names_the_nearest(tmp_path: Path) -> None:
    root = write_assignment(tmp_path / "assignments", "")
    with pytest.raises(RequestFault, match=r"Did you mean 'layers\.Dense'"):
        run_job(Job(write_submission(tmp_path / "ada"), "small", tmp_path / "out", only=("layer.Dense",)), root=root)


def test_check_in_no_known_group_is_the_authors_fault_and_said(tmp_path: Path) -> None:
    report = grade(
        tmp_path,
        """
        @pytest.mark.check("layers.Dens", points=3)
        def test_forward():
            pass

        @pytest.mark.check("losses.MSELoss", points=2)
        def test_value():
            pass
        """,
    )
    assert (report.score, report.withheld) == (2, 3)
    assert any("layers.Dens" in problem for problem in report.problems)
