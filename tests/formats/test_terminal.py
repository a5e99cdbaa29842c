"""The summary that a person reads."""

from __future__ import annotations

from grader.formats import terminal
from tests.formats.reports import check, report

MIXED = report(
    check("layers.Dense/forward", "failed", 2),
    check("layers.Dense/gradient", "passed", 3),
    check("layers.Conv2D/forward", "failed", 4),
    check("training.mnist_mlp/learns", "skipped", 8, evidence={"after": "layers.Dense/forward"}),
    check("losses.MSELoss/value", "undecided", 1),
)


def test_every_line_fits_80_columns() -> None:
    long = report(check("layers.Dense/forward", "failed", message="word " * 300, title="t" * 200), problems=("p " * 200,))
    for sample in (MIXED, long):
        assert max(map(len, terminal.render(sample, "/a/very/long/" + "path/" * 3).splitlines())) < 80


def test_what_unlocks_most_is_named_first() -> None:
    things = terminal.things_to_fix(MIXED)
    assert [(thing.groups, thing.unlocks) for thing in things] == [(("layers.Dense",), 10.0), (("layers.Conv2D",), 4.0)]


def test_one_broken_import_is_one_thing_however_many_items_it_costs() -> None:
    said = "pytorchnano.layers can't be imported: SyntaxError: invalid syntax"
    sample = report(*(check(f"layers.{name}/forward", "failed", 2, message=said) for name in ("Dense", "Conv2D", "Flatten")))
    things = terminal.things_to_fix(sample)
    assert [(len(thing.groups), thing.unlocks) for thing in things] == [(3, 6.0)]
    assert "layers.Dense and 2 other items (6 points)" in terminal.render(sample)


def test_likely_cause_stands_before_the_numbers_and_after_what_was_seen_where_there_are_none() -> None:
    numbers = "It is wrong.\nexpected: 1\ngot: 3\ntolerance: 1e-8"
    sample = report(check("layers.Dense/forward", "failed", message=numbers, hint="Is it a sum?"))
    assert "Is it a sum? (expected: 1; got: 3)" in " ".join(terminal.render(sample).split())
    sample = report(check("layers.Dense/forward", "failed", message="Dense.forward used 10 s of CPU.", hint="Is there a loop?"))
    assert "Dense.forward used 10 s of CPU. Is there a loop?" in " ".join(terminal.render(sample).split())


def test_withheld_points_are_said() -> None:
    assert "Withheld: 1 points" in terminal.render(MIXED)


def test_full_marks_leave_nothing_to_fix() -> None:
    assert "Fix first" not in terminal.render(report(check("layers.Dense/forward")))


def test_control_characters_of_a_submission_never_reach_the_terminal() -> None:
    nasty = "\x1b[2J\x1b[H\u202eevil\x07\r"
    sample = report(check("layers.Dense/forward", "failed", message=nasty, title=nasty), problems=(nasty,))
    text = terminal.render(sample)
    assert not set(text) & {"\x1b", "\x07", "\r", "\u202e"}


def test_colours_are_added_only_by_paint() -> None:
    assert "\x1b" not in terminal.render(MIXED)
    assert "\x1b[31m" in terminal.paint(terminal.render(MIXED))
