from __future__ import annotations

from grader.diagnosis.words import ALONE, find_roots, phrase_fit, phrase_hint, phrase_root
from grader.model.misconception import Edit, Misconception


def make(hint: str, lecture: str = "") -> Misconception:
    return Misconception("layers.Dense", hint, [Edit("layers.py", "right line", "wrong line")], lecture=lecture)


def test_hint_says_the_sentence_and_the_lecture() -> None:
    assert phrase_hint([make("Look at the sum.", "Layers: backward")]) == "Look at the sum. See Layers: backward."


def test_rivals_are_said_one_after_the_other() -> None:
    assert phrase_hint([make("First."), make("Second.")]) == "It looks like one of these. First. Second."


def test_fit_comes_after_the_check_s_own_hint() -> None:
    assert phrase_fit("dW is doubled.", "Is it a sum?") == "Is it a sum? dW is doubled."
    assert phrase_fit("dW is doubled.") == "dW is doubled."


def test_fit_of_an_array_alone_gives_way() -> None:
    assert phrase_fit("The output is off by the margin.", f"{ALONE} is the right one plus 7/10.") == "The output is off by the margin."


def test_own_hint_of_the_check_follows_and_is_said_once() -> None:
    assert phrase_hint([make("Look.")], "Is it this?") == "Look. Is it this?"
    assert phrase_hint([make("Look.")], "Look.") == "Look."


def test_hint_never_shows_an_edit() -> None:
    assert "line" not in phrase_hint([make("Look.", "Layers")])


def test_roots_are_said_by_name() -> None:
    assert phrase_root(["layers.Dense"]) == "Mend layers.Dense first: this uses it."
    assert phrase_root(["a.A", "b.B", "c.C"]) == "Mend a.A, b.B and c.C first: this uses them."


def test_roots_are_what_failed_of_what_is_needed_once_each() -> None:
    assert find_roots(["a.A", "b.B", "a.A"], {"a.A": True, "c.C": True}) == ["a.A"]
