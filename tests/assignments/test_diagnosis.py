"""The diagnosis on the assignment: seeded bugs are named as themselves, what is correct is never named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from grader.diagnosis.words import phrase_hint
from grader.model.assignment import find_assignment
from grader.model.misconception import Edit, load_misconceptions
from tests.assignments.diagnosed import diagnose_edits, diagnose_submission

ASSIGNMENT = find_assignment("pytorchnano")
BUGS = load_misconceptions(ASSIGNMENT.folder / "misconceptions")
SUBMISSIONS = Path(__file__).resolve().parents[1] / "submissions"
GROUPS = tuple(name for name in ASSIGNMENT.groups if not name.startswith("training."))


SILENT = {
    "conv2d.padded_in_float64",
    "conv2d.stride_zero_not_refused",
    "load_mnist.compressed_files_not_found",
    "network.activations_counted",
    "network.maxout_counted",
    "conv2d.parameters_copied_at_construction",
    "dense.parameters_copied_at_construction",
    "dropout.same_mask_for_all_samples",
    "dropout.whole_rows_dropped",
}
"""Bugs that answer with draws of their own, or differ in a refusal or a width alone: nothing tells them, so nothing is said."""


def choose_bugs() -> Iterator[Any]:
    """Every bug; all but a thirtieth, which no new bug changes, are slow."""
    for name in BUGS:
        yield pytest.param(name, id=name, marks=[] if crc32(name.encode()) % 30 == 3 else pytest.mark.slow)


@pytest.mark.parametrize("name", list(choose_bugs()))
def test_bug_is_named_as_itself(name: str) -> None:
    named = diagnose_edits(BUGS[name].edits, BUGS[name].item)
    said = [ids for ids in named.values() if ids]
    assert [ids for ids in said if name not in ids] == []
    assert said or name in SILENT, f"not named in {', '.join(named)}"


@pytest.mark.parametrize("pair", [("dense.bias_gradient_averaged", "dense.weight_gradient_averaged")])
def test_one_of_two_bugs_is_named_and_no_third(pair: tuple[str, str]) -> None:
    named = diagnose_edits([edit for name in pair for edit in BUGS[name].edits], BUGS[pair[0]].item)
    said = {name for ids in named.values() for name in ids}
    assert said
    assert said <= set(pair)


def test_bug_in_another_style_is_named() -> None:
    edit = Edit("layers.py", "origin.send(grad_bias)", "origin.send(grad_bias / x.shape[0])", within="class Dense(Layer)")
    named = diagnose_edits([edit], "layers.Dense", package=SUBMISSIONS / "loops" / "pytorchnano")
    assert {name for ids in named.values() for name in ids} == {"dense.bias_gradient_averaged"}


@pytest.mark.parametrize("style", ["loops", "tape", "terse"])
def test_nothing_of_a_correct_style_is_named(style: str) -> None:
    assert diagnose_submission(SUBMISSIONS / style, "layers.Dense", "layers.Dropout", "network.Network") == {}


@pytest.mark.slow
@pytest.mark.parametrize("style", ["loops", "tape", "terse"])
def test_nothing_of_a_whole_correct_style_is_named(style: str) -> None:
    assert diagnose_submission(SUBMISSIONS / style, *GROUPS) == {}


@pytest.mark.parametrize("name", BUGS)
def test_hint_shows_no_line_of_the_edit(name: str) -> None:
    hint = phrase_hint([BUGS[name]])
    lines = {line.strip() for edit in BUGS[name].edits for text in (edit.old, edit.new) for line in text.splitlines()}
    assert [line for line in lines if len(line) > 12 and line in hint] == []
