"""What `grader.asserts.layers` says of layers that are right, wrong and strange."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.asserts.layers import (
    LAYOUTS,
    assert_forward,
    assert_layouts,
    assert_turn,
    assert_turns,
    call_and_echo,
    find_hint,
    read_answer,
    read_answers,
    spell_call,
    turn_of,
)
from grader.faults import CheckFailed, SubmissionRaised
from tests.asserts.workers import REFERENCE, STRANGE, TERSE, Answering, Worker, assert_withstands, plant

Dense = REFERENCE.layers.Dense
DENSE = ("layers", "Dense")
RNG = np.random.default_rng(0)
WEIGHTS = {"W": RNG.standard_normal((2, 3)), "b": RNG.standard_normal(3)}
X, UPSTREAM = RNG.standard_normal((4, 2)), RNG.standard_normal((4, 3))
Y = X @ WEIGHTS["W"] + WEIGHTS["b"]
TURNS = [(X, UPSTREAM), (2 * X[:3], UPSTREAM[:3])]
GOOD = (Worker(REFERENCE), Worker(TERSE))


class Unbiased(Dense):
    def forward(self, x: Any) -> Any:
        return super().forward(x) - self.params["b"]


class Listing(Dense):
    def forward(self, x: Any) -> Any:
        return super().forward(x).tolist()


class Averaging(Dense):
    def backward(self, grad_output: Any) -> Any:
        returned = super().backward(grad_output)
        self.grads["W"] = self.grads["W"] / len(grad_output)
        return returned


class Stale(Dense):
    """Backward belongs to the first forward."""

    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        self._x = self.__dict__.setdefault("_first", x)[: len(x)]
        return y


class Silent(Dense):
    def backward(self, grad_output: Any) -> None:
        super().backward(grad_output)


class Forgetful(Dense):
    def backward(self, grad_output: Any) -> Any:
        returned = super().backward(grad_output)
        del self.grads["b"]
        return returned


class Raw(Dense):
    """Reads x as it lies in memory."""

    def forward(self, x: Any) -> Any:
        return super().forward(x.ravel(order="K").reshape(x.shape))


class Broken(Dense):
    def backward(self, grad_output: Any) -> Any:
        raise IndexError("no")


def dense(kind: Any) -> Worker:
    return plant(layers={"Dense": kind})


def check_forward(worker: Any, **more: Any) -> None:
    assert_forward(worker, DENSE, (2, 3), {"seed": 1}, x=X, parameters=WEIGHTS, expected=Y, **more)


def check_turns(worker: Any, **more: Any) -> None:
    assert_turns(worker, Dense, DENSE, (2, 3), turns=TURNS, parameters=WEIGHTS, **more)


def check_layouts(worker: Any, **more: Any) -> None:
    assert_layouts(worker, Dense, DENSE, (2, 3), x=X, grad_output=UPSTREAM, parameters=WEIGHTS, **more)


def check_echo(worker: Any) -> None:
    call_and_echo(worker, DENSE, (2, 3), None, [X], UPSTREAM, parameters=WEIGHTS)


def test_call_is_spelt_as_a_student_writes_it() -> None:
    assert spell_call(("layers", "Conv2D"), (2, 3, (2, 3)), {"stride": 2}) == "Conv2D(2, 3, (2, 3), stride=2)"
    assert spell_call(("activations", "ReLU")) == "ReLU()"


@pytest.mark.parametrize("worker", GOOD)
def test_right_layer_passes_everything(worker: Worker) -> None:
    check_forward(worker)
    check_turns(worker)
    check_layouts(worker)


@pytest.mark.parametrize("check", [check_forward, check_turns, check_layouts, check_echo])
def test_strange_answers_are_the_students_fault(check: Any) -> None:
    assert_withstands(check, GOOD[0])


def test_echo_gives_results_and_what_was_sent() -> None:
    answer = call_and_echo(GOOD[0], DENSE, (2, 3), None, [X], UPSTREAM, parameters=WEIGHTS)
    assert np.allclose(answer["output"], Y)
    assert np.allclose(answer["returned"], UPSTREAM @ WEIGHTS["W"].T)
    assert np.array_equal(answer["inputs"][0], X)
    assert np.array_equal(answer["grad_output"], UPSTREAM)
    assert set(answer["params"]) == set(answer["grads"]) == set(answer["parameters"]) == {"W", "b"}


@pytest.mark.parametrize("strange", [value for value in STRANGE if not isinstance(value, dict)])
def test_answer_that_is_no_dict_says_that_something_is_no_array(strange: Any) -> None:
    with pytest.raises(CheckFailed, match=r"Dense: something that .* is not an array of real numbers"):
        read_answer(strange, "Dense", ("output",))


def test_answer_without_a_key_fails() -> None:
    with pytest.raises(CheckFailed, match="lacks returned"):
        read_answer({"output": 1}, "Dense", ("output", "returned"))


def test_answers_of_another_number_fail() -> None:
    assert read_answers([1, 2], "Dense", 2) == [1, 2]
    with pytest.raises(CheckFailed, match="Dense: the answer has 2 entries"):
        read_answers([1, 2], "Dense", 3)
    with pytest.raises(CheckFailed, match="is not an array of real numbers"):
        read_answers({"output": 1}, "Dense", 1)


def test_forward_names_the_cause_when_it_is_known() -> None:
    with pytest.raises(CheckFailed, match=r"^Dense\(2, 3, seed=1\)\.forward's result on input of shape \(4, 2\)") as caught:
        check_forward(dense(Unbiased), wrong={"Is the bias left out?": Y - WEIGHTS["b"], "Is it subtracted?": Y - 2 * WEIGHTS["b"]})
    assert caught.value.evidence.hint == "Is the bias left out?"


def test_forward_that_returns_a_list_fails() -> None:
    with pytest.raises(CheckFailed, match="is an object of type list, not an array"):
        check_forward(dense(Listing))


@pytest.mark.parametrize("strange", [value for value in STRANGE if value is not True])
def test_forward_fails_on_every_strange_output(strange: Any) -> None:
    with pytest.raises(CheckFailed):
        check_forward(Answering([strange]))


def test_forward_in_evaluation_uses_mode_and_attributes() -> None:
    x = np.array([[3.0], [5.0]])
    given = {"parameters": {"gamma": [2.0], "beta": [1.0]}, "attributes": {"running_mean": np.ones(1), "running_var": np.full(1, 4.0)}}
    right = 1 + 2 * (x - 1) / np.sqrt(4 + 1e-5)
    assert_forward(GOOD[0], ("layers", "BatchNorm"), (1,), x=x, expected=right, training=False, **given)
    with pytest.raises(CheckFailed):
        assert_forward(GOOD[0], ("layers", "BatchNorm"), (1,), x=x, expected=right, training=True, **given)


def test_hint_needs_the_shape_and_the_values() -> None:
    wrong = {"first": [1.0, 2.0], "second": [2.0, 4.0]}
    assert find_hint(np.array([2.0, 4.0]), wrong) == "second"
    assert find_hint(np.array([[2.0, 4.0]]), wrong) == find_hint(np.array([2.0, 4.1]), wrong) == find_hint([2.0, 4.0], wrong) == ""
    assert find_hint(np.array([2.0]), None) == ""


def test_oracles_turn_is_its_forward_and_backward() -> None:
    turn = turn_of(Dense(2, 3), X, UPSTREAM, WEIGHTS)
    assert np.allclose(turn["output"], Y)
    assert np.allclose(turn["returned"], UPSTREAM @ WEIGHTS["W"].T)
    assert np.allclose(turn["grads"]["W"], X.T @ UPSTREAM)


def test_oracles_turn_takes_mode_and_attributes() -> None:
    statistics = {"running_mean": np.ones(2), "running_var": np.full(2, 4.0)}
    turn = turn_of(REFERENCE.layers.BatchNorm(2), X, X, training=False, attributes=statistics)
    assert np.allclose(turn["output"], (X - 1) / np.sqrt(4 + 1e-5))


@pytest.mark.parametrize(
    "kind, said",
    [
        (Unbiased, r"Dense\(2, 3\)\.forward's result on input of shape \(4, 2\)"),
        (Averaging, r'Dense\(2, 3\)\.grads\["W"\] on input'),
        (Stale, r'grads\["W"\] on input of shape \(3, 2\)'),
        (Silent, r"backward's result on input of shape \(4, 2\) is None"),
        (Forgetful, r"grads lacks b"),
        (Listing, "is a list of 4, not an array"),
    ],
)
def test_turns_name_the_part_that_is_wrong(kind: Any, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        check_turns(dense(kind))


def test_turns_look_at_no_part_but_those_asked_for() -> None:
    check_turns(dense(Averaging), parts=("output", "returned"))
    check_turns(dense(Silent), parts=("output", "grads"))
    check_turns(dense(Broken), parts=("output",))
    with pytest.raises(SubmissionRaised):
        check_turns(dense(Broken), parts=("output", "grads"))


def test_turn_fails_by_the_tolerance_given() -> None:
    right = turn_of(Dense(2, 3), X, UPSTREAM, WEIGHTS)
    near = right | {"output": right["output"] + 1e-4}
    assert_turn(near, right, "Dense(2, 3)", "here", atol=1e-3)
    with pytest.raises(CheckFailed, match=r"Dense\(2, 3\)\.forward's result here"):
        assert_turn(near, right, "Dense(2, 3)", "here")


def test_layouts_are_those_that_the_probe_knows() -> None:
    laid_out = GOOD[0].probe("call_in_layouts", DENSE, [2, 3], {}, X, UPSTREAM, list(LAYOUTS))
    assert all(np.array_equal(answer["inputs"][0], X) for answer in laid_out)


def test_layer_that_reads_memory_fails_by_layout() -> None:
    check_turns(dense(Raw), parts=("output",))
    with pytest.raises(CheckFailed, match="on the same numbers in memory columns first"):
        check_layouts(dense(Raw))


def test_layouts_look_at_no_part_but_those_asked_for() -> None:
    check_layouts(dense(Averaging), parts=("output", "returned"))
    with pytest.raises(CheckFailed, match="grads"):
        check_layouts(dense(Averaging))
