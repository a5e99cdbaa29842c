import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from reference.pytorchnano.layers import Layer
from reference.pytorchnano.optimizers import SGD, Adam, Momentum, Nadam
from tests.reference.cupy_stand_in import DeviceArray, make_module

Recurrence = Callable[[np.ndarray, list[np.ndarray]], np.ndarray]


def make_layer(dtype: Any = np.float64, names: tuple[str, ...] = ("W", "b")) -> Layer:
    layer, rng = Layer(), np.random.default_rng(6)
    layer.params = {name: rng.standard_normal((3, 2)).astype(dtype) for name in names}
    return layer


def loop_sgd(w: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    for g in gradients:
        w = w - 0.1 * g
    return w


def loop_momentum(w: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    v = np.zeros_like(w)
    for g in gradients:
        v = 0.8 * v - 0.1 * g
        w = w + v
    return w


def loop_nesterov(w: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    v = np.zeros_like(w)
    for g in gradients:
        v = 0.8 * v - 0.1 * g
        w = w + 0.8 * v - 0.1 * g
    return w


def loop_adam(w: np.ndarray, gradients: list[np.ndarray], nesterov: bool = False) -> np.ndarray:
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, start=1):
        m, v = 0.7 * m + 0.3 * g, 0.9 * v + 0.1 * g**2
        ahead = m / (1 - 0.7**t)
        if nesterov:
            ahead = 0.7 * ahead + 0.3 * g / (1 - 0.7**t)
        w = w - 0.1 * ahead / (np.sqrt(v / (1 - 0.9**t)) + 1e-3)
    return w


CASES: list[tuple[Any, Recurrence]] = [
    (lambda layers, **more: SGD(layers, 0.1, **more), loop_sgd),
    (lambda layers, **more: Momentum(layers, 0.1, 0.8, **more), loop_momentum),
    (lambda layers, **more: Momentum(layers, 0.1, 0.8, nesterov=True, **more), loop_nesterov),
    (lambda layers, **more: Adam(layers, 0.1, (0.7, 0.9), 1e-3, **more), loop_adam),
    (lambda layers, **more: Nadam(layers, 0.1, (0.7, 0.9), 1e-3, **more), lambda w, g: loop_adam(w, g, nesterov=True)),
]
each = pytest.mark.parametrize("make, recur", CASES, ids=["sgd", "momentum", "nesterov", "adam", "nadam"])
gradients = list(np.random.default_rng(8).standard_normal((4, 3, 2)))
for gradient in gradients:
    gradient.flags.writeable = False


@each
def test_steps_follow_formula(make: Any, recur: Recurrence) -> None:
    first, second = make_layer(), make_layer(names=("gamma",))
    start = dict(first.params) | dict(second.params)
    optimizer = make([first, second])
    for g in gradients:
        first.grads, second.grads = {"W": g, "b": 2 * g}, {"gamma": -g}
        optimizer.step()

    assert first.params["W"] == pytest.approx(recur(start["W"], gradients))
    assert first.params["b"] == pytest.approx(recur(start["b"], [2 * g for g in gradients]))
    assert second.params["gamma"] == pytest.approx(recur(start["gamma"], [-g for g in gradients]))


@each
def test_weight_decay_spares_biases_and_normalisation(make: Any, recur: Recurrence) -> None:
    layer = make_layer(names=("W", "b", "beta", "gamma", "other"))
    start = dict(layer.params)
    layer.grads = dict.fromkeys(layer.params, gradients[0])
    make([layer], weight_decay=0.5).step()

    for name in ("b", "beta", "gamma"):
        assert layer.params[name] == pytest.approx(recur(start[name], gradients[:1])), name
    for name in ("W", "other"):
        assert layer.params[name] == pytest.approx(recur(start[name], [gradients[0] + 0.5 * start[name]])), name


@each
def test_parameter_without_gradient_is_left_alone(make: Any, recur: Recurrence) -> None:
    layer = make_layer()
    start = dict(layer.params)
    layer.grads = {"W": gradients[0]}
    make([layer, Layer()], weight_decay=0.5).step()

    assert np.array_equal(layer.params["b"], start["b"])
    assert not np.array_equal(layer.params["W"], start["W"])


@each
def test_dicts_are_looked_up_at_each_step(make: Any, recur: Recurrence) -> None:
    layer = make_layer()
    optimizer = make([layer])
    layer.params, layer.grads = {"W": np.zeros((3, 2))}, {"W": gradients[0]}
    optimizer.step()

    assert layer.params["W"] == pytest.approx(recur(np.zeros((3, 2)), gradients[:1]))


@each
def test_step_counts_calls_even_where_gradient_came_later(make: Any, recur: Recurrence) -> None:
    layer = make_layer(names=("W",))
    optimizer = make([layer])
    optimizer.step()
    layer.grads = {"W": np.ones((3, 2))}
    before = layer.params["W"]
    optimizer.step()
    change = layer.params["W"] - before

    if recur is loop_adam:
        ahead, spread = 0.3 / (1 - 0.7**2), 0.1 / (1 - 0.9**2)
        assert change == pytest.approx(np.full((3, 2), -0.1 * ahead / (np.sqrt(spread) + 1e-3)))
    else:
        assert (change < 0).all()


@each
@pytest.mark.parametrize("stored, given", [(np.float32, np.float64), (np.float64, np.float32)])
def test_dtypes_stay_and_gradients_stay_unchanged(make: Any, recur: Recurrence, stored: type, given: type) -> None:
    layer = make_layer(stored)
    g = gradients[0].astype(given)
    g.flags.writeable = False
    layer.grads = {"W": g}
    start = layer.params["W"].copy()
    optimizer = make([layer], weight_decay=0.1)
    optimizer.step()
    optimizer.step()

    assert layer.params["W"].dtype == stored
    assert layer.grads["W"] is g
    assert np.array_equal(g, gradients[0].astype(given))
    assert not np.array_equal(layer.params["W"], start)


@each
@pytest.mark.parametrize("parameter_on_device", [True, False])
def test_step_copes_with_two_devices(make: Any, recur: Recurrence, parameter_on_device: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    cupy = make_module()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    layer = make_layer(names=("W",))
    start = layer.params["W"]
    optimizer = make([layer])
    if parameter_on_device:
        layer.params["W"] = cupy.asarray(start)
    for g in gradients:
        layer.grads["W"] = g if parameter_on_device else cupy.asarray(g)
        optimizer.step()

    result = layer.params["W"]
    assert isinstance(result, DeviceArray) is parameter_on_device
    assert (result.get() if parameter_on_device else result) == pytest.approx(recur(start, gradients))


def test_arrays_that_two_layers_share_are_not_changed_in_place() -> None:
    shared, layers = np.ones((2, 2)), [Layer(), Layer()]
    for layer in layers:
        layer.params["W"], layer.grads["W"] = shared, np.ones((2, 2))
    SGD(layers, 0.5).step()

    assert layers[0].params["W"].tolist() == layers[1].params["W"].tolist() == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize(
    "make, name",
    [
        (lambda: SGD([], -0.1), "lr"),
        (lambda: SGD([], 0.1, weight_decay=-1), "weight_decay"),
        (lambda: Momentum([], -0.1), "lr"),
        (lambda: Momentum([], 0.1, momentum=1.0), "momentum"),
        (lambda: Momentum([], 0.1, momentum=-0.1), "momentum"),
        (lambda: Adam([], lr=-1), "lr"),
        (lambda: Adam([], betas=(1.0, 0.9)), "betas"),
        (lambda: Adam([], betas=(0.9, -0.1)), "betas"),
        (lambda: Nadam([], betas=(0.9, 1.0)), "betas"),
        (lambda: Nadam([], weight_decay=-0.1), "weight_decay"),
    ],
)
def test_argument_out_of_range_is_refused_by_name(make: Callable[[], Any], name: str) -> None:
    with pytest.raises(ValueError, match=rf"\b{name}\b"):
        make()
