"""What `grader.asserts.losses` says of answers that are right, wrong and strange."""

from typing import Any

import numpy as np
import pytest

from grader.asserts.losses import assert_finite, assert_gradient_dtype, assert_loss, assert_loss_gradient
from grader.faults import CheckFailed

MSE = ("losses", "MSELoss")
PREDICTION, TARGET = np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]])


class Answering:
    """A worker that gives one answer, whatever is asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def probe(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        return self.answer


def answer(value: Any, gradient: Any) -> Answering:
    return Answering({"output": value, "returned": gradient, "inputs": []})


def test_value_passes_when_it_is_right() -> None:
    assert_loss(Answering([2.5]), MSE, prediction=PREDICTION, target=TARGET, expected=2.5)


def test_value_names_the_cause_when_it_is_known() -> None:
    with pytest.raises(CheckFailed) as caught:
        assert_loss(Answering([5.0]), MSE, prediction=PREDICTION, target=TARGET, expected=2.5, wrong={"This is the sum.": 5.0})
    assert caught.value.evidence.hint == "This is the sum."


@pytest.mark.parametrize("strange", [[None], ["an object of type list"], [np.ones(3)], [float("nan")], [], None, [10**400]])
def test_value_fails_when_it_is_not_a_number(strange: Any) -> None:
    with pytest.raises(CheckFailed):
        assert_loss(Answering(strange), MSE, prediction=PREDICTION, target=TARGET, expected=2.5)


def test_gradient_passes_when_it_is_right() -> None:
    assert_loss_gradient(answer(None, PREDICTION), MSE, prediction=PREDICTION, target=TARGET, expected=PREDICTION)


def test_gradient_names_the_cause_when_it_is_known() -> None:
    wrong = {"The factor 2 is too much.": 2 * PREDICTION}
    with pytest.raises(CheckFailed) as caught:
        assert_loss_gradient(answer(2.5, 2 * PREDICTION), MSE, prediction=PREDICTION, target=TARGET, expected=PREDICTION, wrong=wrong)
    assert caught.value.evidence.hint == "The factor 2 is too much."


@pytest.mark.parametrize("strange", [None, [1.0], PREDICTION[0], np.full((1, 2), np.nan), 3.0])
def test_gradient_fails_when_it_is_not_an_array_of_the_right_shape(strange: Any) -> None:
    with pytest.raises(CheckFailed):
        assert_loss_gradient(answer(2.5, strange), MSE, prediction=PREDICTION, target=TARGET, expected=PREDICTION)


@pytest.mark.parametrize(("value", "gradient"), [(float("inf"), PREDICTION), (1.0, np.full((1, 2), np.inf)), (None, PREDICTION)])
def test_infinity_fails_where_finite_numbers_are_asked_for(value: Any, gradient: Any) -> None:
    assert_finite(answer(1.0, PREDICTION), MSE, prediction=PREDICTION, target=TARGET)
    with pytest.raises(CheckFailed):
        assert_finite(answer(value, gradient), MSE, prediction=PREDICTION, target=TARGET)


def test_gradient_in_the_targets_dtype_fails() -> None:
    single = PREDICTION.astype(np.float32)
    assert_gradient_dtype(answer(1.0, single), MSE, prediction=single, target=TARGET)
    with pytest.raises(CheckFailed, match="float32 prediction"):
        assert_gradient_dtype(answer(1.0, PREDICTION), MSE, prediction=single, target=TARGET)
