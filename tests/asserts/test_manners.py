"""What `grader.asserts.manners` says of layers and losses that behave, and of those that don't."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.asserts.manners import (
    assert_dicts,
    assert_dtypes,
    assert_global_state,
    assert_results_stay,
    assert_seeded,
    assert_unchanged,
    assert_use_refused,
)
from grader.faults import CheckFailed
from tests.asserts.workers import REFERENCE, STRANGE, TERSE, Worker, assert_withstands, plant

Dense, Layer, MSELoss = REFERENCE.layers.Dense, REFERENCE.layers.Layer, REFERENCE.losses.MSELoss
DENSE, MSE = ("layers", "Dense"), ("losses", "MSELoss")
RNG = np.random.default_rng(0)
WEIGHTS = {"W": RNG.standard_normal((2, 3)), "b": RNG.standard_normal(3)}
X, UPSTREAM = RNG.standard_normal((4, 2)), RNG.standard_normal((4, 3))
GOOD = (Worker(REFERENCE), Worker(TERSE))


def dense(forward: Any = None, backward: Any = None, init: Any = None) -> Worker:
    """A Dense whose results pass through functions of the layer, the argument, and the result."""

    class Faulty(Dense):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if init:
                init(self, **kwargs)

        def forward(self, x: Any) -> Any:
            y = super().forward(x)
            return forward(self, x, y) if forward else y

        def backward(self, grad_output: Any) -> Any:
            returned = super().backward(grad_output)
            return backward(self, grad_output, returned) if backward else returned

    return plant(layers={"Dense": Faulty})


def mse(forward: Any = None, backward: Any = None) -> Worker:
    class Faulty(MSELoss):
        def forward(self, prediction: Any, target: Any) -> Any:
            value = super().forward(prediction, target)
            return forward(value) if forward else value

        def backward(self) -> Any:
            returned = super().backward()
            return backward(returned) if backward else returned

    return plant(losses={"MSELoss": Faulty})


def filled(layer: Any, given: Any, result: Any) -> Any:
    """The result in one array that is filled anew in every call."""
    buffer = layer.__dict__.setdefault("_buffer", result)
    buffer[...] = result
    return buffer


def set_parameter(name: str, value: Any) -> Any:
    """An initialiser that assigns `value(layer)` to a parameter."""

    def init(layer: Any, **kwargs: Any) -> None:
        layer.params[name] = value(layer, **kwargs)

    return init


def set_gradient(value: Any) -> Any:
    def init(layer: Any, **kwargs: Any) -> None:
        layer.grads["W"] = value

    return init


def check_dtypes(worker: Any, **more: Any) -> None:
    assert_dtypes(worker, DENSE, (2, 3), {"seed": 1}, inputs=[X], grad_output=UPSTREAM, parameters=WEIGHTS, **more)


def check_loss_dtypes(worker: Any) -> None:
    assert_dtypes(worker, MSE, inputs=[UPSTREAM, np.zeros_like(UPSTREAM)])


def check_unchanged(worker: Any) -> None:
    assert_unchanged(worker, DENSE, (2, 3), inputs=[X], grad_output=UPSTREAM, parameters=WEIGHTS)


def check_results_stay(worker: Any) -> None:
    assert_results_stay(worker, DENSE, (2, 3), turns=[([X], UPSTREAM), ([2 * X], 3 * UPSTREAM)], parameters=WEIGHTS)


def check_loss_results_stay(worker: Any) -> None:
    assert_results_stay(worker, MSE, turns=[([X, X + 1], None), ([2 * X, X], None)])


def check_seeded(worker: Any) -> None:
    assert_seeded(worker, DENSE, (2, 3))


def check_dicts(worker: Any) -> None:
    assert_dicts(worker, DENSE, (2, 3), {"seed": 1}, inputs=[X], grad_output=UPSTREAM, parameters=WEIGHTS)


CHECKS = [check_dtypes, check_loss_dtypes, check_unchanged, check_results_stay, check_loss_results_stay, check_seeded, check_dicts]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("worker", GOOD)
def test_right_code_passes(check: Any, worker: Worker) -> None:
    check(worker)


@pytest.mark.parametrize("check", CHECKS)
def test_strange_answers_are_the_students_fault(check: Any) -> None:
    assert_withstands(check, GOOD[0])


def grads_as_parameters(layer: Any, given: Any, returned: Any) -> Any:
    layer.grads = {name: gradient.astype(layer.params[name].dtype) for name, gradient in layer.grads.items()}
    return returned


@pytest.mark.parametrize(
    "worker, said",
    [
        (dense(forward=lambda layer, x, y: y.astype(np.float64)), "forward's result for float32 input has the wrong dtype"),
        (dense(forward=lambda layer, x, y: y.astype(np.float32)), "forward's result for float64 input has the wrong dtype"),
        (dense(forward=lambda layer, x, y: y.tolist()), "forward's result for float32 input is a list"),
        (dense(backward=lambda layer, g, r: r.astype(np.float64)), "backward's result for float32 input has the wrong dtype"),
        (dense(backward=grads_as_parameters), r'grads\["W"\] for float64 input has the wrong dtype'),
        (dense(forward=lambda layer, x, y: y + layer.params["b"] * 0), "float32 input and parameters stored as float64 has the wrong"),
    ],
)
def test_dtypes_fail_when_a_result_has_another(worker: Worker, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        check_dtypes(worker)


def test_dtypes_fail_when_float32_is_computed_more_roughly_than_it_must_be() -> None:
    rough = dense(forward=lambda layer, x, y: y.astype(np.float16).astype(y.dtype) if y.dtype == np.float32 else y)
    with pytest.raises(CheckFailed, match="another one for float32 input"):
        check_dtypes(rough)
    check_dtypes(rough, same_values=False)


@pytest.mark.parametrize(
    "worker, said",
    [
        (mse(forward=lambda value: [value]), "MSELoss.forward's value for float32 input is a list of 1, not a number"),
        (mse(forward=lambda value: float("nan")), "value for float32 input is nan"),
        (mse(backward=lambda gradient: gradient.astype(np.float64)), "backward's result for float32 input has the wrong dtype"),
    ],
)
def test_dtypes_of_a_loss_fail_when_a_result_has_another(worker: Worker, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        check_loss_dtypes(worker)


def test_dtypes_of_labels_stay_integers() -> None:
    seen: list[Any] = []
    worker = Worker(REFERENCE)
    probe = worker.probe
    worker.probe = lambda name, *args, **kwargs: seen.append(args[3][1].dtype) or probe(name, *args, **kwargs)  # type: ignore[method-assign]
    assert_dtypes(worker, ("losses", "CrossEntropyLoss"), kwargs={"from_logits": True}, inputs=[UPSTREAM, np.array([0, 2, 1, 1])])
    assert set(seen) == {np.dtype(np.int64)}


def spoil_input(layer: Any, x: Any, y: Any) -> Any:
    x[1, 0] = 7.0
    return y


def spoil_upstream(layer: Any, grad_output: Any, returned: Any) -> Any:
    grad_output *= 2
    return returned


def learn(layer: Any, grad_output: Any, returned: Any) -> Any:
    layer.params["W"] = layer.params["W"] - 0.1 * layer.grads["W"]
    return returned


@pytest.mark.parametrize(
    "worker, said",
    [
        (dense(forward=spoil_input), r"The array x that Dense\.forward was given was changed: 1 of 8 entries"),
        (dense(backward=spoil_upstream), r"The array grad_output that Dense\.backward was given was changed: 12 of 12"),
        (dense(backward=learn), r'Dense\.params\["W"\] was changed by forward and backward'),
        (dense(backward=lambda layer, g, r: layer.params.clear() or r), "params lacks W, b"),
        (dense(forward=lambda layer, x, y: None), "Dense.forward's result is None"),
        (dense(backward=lambda layer, g, r: None), "Dense.backward's result is None"),
    ],
)
def test_arrays_that_were_given_must_stay(worker: Worker, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        check_unchanged(worker)


def test_parameters_may_be_kept_in_another_dtype() -> None:
    def store_single(layer: Any, x: Any, y: Any) -> Any:
        layer.params = {name: array.astype(np.float32) for name, array in layer.params.items()}
        return y

    check_unchanged(dense(forward=store_single))


def test_second_input_of_a_loss_is_named() -> None:
    class Sorting(MSELoss):
        def forward(self, prediction: Any, target: Any) -> Any:
            target[...] = 0
            return super().forward(prediction, target)

    worker = plant(losses={"MSELoss": Sorting})
    with pytest.raises(CheckFailed, match="The array target that"):
        assert_unchanged(worker, MSE, inputs=[X, X + 1], input_names=("prediction", "target"))


@pytest.mark.parametrize(
    "worker, said",
    [
        (dense(forward=filled), "Dense.forward's result was changed by a later call"),
        (dense(backward=filled), "Dense.backward's result was changed by a later call"),
        (dense(backward=lambda layer, g, r: None), "Dense.backward's result is None"),
    ],
)
def test_results_must_stay(worker: Worker, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        check_results_stay(worker)


def test_loss_that_fills_one_array_fails() -> None:
    kept: list[Any] = []

    def fill(gradient: Any) -> Any:
        kept.append(gradient)
        kept[0][...] = gradient
        return kept[0]

    with pytest.raises(CheckFailed, match=r"MSELoss.backward's result was changed"):
        check_loss_results_stay(mse(backward=fill))


def seed_global(layer: Any, seed: int | None = None, **kwargs: Any) -> None:
    np.random.seed(seed)


def draw_global(layer: Any, **kwargs: Any) -> None:
    layer.params["W"] = np.random.standard_normal((2, 3))


@pytest.mark.parametrize(
    "init, said",
    [
        (set_parameter("W", lambda layer, **kw: np.random.default_rng().random((2, 3))), "the same seed gave another W"),
        (set_parameter("b", lambda layer, **kw: np.random.default_rng().random(3)), "the same seed gave another b"),
        (set_parameter("W", lambda layer, **kw: np.random.default_rng(3).random((2, 3))), "two different seeds gave the same W"),
        (set_parameter("W", lambda layer, seed, **kw: np.full((2, 3), float(seed))), "all entries of W are equal at the start"),
        (seed_global, "Constructing Dense with a seed changed NumPy's global random state"),
        (draw_global, "the same seed gave another W"),
        (set_parameter("W", lambda layer, **kw: None), r'Dense\.params\["W"\] is None'),
        (lambda layer, **kw: layer.params.pop("W"), r"Dense\.params lacks W"),
    ],
)
def test_seed_must_decide_and_nothing_else(init: Any, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        check_seeded(dense(init=init))


def test_global_state_fails_when_any_part_is_another() -> None:
    state = [np.arange(4), 1, 0, 0.5]
    assert_global_state(state, [np.arange(4), 1, 0, 0.5], "fit")
    for changed in ([np.arange(4) + 1, 1, 0, 0.5], [np.arange(4), 2, 0, 0.5], [np.arange(4), 1, 0, 0.25]):
        with pytest.raises(CheckFailed, match="fit changed NumPy's global random state"):
            assert_global_state(state, changed, "fit")


@pytest.mark.parametrize("strange", [*STRANGE, [None] * 4, [STRANGE[-1]] * 4])
def test_global_state_fails_on_strange_answers(strange: Any) -> None:
    with pytest.raises(CheckFailed):
        assert_global_state([np.arange(4), 1, 0, 0.5], strange, "fit")


class Careless(Dense):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        Layer.__init__(self)

    def forward(self, x: Any) -> Any:
        return x


class Rude(Careless):
    def forward(self, x: Any) -> Any:
        raise self.refusal


def rude(refusal: Exception) -> Worker:
    return plant(layers={"Dense": type("Rude", (Rude,), {"refusal": refusal})})


def test_use_is_refused_when_constructing_or_at_the_first_forward() -> None:
    for worker in GOOD:
        assert_use_refused(worker, DENSE, (0, 3), inputs=[X], names=["in_features"])
        assert_use_refused(worker, DENSE, (5, 3), inputs=[X])
    assert_use_refused(rude(ValueError("in_features is 0")), DENSE, (0, 3), inputs=[X], names=["in_features"])


@pytest.mark.parametrize(
    "worker, said",
    [
        (plant(layers={"Dense": Careless}), r"Dense\(0, 3\), used on input of shape \(4, 2\), was accepted"),
        (rude(TypeError("in_features is 0")), "raised TypeError"),
        (rude(ValueError("no")), "does not say which argument"),
    ],
)
def test_use_that_is_not_refused_as_it_should_be_fails(worker: Worker, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        assert_use_refused(worker, DENSE, (0, 3), inputs=[X], names=["in_features"])


SHARED_PARAMS: dict[str, Any] = {}
SHARED_GRADS: dict[str, Any] = {}


class Sharing(Dense):
    """`params` made once, in the class body."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        SHARED_PARAMS.update(self.params)
        self.params = SHARED_PARAMS


class SharingGrads(Dense):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        SHARED_GRADS.clear()
        self.grads = SHARED_GRADS


@pytest.mark.parametrize(
    "worker, said",
    [
        (plant(layers={"Dense": Sharing}), r"Assigning to one Dense's params\[\"W\"\] changed that of another"),
        (plant(layers={"Dense": SharingGrads}), r"Another Dense, never used itself, has gradients in grads\[\"W\"\]"),
        (dense(init=set_parameter("scale", lambda layer, **kw: np.ones(1))), "A new Dense has the wrong keys in params"),
        (dense(init=set_parameter("W", lambda layer, **kw: np.ones((3, 2)))), r"A new Dense: params\[\"W\"\] has the wrong shape"),
        (dense(init=set_gradient(np.ones((2, 3)))), r"A new Dense has gradients in grads\[\"W\"\] before its backward"),
        (dense(init=set_gradient("none yet")), r"grads\[\"W\"\] before backward is the text"),
        (dense(backward=lambda layer, g, r: layer.grads.pop("b")), "Dense after backward has the wrong keys in grads"),
    ],
)
def test_dicts_fail_when_shared_or_filled_wrongly(worker: Worker, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        check_dicts(worker)


@pytest.mark.parametrize("empty", [None, np.zeros((2, 3)), np.zeros(1)])
def test_gradients_before_backward_may_be_none_or_zeros(empty: Any) -> None:
    check_dicts(dense(init=set_gradient(empty)))
