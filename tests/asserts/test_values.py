"""What comes back over the wall is looked at before it is used: every strange answer is a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.asserts.values import (
    as_array,
    as_dict,
    as_labels,
    as_list,
    as_number,
    assert_close,
    assert_equal,
    assert_refuses,
    fail,
)
from grader.faults import CheckFailed, NotImplementedYet, SubmissionRaised
from tests.asserts.workers import STRANGE


def refusal(text: str, *bases: str) -> SubmissionRaised:
    return SubmissionRaised("Dense(...)", (bases or ("ValueError",))[0], bases or ("ValueError",), text, ())


def raising(error: BaseException) -> Any:
    def call() -> None:
        raise error

    return call


def test_fail_carries_its_fields() -> None:
    with pytest.raises(CheckFailed, match="It is wrong") as caught:
        fail("It is wrong.", expected="1", got="2", hint="Look.")
    assert (caught.value.evidence.expected, caught.value.evidence.got, caught.value.evidence.hint) == ("1", "2", "Look.")


def test_array_passes_as_it_is() -> None:
    array = np.array([[1.0, 2.0]], dtype=np.float32)
    assert as_array(array, "it", shape=(1, 2), dtype=np.float32) is array


@pytest.mark.parametrize("number", [3, 2.5, True])
def test_number_counts_as_an_array_without_axes(number: float) -> None:
    assert as_array(number, "it").shape == as_array(number, "it", shape=()).shape == ()


@pytest.mark.parametrize("strange", [value for value in STRANGE if not isinstance(value, np.ndarray)])
def test_array_of_a_shape_fails_on_what_is_none(strange: Any) -> None:
    with pytest.raises(CheckFailed, match=r"^Dense\.forward's result is .*, not an array of shape \(2,\)"):
        as_array(strange, "Dense.forward's result", shape=(2,))


def test_array_fails_when_the_shape_is_another() -> None:
    with pytest.raises(CheckFailed, match="wrong shape") as caught:
        as_array(np.ones((2, 3)), "it", shape=(3, 2))
    assert (caught.value.evidence.expected, caught.value.evidence.got) == ("(3, 2)", "(2, 3)")


def test_array_fails_when_the_dtype_is_another() -> None:
    with pytest.raises(CheckFailed, match="wrong dtype") as caught:
        as_array(np.ones(2), "it", dtype=np.float32)
    assert (caught.value.evidence.expected, caught.value.evidence.got) == ("float32", "float64")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_array_names_the_place_that_is_not_finite(bad: float) -> None:
    array = np.zeros((2, 3))
    array[1, 2] = bad
    with pytest.raises(CheckFailed, match=f"it contains {bad}") as caught:
        as_array(array, "it")
    assert caught.value.evidence.where == "index (1, 2)"
    assert as_array(array, "it", finite=False) is array


@pytest.mark.parametrize("value", [2, 2.0, np.array(2), np.array([[2.0]], dtype=np.float32), np.array([2], dtype=np.uint8)])
def test_number_is_read_from_a_number_and_from_one_entry(value: Any) -> None:
    number = as_number(value, "the loss")
    assert (type(number), number) == (float, 2.0)


@pytest.mark.parametrize("value", [None, True, "2.0", [2.0], np.ones(2), np.zeros(0), np.array([True]), STRANGE[-1]])
def test_number_fails_on_what_is_none(value: Any) -> None:
    with pytest.raises(CheckFailed, match=r"^the loss is .*, not a number"):
        as_number(value, "the loss")


def test_number_fails_when_no_float_holds_it() -> None:
    with pytest.raises(CheckFailed, match="too large"):
        as_number(10**400, "the loss")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.array([-np.inf])])
def test_number_fails_when_it_is_not_finite_unless_that_is_allowed(value: Any) -> None:
    with pytest.raises(CheckFailed, match=r"the loss is (nan|inf|-inf)"):
        as_number(value, "the loss")
    assert not np.isfinite(as_number(value, "the loss", finite=False))


def test_labels_of_any_integer_type_become_int64() -> None:
    labels = as_labels(np.array([1, 2], dtype=np.uint8), "it", shape=(2,))
    assert labels.dtype == np.int64
    assert labels.tolist() == [1, 2]


@pytest.mark.parametrize("value", [np.array([1.0, 2.0]), np.array([True, False])])
def test_labels_fail_when_they_are_no_integers(value: Any) -> None:
    with pytest.raises(CheckFailed, match=f"labels has dtype {value.dtype}"):
        as_labels(value, "labels", shape=(2,))


@pytest.mark.parametrize("value", [None, [1, 2], np.array([1]), np.array([[1, 2]])])
def test_labels_fail_when_the_shape_is_another(value: Any) -> None:
    with pytest.raises(CheckFailed, match="labels"):
        as_labels(value, "labels", shape=(2,))


def test_dict_passes_when_it_has_the_keys_and_more() -> None:
    held = {"W": 1, "b": 2}
    assert as_dict(held, "params", keys=("W",)) is held
    assert as_dict({}, "params") == {}


def test_dict_names_the_keys_that_it_lacks() -> None:
    with pytest.raises(CheckFailed, match=r"params lacks W, b\.") as caught:
        as_dict({"c": 1}, "params", keys=("W", "b"))
    assert caught.value.evidence.got == "c"
    with pytest.raises(CheckFailed) as caught:
        as_dict({}, "params", keys=("W",))
    assert caught.value.evidence.got == "nothing"


@pytest.mark.parametrize("strange", [value for value in STRANGE if not isinstance(value, dict)])
def test_dict_fails_on_what_is_none(strange: Any) -> None:
    with pytest.raises(CheckFailed, match=r"^params is .*, not a dict"):
        as_dict(strange, "params")


def test_list_passes_when_it_has_the_length() -> None:
    held = [1, None]
    assert as_list(held, "losses", length=2) is held
    assert as_list([], "losses") == []


def test_list_fails_when_its_length_is_another() -> None:
    with pytest.raises(CheckFailed, match="losses has 1 entries"):
        as_list([1], "losses", length=2)


@pytest.mark.parametrize("strange", [value for value in STRANGE if not isinstance(value, list)])
def test_list_fails_on_what_is_none(strange: Any) -> None:
    with pytest.raises(CheckFailed, match=r"^losses is .*, not a list"):
        as_list(strange, "losses")


def test_close_holds_at_the_edge_of_the_tolerance_and_fails_beyond() -> None:
    # 0.5 + 0.25 * 2 = 1: sums of powers of two, so the edge itself is exact.
    assert_close(np.array([3.0, 1.0]), np.array([2.0, 2.0]), "it", rtol=0.25, atol=0.5)
    for beyond in (3 + 2.0**-50, 1 - 2.0**-50):
        with pytest.raises(CheckFailed, match="1 of 2 entries are wrong"):
            assert_close(np.array([beyond, 2.0]), np.array([2.0, 2.0]), "it", rtol=0.25, atol=0.5)


def test_close_measures_by_the_expected_numbers() -> None:
    with pytest.raises(CheckFailed):
        assert_close(1e12, 0.0, "it", rtol=1.0, atol=1e-8)


def test_close_names_the_worst_entry() -> None:
    with pytest.raises(CheckFailed) as caught:
        assert_close(np.array([[1.0, 2.1], [3.5, 4.0]]), [[1, 2], [3, 4]], "it", hint="Look.")
    evidence = caught.value.evidence
    assert (evidence.expected, evidence.got, evidence.where, evidence.hint) == ("3", "3.5", "index (1, 0) of shape (2, 2)", "Look.")
    assert (evidence.facts["wrong"], evidence.facts["worst"], evidence.facts["max_error"]) == (2, [1, 0], 0.5)


def test_close_says_of_one_number_that_it_is_wrong() -> None:
    with pytest.raises(CheckFailed, match=r"^the loss: the number is wrong") as caught:
        assert_close(2.5, 2.0, "the loss")
    assert caught.value.evidence.where == ""


@pytest.mark.parametrize("got", [np.array([1.0, np.nan]), np.array([1.0, np.inf])])
def test_close_fails_when_an_entry_is_not_finite(got: Any) -> None:
    with pytest.raises(CheckFailed, match="it contains"):
        assert_close(got, np.array([1.0, 2.0]), "it", rtol=10.0, atol=10.0)


def test_close_fails_when_the_expected_number_is_nan() -> None:
    with pytest.raises(CheckFailed):
        assert_close(1.0, np.nan, "it", rtol=10.0, atol=10.0)


@pytest.mark.parametrize("strange", [value for value in STRANGE if value is not True])
def test_close_fails_on_strange_answers(strange: Any) -> None:
    with pytest.raises(CheckFailed):
        assert_close(strange, np.array([1.0, 2.0]), "it")
    with pytest.raises(CheckFailed):
        assert_close(strange, 1.0, "it")


def test_close_fails_when_the_shape_would_only_broadcast() -> None:
    with pytest.raises(CheckFailed, match="wrong shape"):
        assert_close(np.ones((3, 1)), np.ones(3), "it")


def test_close_names_whole_numbers_as_they_are() -> None:
    with pytest.raises(CheckFailed) as caught:
        assert_close(np.array([255], dtype=np.uint8), np.array([-1]), "it")
    assert (caught.value.evidence.expected, caught.value.evidence.got) == ("-1", "255")


def test_close_measures_small_types_as_reals() -> None:
    # In their own type 2 - 3 would be 255, and a difference of truth values an exception.
    assert_close(np.array([2], dtype=np.uint8), np.array([3], dtype=np.uint8), "it", atol=1.0)
    with pytest.raises(CheckFailed, match="1 of 2 entries are wrong"):
        assert_close(np.array([True, False]), np.array([True, True]), "it")


def test_close_fails_when_the_dtype_is_another() -> None:
    with pytest.raises(CheckFailed, match="wrong dtype"):
        assert_close(np.ones(2), np.ones(2), "it", dtype=np.float32)


def test_equal_allows_no_difference() -> None:
    assert_equal(np.array([1, 2]), np.array([1, 2]), "it")
    with pytest.raises(CheckFailed):
        assert_equal(np.array([1.0, np.nextafter(2.0, 3.0)]), np.array([1.0, 2.0]), "it")


def test_refusal_passes_when_it_is_a_value_error_that_names_the_argument() -> None:
    assert_refuses(raising(refusal("kernel_size is 0")), "Conv2D(1, 2, 0)", names=["kernel_size", "kernel"])
    assert_refuses(raising(refusal("no")), "Conv2D(1, 2, 0)")


def test_refusal_by_a_class_of_the_students_own_passes_when_it_is_a_value_error() -> None:
    assert_refuses(raising(refusal("lr is -1", "BadArgument", "ValueError")), "SGD(lr=-1)", names=["lr"])


def test_refusal_fails_when_nothing_is_raised() -> None:
    with pytest.raises(CheckFailed, match=r"SGD\(lr=-1\) was accepted"):
        assert_refuses(lambda: None, "SGD(lr=-1)", names=["lr"])


def test_refusal_fails_when_another_type_is_raised() -> None:
    with pytest.raises(CheckFailed, match=r"SGD\(lr=-1\) raised TypeError") as caught:
        assert_refuses(raising(refusal("lr is -1", "TypeError", "Exception")), "SGD(lr=-1)", names=["lr"])
    assert caught.value.evidence.got == "TypeError: lr is -1"


def test_unwritten_code_is_no_refusal() -> None:
    error = NotImplementedYet("SGD(...)", "NotImplementedError", ("NotImplementedError",), "lr", ())
    with pytest.raises(NotImplementedYet):
        assert_refuses(raising(error), "SGD(lr=-1)", names=["lr"])


@pytest.mark.parametrize("text", ["p is 1.5", "P must be below 1", "wrong p: 2", "(p)"])
def test_short_name_is_found_when_it_stands_alone(text: str) -> None:
    assert_refuses(raising(refusal(text)), "Dropout(1.5)", names=["p"])


@pytest.mark.parametrize("text", ["the probability is wrong", "keep_p is wrong", "p1", "", "dropout"])
def test_short_name_is_not_found_inside_a_word(text: str) -> None:
    with pytest.raises(CheckFailed, match="does not say which argument"):
        assert_refuses(raising(refusal(text)), "Dropout(1.5)", names=["p"])


@pytest.mark.parametrize("text", ["betas are (1, 2)", "Beta1 is 1", "bad beta"])
def test_longer_name_may_be_part_of_a_word(text: str) -> None:
    assert_refuses(raising(refusal(text)), "Adam(betas=(1, 2))", names=["beta"])


def test_name_is_no_pattern() -> None:
    with pytest.raises(CheckFailed, match="does not say which argument"):
        assert_refuses(raising(refusal("xxx")), "f()", names=["..."])
