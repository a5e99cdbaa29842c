"""Steps of optimizers on stub layers: right ones, wrong ones, and strange answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.asserts.optimizers import assert_argument_refused, assert_steps, expect_steps, read_trajectory, take_steps
from grader.faults import CheckFailed
from tests.asserts.workers import REFERENCE, TERSE, Worker, assert_withstands, plant

SGD, Momentum = REFERENCE.optimizers.SGD, REFERENCE.optimizers.Momentum
PARAMETERS = {"0.W": np.array([[1.0, 2.0]]), "2.b": np.array([3.0])}
TURNS = [{"0.W": np.array([[0.5, -1.0]]), "2.b": np.array([2.0])}, {"0.W": np.array([[1.0, 1.0]])}]
RIGHT = [{"0.W": np.array([[0.95, 2.1]]), "2.b": np.array([2.8])}, {"0.W": np.array([[0.85, 2.0]]), "2.b": np.array([2.8])}]
"""SGD's with lr = 0.1, by hand; in the second step b has no gradient."""
GOOD = (Worker(REFERENCE), Worker(TERSE))
STYLES = ("new entries", "new dict", "filled")


class Uphill(SGD):
    def _change(self, gradient: Any, state: Any) -> Any:
        return self._lr * gradient


class Remembering(SGD):
    """Steps again with the last gradient where there is none."""

    def step(self) -> None:
        for index, layer in enumerate(self._layers):
            for name in layer.params:
                last = self.__dict__.setdefault("_last", {})
                last[index, name] = layer.grads.get(name, last.get((index, name)))
                layer.params[name] = layer.params[name] - self._lr * last[index, name]


class Frozen(SGD):
    def step(self) -> None:
        pass


class Listing(SGD):
    def step(self) -> None:
        for layer in self._layers:
            layer.params = {name: np.array(values) for name, values in layer.params.items()}
        super().step()
        for layer in self._layers:
            layer.params = {name: array.tolist() for name, array in layer.params.items()}


class Scaling(SGD):
    def step(self) -> None:
        super().step()
        for layer in self._layers:
            for gradient in layer.grads.values():
                gradient *= 2


class HoldsDicts(SGD):
    """Keeps the first dict of gradients."""

    def __init__(self, layers: Any, **kwargs: Any) -> None:
        super().__init__(layers, **kwargs)
        self._held = [layer.grads for layer in layers]

    def step(self) -> None:
        for layer, grads in zip(self._layers, self._held, strict=True):
            for name in grads:
                layer.params[name] = layer.params[name] - self._lr * grads[name]


class Permissive(SGD):
    def __init__(self, layers: Any, lr: float, **kwargs: Any) -> None:
        super().__init__(layers, abs(lr), **kwargs)


class Late(SGD):
    def __init__(self, layers: Any, lr: float) -> None:
        self._layers, self._lr = layers, lr

    def step(self) -> None:
        raise ValueError(f"lr is {self._lr}")


class Typed(SGD):
    def __init__(self, layers: Any, lr: float) -> None:
        raise TypeError("lr")


class Mute(SGD):
    def __init__(self, layers: Any, lr: float) -> None:
        raise ValueError("negative")


def sgd(kind: Any) -> Worker:
    return plant(optimizers={"SGD": kind})


def check_steps(worker: Any, **more: Any) -> Any:
    return assert_steps(worker, "SGD", {"lr": 0.1}, PARAMETERS, TURNS, RIGHT, **more)


def check_trajectory(worker: Any) -> None:
    read_trajectory(worker, "SGD", {"lr": 0.1}, PARAMETERS, TURNS)


@pytest.mark.parametrize("worker", GOOD)
@pytest.mark.parametrize("style", STYLES)
def test_right_steps_pass_however_gradients_come(worker: Worker, style: str) -> None:
    steps = check_steps(worker, style=style)
    assert [set(step["params"]) for step in steps] == [{"0.W", "2.b"}] * 2
    assert np.array_equal(steps[1]["grads"]["0.W"], TURNS[1]["0.W"])


@pytest.mark.parametrize("check", [check_steps, check_trajectory])
def test_strange_answers_are_the_students_fault(check: Any) -> None:
    assert_withstands(check, GOOD[0])


def test_expected_steps_are_those_worked_out_by_hand() -> None:
    expected = expect_steps(SGD, {"lr": 0.1}, PARAMETERS, TURNS)
    assert all(np.allclose(seen[key], right[key]) for seen, right in zip(expected, RIGHT, strict=True) for key in PARAMETERS)


def test_expected_steps_are_in_float64_and_follow_what_is_assigned() -> None:
    single = {key: array.astype(np.float32) for key, array in PARAMETERS.items()}
    assigned = [{}, {"0.W": np.array([[10.0, 20.0]], dtype=np.float32)}]
    first, second = expect_steps(Momentum, {"lr": 0.1, "momentum": 0.5}, single, TURNS, assigned)
    assert first["0.W"].dtype == np.float64
    # The velocity stays: 0.5 * (-0.05, 0.1) - 0.1 * (1, 1) from the parameters assigned.
    assert np.allclose(second["0.W"], [[9.875, 19.95]])


def test_steps_take_up_what_is_assigned() -> None:
    assigned = [{}, {"0.W": np.array([[10.0, 20.0]])}]
    expected = expect_steps(SGD, {"lr": 0.1}, PARAMETERS, TURNS, assigned)
    assert_steps(GOOD[0], "SGD", {"lr": 0.1}, PARAMETERS, TURNS, expected, assigned=assigned)
    with pytest.raises(CheckFailed, match="after step 2"):
        check_steps(GOOD[0], assigned=assigned)


@pytest.mark.parametrize(
    "kind, said",
    [
        (Uphill, r'SGD\(layers, lr=0\.1\): layers\[0\]\.params\["W"\] after step 1: 2 of 2 entries are wrong'),
        (Remembering, r'layers\[2\]\.params\["b"\] after step 2: the number is wrong'),
        (Frozen, r'layers\[0\]\.params\["W"\] after step 1'),
        (Listing, r'params\["W"\] after step 1 is an object of type list'),
    ],
)
def test_steps_name_the_parameter_and_the_step_that_is_wrong(kind: Any, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        check_steps(sgd(kind))


def test_steps_name_the_cause_when_it_is_known() -> None:
    wrong = {"Is it uphill?": {"0.W": np.array([[1.05, 1.9]])}, "Is nothing done?": PARAMETERS}
    for kind, cause in ((Uphill, "Is it uphill?"), (Frozen, "Is nothing done?"), (Remembering, "Look.")):
        with pytest.raises(CheckFailed) as caught:
            check_steps(sgd(kind), wrong=wrong, hint="Look.")
        assert caught.value.evidence.hint == cause


def test_steps_fail_by_the_tolerance_given() -> None:
    near = [{key: array + 1e-4 for key, array in right.items()} for right in RIGHT]
    assert_steps(GOOD[0], "SGD", {"lr": 0.1}, PARAMETERS, TURNS, near, atol=1e-3)
    with pytest.raises(CheckFailed):
        assert_steps(GOOD[0], "SGD", {"lr": 0.1}, PARAMETERS, TURNS, near)


def test_kept_dict_of_gradients_shows_when_the_dict_is_new() -> None:
    check_steps(sgd(HoldsDicts), style="new entries")
    with pytest.raises(CheckFailed):
        check_steps(sgd(HoldsDicts), style="new dict")


def test_steps_tell_what_became_of_the_gradients() -> None:
    steps = take_steps(sgd(Scaling), "SGD", {"lr": 0.1}, PARAMETERS, TURNS)
    assert np.array_equal(steps[0]["grads"]["0.W"], 2 * TURNS[0]["0.W"])


def test_trajectory_is_whatever_the_submission_gives() -> None:
    seen = read_trajectory(sgd(Uphill), "SGD", {"lr": 0.1}, PARAMETERS, TURNS)
    assert np.allclose(seen[0]["0.W"], [[1.05, 1.9]])
    assert len(seen) == 2


@pytest.mark.parametrize("assigned", [(), [{"0.W": np.array([[7.0, 8.0]])}, {}]])
def test_trajectory_fails_when_nothing_moves(assigned: Any) -> None:
    with pytest.raises(CheckFailed, match=r"SGD.step did not change W, though it has a gradient"):
        read_trajectory(sgd(Frozen), "SGD", {"lr": 0.1}, PARAMETERS, TURNS, assigned)


def test_trajectory_fails_when_a_parameter_is_no_array() -> None:
    with pytest.raises(CheckFailed, match="SGD: W after step 1 is an object of type list"):
        read_trajectory(sgd(Listing), "SGD", {"lr": 0.1}, PARAMETERS, TURNS)


def test_refusal_passes_when_constructing_or_at_the_first_step() -> None:
    for worker in (*GOOD, sgd(Late)):
        assert_argument_refused(worker, "SGD", {"lr": -1}, ["lr"])


@pytest.mark.parametrize(
    "kind, said",
    [
        (Permissive, r"SGD\(layers, lr=-1\) was accepted"),
        (Typed, r"SGD\(layers, lr=-1\) raised TypeError"),
        (Mute, "does not say which argument is wrong"),
    ],
)
def test_argument_that_is_not_refused_as_it_should_be_fails(kind: Any, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        assert_argument_refused(sgd(kind), "SGD", {"lr": -1}, ["lr"])
