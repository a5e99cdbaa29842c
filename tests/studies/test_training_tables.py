import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from training_tables import upper_bound, write_tables

from tests.studies.document import MARKERS

TRAININGS = {name: {"threshold": 0.8, "full": {"threshold": 0.9}} for name in ("mnist_mlp", "mnist_cnn")}


def make_record(**changes):
    record = {"training": "mnist_mlp", "kind": "right", "submission": "reference", "number": 0, "ending": "trained", "accuracy": 0.9}
    return record | {"ratio": 0.002, "replayed": 30, "nudged": 0, "cpu_s": 0.3} | changes


def write(path, records):
    path.write_text(f"before\n{MARKERS[0]}\nearlier tables\n{MARKERS[1]}\nafter\n")
    write_tables(path, records, {"sgd_climbs": "SGD adds the gradient"}, TRAININGS)
    return path.read_text()


def test_bound_without_failures_is_the_rule_of_three():
    assert upper_bound(0, 1000) == pytest.approx(0.003, rel=0.01)


def test_bound_with_a_failure_is_the_exact_one():
    # 0.95 = P(Binomial(10, p) >= 2) at p = 0.3942, from tables of the Clopper-Pearson interval.
    assert upper_bound(1, 10) == pytest.approx(0.3942, abs=1e-4)


def test_tables_replace_what_stood_between_the_markers(tmp_path):
    text = write(tmp_path / "training.md", [make_record(), make_record(number=1, accuracy=0.7)])
    assert "earlier tables" not in text
    assert text.startswith("before")
    assert text.endswith("after\n")
    assert "1 of 2 single tries failed" in text


def test_bug_that_only_the_replay_caught_is_said(tmp_path):
    climbing = [make_record(kind="sgd_climbs", ending=ending, accuracy=0.85, ratio=200.0) for ending in ("disagrees", "trained")]
    text = write(tmp_path / "training.md", [make_record(), climbing[0]])
    assert "| SGD adds the gradient | 0.85 to 0.85 | 200 |  |  | 1 of 1 | 0 of 1 |" in text
    assert "|  |  | 1 of 2 | 0 of 2 |" in write(tmp_path / "training.md", [make_record(), *climbing])


def test_document_without_markers_is_refused(tmp_path):
    path = tmp_path / "training.md"
    path.write_text("no markers")
    with pytest.raises(SystemExit, match="found 0"):
        write_tables(path, [make_record()], {}, TRAININGS)
