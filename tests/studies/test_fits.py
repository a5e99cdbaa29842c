"""The study's machinery on a few bugs, and its hand-written labels against the catalogue."""

from __future__ import annotations

import tomllib
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from grader.diagnosis.examination import call, examine
from grader.model.misconception import apply_edits, load_misconceptions
from tests.studies.fits import EXAMINATION, EXPECTED, KINDS, judge, run_bug
from tests.studies.in_process import ROOT, LoadedPackage, load_submission

CATALOGUE = load_misconceptions(ROOT / "assignments" / "pytorchnano" / "misconceptions")
LABELS: dict[str, list[str]] = tomllib.loads(EXPECTED.read_text(encoding="utf-8"))


def test_every_label_belongs_to_a_bug_of_the_catalogue() -> None:
    assert [name for name in LABELS if not CATALOGUE[name].item.startswith(KINDS)] == []


@pytest.mark.parametrize(
    "name",
    ["dense.weight_gradient_averaged", "dense.gradients_added", "relu.gradient_of_output_gradient", "hinge.right_class_pulled_once"],
)
def test_a_seeded_bug_gets_a_fit_that_describes_it(name: str, tmp_path: Path) -> None:
    apply_edits(CATALOGUE[name].edits, ROOT / "reference" / "pytorchnano", tmp_path / name.replace(".", "_"))
    with np.errstate(all="ignore"):
        seen = run_bug(CATALOGUE[name], load_submission("reference"), LoadedPackage(tmp_path / name.replace(".", "_")), seed=0)
    assert judge(seen, LABELS[name]) == "right"


@pytest.mark.parametrize("style", ["loops", "tape", "terse"])
def test_a_correct_submission_of_another_style_gets_nothing_said(style: str) -> None:
    submitted, reference = partial(call, load_submission(style)), partial(call, load_submission("reference"))
    points = EXAMINATION.draw_points(np.random.default_rng(5))
    with np.errstate(all="ignore"):
        said = {item: examine(ones, submitted, reference, lambda: False) for item, ones in points.items()}
    assert len(said) > 15
    assert {item: fit for item, fit in said.items() if fit is not None} == {}


def test_the_reference_itself_gets_nothing_said(tmp_path: Path) -> None:
    reference = load_submission("reference")
    with np.errstate(all="ignore"):
        assert run_bug(CATALOGUE["dense.weight_gradient_averaged"], reference, reference, seed=11) == []
