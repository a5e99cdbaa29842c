"""The matcher on a world of numbers: a submission answers each check with one, and fails where it is not the right one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from grader.diagnosis.following import Agreement, Departed
from grader.diagnosis.matching import Ending, Failure, Matcher, Named, Rehearsed, interleave, keep_nearest, reduce_sentence
from grader.diagnosis.transcript import Listener, Stopped, Transcript

Answers = Mapping[str, Any]
RIGHT: Answers = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0}


class World:
    """Runs checks on misconceptions that are tables of answers."""

    def __init__(self, bugs: Mapping[str, Answers], most: int = 10_000) -> None:
        self.bugs = {"": {}, **bugs}
        self.left = most
        self.ran: list[tuple[str, str]] = []

    def run(self, check: str, misconception: str, listener: Listener | None = None) -> Rehearsed:
        self.ran.append((check, misconception))
        self.left -= 1
        answer = self.bugs[misconception].get(check, RIGHT[check])
        if answer == "broken":
            return Rehearsed(Ending.UNKNOWN)
        try:
            if listener is not None:
                listener.hear(f"PROBE {check}", None, answer)
        except Departed:
            return Rehearsed(Ending.UNKNOWN)
        return Rehearsed(Ending.PASSED if answer == RIGHT[check] else Ending.FAILED, "said")

    def is_spent(self) -> bool:
        return self.left <= 0


def explain(
    bugs: Mapping[str, Answers], student: Answers, *, most: int = 10_000, said: str = "said", free: bool = False
) -> dict[str, Named]:
    failures: list[Failure] = []
    for check, answer in student.items():
        transcript = Transcript()
        transcript.hear(f"PROBE {check}", None, answer)
        failures.append(Failure(check, "item", said, transcript))
    passed = [check for check in RIGHT if check not in student]
    matcher = Matcher(dict.fromkeys(bugs, "item"), World(bugs, most), {"item": passed}, lambda group, question: free)
    return matcher.explain(failures)


def names(found: Mapping[str, Named]) -> dict[str, tuple[str, ...]]:
    return {check: named.misconceptions for check, named in found.items()}


def test_the_one_with_the_same_answer_is_named() -> None:
    assert explain({"two": {"a": 2.0}, "three": {"a": 3.0}}, {"a": 3.0}) == {"a": Named(("three",), Agreement.SAME)}


def test_nothing_is_named_where_nothing_agrees() -> None:
    assert explain({"two": {"a": 2.0}}, {"a": 5.0}) == {}


def test_rivals_are_told_apart_by_another_failed_check() -> None:
    bugs = {"one": {"a": 2.0}, "both": {"a": 2.0, "b": 2.0}}
    assert names(explain(bugs, {"a": 2.0, "b": 2.0})) == {"a": ("both",), "b": ("both",)}


def test_rivals_are_told_apart_by_what_the_student_passed() -> None:
    bugs = {"one": {"a": 2.0}, "both": {"a": 2.0, "b": 2.0}}
    assert names(explain(bugs, {"a": 2.0})) == {"a": ("one",)}


def test_rivals_that_agree_on_everything_are_named_together() -> None:
    assert names(explain({"one": {"a": 2.0}, "other": {"a": 2.0}}, {"a": 2.0})) == {"a": ("one", "other")}


def test_four_rivals_are_not_named() -> None:
    assert explain({name: {"a": 2.0} for name in "klmn"}, {"a": 2.0}) == {}


def test_nearest_rival_is_named() -> None:
    assert names(explain({"near": {"a": 2.0}, "far": {"a": 2.0000005}}, {"a": 2.0})) == {"a": ("near",)}


def test_two_bugs_are_named_check_by_check() -> None:
    bugs = {"one": {"a": 2.0}, "other": {"b": 3.0}}
    assert names(explain(bugs, {"a": 2.0, "b": 3.0})) == {"a": ("one",), "b": ("other",)}


def test_bug_hidden_by_another_one_leaves_the_other_one_named() -> None:
    bugs = {"one": {"a": 2.0, "b": 2.0, "c": 2.0}, "other": {"b": 3.0}}
    assert names(explain(bugs, {"a": 2.0, "b": 6.0, "c": 2.0})) == {"a": ("one",), "c": ("one",)}


def test_what_fails_as_many_checks_in_a_way_of_its_own_as_it_explains_is_not_named() -> None:
    assert names(explain({"one": {"a": 2.0, "b": 2.0}}, {"a": 2.0, "b": 6.0})) == {}


def test_two_bugs_are_named_although_a_third_check_shows_neither() -> None:
    bugs = {"one": {"a": 2.0, "c": 2.0}, "other": {"b": 3.0, "c": 3.0}}
    assert names(explain(bugs, {"a": 2.0, "b": 3.0, "c": 6.0})) == {"a": ("one",), "b": ("other",)}


def test_what_explains_one_check_of_several_is_not_named() -> None:
    assert names(explain({"one": {"a": 2.0}}, {"a": 2.0, "b": 6.0})) == {}
    assert names(explain({"one": {"a": 2.0, "b": 2.0}}, {"a": 2.0, "b": 2.0, "c": 7.0})) == {"a": ("one",), "b": ("one",)}


def test_nothing_is_named_where_the_reference_does_not_pass() -> None:
    world = World({"two": {"a": 2.0}})
    world.bugs[""] = {"a": "broken"}
    transcript = Transcript()
    transcript.hear("PROBE a", None, 2.0)
    assert Matcher({"two": "item"}, world, {}).explain([Failure("a", "item", "said", transcript)]) == {}


def test_nothing_is_run_for_an_item_without_misconceptions() -> None:
    world = World({"two": {"a": 2.0}})
    transcript = Transcript()
    transcript.hear("PROBE a", None, 2.0)
    assert Matcher({"two": "item"}, world, {}).explain([Failure("a", "another item", "said", transcript)]) == {}
    assert world.ran == []


def test_what_was_not_implemented_is_not_run_again() -> None:
    world = World({"two": {"a": 2.0}})
    transcript = Transcript()
    transcript.hear("PROBE a", None, Stopped("NotImplementedYet", "NotImplementedError", "forward"))
    assert Matcher({"two": "item"}, world, {}).explain([Failure("a", "item", "said", transcript)]) == {}
    assert world.ran == []


def test_no_more_is_run_than_there_is_time_for() -> None:
    bugs = {f"bug {number}": {"a": float(number)} for number in range(2, 50)}
    assert explain(bugs, {"a": 40.0}, most=10) == {}


def test_draws_that_are_alike_need_the_same_words() -> None:
    bugs = {"two": {"a": 2.0}}
    assert explain(bugs, {"a": 5.0}, free=True) == {"a": Named(("two",), Agreement.ALIKE)}
    assert explain(bugs, {"a": 5.0}, free=True, said="something else") == {}


def test_draws_that_are_alike_do_not_name_what_fails_elsewhere() -> None:
    assert explain({"two": {"a": 2.0, "b": 2.0}}, {"a": 5.0}, free=True) == {}


def test_draws_that_are_alike_are_not_named_on_half_the_evidence() -> None:
    assert explain({"two": {"a": 2.0}}, {"a": 5.0}, free=True, most=3) == {}


def test_same_answer_is_named_before_one_that_is_alike() -> None:
    assert names(explain({"alike": {"a": 2.0}, "same": {"a": 5.0}}, {"a": 5.0}, free=True)) == {"a": ("same",)}


def test_first_failed_checks_of_all_items_come_first() -> None:
    failures = [Failure(check, check[0], "", Transcript()) for check in ("a1", "a2", "b1", "a3", "b2")]
    assert [failure.check for failure in interleave(failures)] == ["a1", "b1", "a2", "b2", "a3"]


def test_round_off_tells_no_rivals_apart() -> None:
    assert keep_nearest({"one": 0.0, "other": 1e-15, "third": 1e-7}) == ["one", "other"]


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("index 3 is 0.25", "index 41 is -1e-07", True),
        ("it is nan", "it is 7", True),
        ("one thing\nat 3", "one thing\nat 4, elsewhere", True),
        ("one thing", "another thing", False),
    ],
)
def test_sentences_are_compared_without_numbers(one: str, other: str, same: bool) -> None:
    assert (reduce_sentence(one) == reduce_sentence(other)) is same
    assert reduce_sentence(one, "a hint") != reduce_sentence(one, "another")




def test_what_is_merely_alike_is_not_named_beside_what_is_certain() -> None:
    crash, other = Stopped("SubmissionRaised", "IndexError", "forward"), Stopped("SubmissionRaised", "KeyError", "forward")
    bugs = {"certain": {"a": 2.0}, "alike": {"b": crash}}
    assert names(explain(bugs, {"b": other})) == {"b": ("alike",)}
    assert names(explain(bugs, {"a": 2.0, "b": other})) == {"a": ("certain",)}


CRASH = Stopped("SubmissionRaised", "IndexError", "forward")
OTHER_CRASH = Stopped("SubmissionRaised", "KeyError", "forward")


def test_crash_in_other_words_is_not_named() -> None:
    bugs = {"crash": {"a": CRASH, "b": CRASH}}
    assert explain(bugs, {"a": OTHER_CRASH, "b": OTHER_CRASH}, said="other words") == {}
    assert names(explain(bugs, {"a": OTHER_CRASH, "b": OTHER_CRASH})) == {"a": ("crash",), "b": ("crash",)}


def test_what_fails_where_the_student_passed_is_not_named() -> None:
    assert explain({"more": {"a": 2.0, "b": 2.0}}, {"a": 2.0}) == {}


def test_what_is_certain_is_named_though_there_is_no_time_to_look_elsewhere() -> None:
    assert names(explain({"one": {"a": 2.0}}, {"a": 2.0}, most=3)) == {"a": ("one",)}


def test_nothing_is_named_before_every_rival_was_heard() -> None:
    assert explain({"one": {"a": 2.0}, "other": {"a": 2.0}}, {"a": 2.0}, most=3) == {}


def test_second_bug_is_looked_for_after_the_first_one_is_named() -> None:
    bugs = {"both": {"a": 2.0, "b": 2.0}, "left": {"a": 2.0}, "right": {"c": 3.0}}
    assert names(explain(bugs, {"a": 2.0, "b": 2.0, "c": 3.0})) == {"a": ("both",), "b": ("both",), "c": ("right",)}


def test_what_only_looks_alike_has_to_account_for_all_that_failed() -> None:
    bugs = {"one": {"a": 2.0}, "both": {"a": 3.0, "b": 3.0}}
    assert explain(bugs, {"a": 5.0, "b": CRASH}, free=True) == {}
    assert names(explain(bugs, {"a": 5.0, "b": 5.0}, free=True)) == {"a": ("both",), "b": ("both",)}


def test_sentences_of_a_crash_are_the_same_whatever_class_defines_the_method() -> None:
    one, other = (f"{name}.step raised ValueError: shapes (3,5) and ({size},)" for name, size in (("SGD", 2), ("_Base", 4)))
    assert reduce_sentence(one) == reduce_sentence(other)
    assert reduce_sentence(one) != reduce_sentence("SGD.fit raised ValueError: shapes (3,5) and (2,)")
