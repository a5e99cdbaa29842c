import sys

import numpy as np
import pytest

from reference.pytorchnano.layers import Layer
from tests.reference.cases import EVERY, RANDOM, SEEDED, UNSEEDED, Case, draw_like, set_params
from tests.reference.cupy_stand_in import DeviceArray, make_module
from tests.reference.differences import differentiate

each = pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
deterministic = pytest.mark.parametrize("case", [*SEEDED, *UNSEEDED], ids=lambda case: case.name)


def run_both_ways(layer: Layer, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y = layer.forward(x)
    return y, layer.backward(draw_like(y))


@deterministic
def test_gradients_agree_with_differences(case: Case) -> None:
    layer, x = case.make(), case.draw()
    set_params(layer)
    y, grad_input = run_both_ways(layer, x)
    grads = dict(layer.grads)
    g = draw_like(y)

    assert grad_input == pytest.approx(differentiate(lambda at: float((layer.forward(at) * g).sum()), x), abs=1e-8)
    for name, parameter in list(layer.params.items()):

        def respond(at: np.ndarray, name: str = name) -> float:
            layer.params[name] = at
            return float((layer.forward(x) * g).sum())

        assert grads[name] == pytest.approx(differentiate(respond, parameter), abs=1e-8), name
        layer.params[name] = parameter


@each
@pytest.mark.parametrize("stored", [np.float32, np.float64])
@pytest.mark.parametrize("given", [np.float32, np.float64])
@pytest.mark.parametrize("training", [True, False])
def test_results_have_dtype_of_input(case: Case, stored: type, given: type, training: bool) -> None:
    layer = case.make()
    set_params(layer, stored)
    layer.training = training
    y = layer.forward(case.draw(given))
    other = np.float64 if given is np.float32 else np.float32
    grad_input = layer.backward(draw_like(y).astype(other))

    assert {y.dtype, grad_input.dtype, *(grad.dtype for grad in layer.grads.values())} == {np.dtype(given)}
    assert all(parameter.dtype == stored for parameter in layer.params.values())


@each
def test_shapes_and_keys_are_the_contracts(case: Case) -> None:
    layer, x = case.make(), case.draw()
    assert {name: parameter.shape for name, parameter in layer.params.items()} == case.shapes
    assert layer.grads == {}
    assert layer.training is True

    _, grad_input = run_both_ways(layer, x)

    assert grad_input.shape == x.shape
    assert {name: grad.shape for name, grad in layer.grads.items()} == case.shapes


@each
def test_arguments_and_parameters_stay_unchanged(case: Case) -> None:
    layer, x = case.make(), case.draw()
    parameters = {name: parameter.copy() for name, parameter in layer.params.items()}
    x_before = x.copy()
    y = layer.forward(x)
    g = draw_like(y)
    g_before = g.copy()
    layer.backward(g)

    assert np.array_equal(x, x_before)
    assert np.array_equal(g, g_before)
    assert all(np.array_equal(layer.params[name], parameter) for name, parameter in parameters.items())


@each
def test_results_stay_unchanged_when_called_again(case: Case) -> None:
    layer = case.make()
    y, grad_input = run_both_ways(layer, case.draw())
    y_before, grad_before = y.copy(), grad_input.copy()
    run_both_ways(layer, case.draw(seed=9))

    assert np.array_equal(y, y_before)
    assert np.array_equal(grad_input, grad_before)


@deterministic
def test_second_backward_sets_the_same_gradients_again(case: Case) -> None:
    layer, x = case.make(), case.draw()
    _, first = run_both_ways(layer, x)
    first_grads = {name: grad.copy() for name, grad in layer.grads.items()}
    _, second = run_both_ways(layer, x)

    assert np.array_equal(first, second)
    assert all(np.array_equal(layer.grads[name], grad) for name, grad in first_grads.items())


@pytest.mark.parametrize("case", SEEDED, ids=lambda case: case.name)
def test_forward_reads_assigned_parameters(case: Case) -> None:
    layer, x = case.make(), case.draw()
    before = layer.forward(x)
    layer.params = {name: parameter * 0 + 2 for name, parameter in layer.params.items()}

    assert not np.allclose(layer.forward(x), before)


@each
def test_instances_share_no_dict(case: Case) -> None:
    first, second = case.make(), case.make()

    assert first.params is not second.params
    assert first.grads is not second.grads


@pytest.mark.parametrize("case", SEEDED, ids=lambda case: case.name)
def test_weights_follow_seed(case: Case) -> None:
    weights = [case.make(seed=seed).params["W"] for seed in (3, 3, 4, None, None)]

    assert np.array_equal(weights[0], weights[1])
    assert not np.allclose(weights[0], weights[2])
    assert not np.allclose(weights[3], weights[4])
    assert weights[0].std() > 0


@each
def test_global_random_state_is_left_alone(case: Case) -> None:
    np.random.seed(5)
    expected = np.random.random(3)
    np.random.seed(5)
    run_both_ways(case.make(), case.draw())

    assert np.array_equal(np.random.random(3), expected)


@each
def test_batch_of_one_works(case: Case) -> None:
    layer, x = case.make(), case.draw()[:1]
    y, grad_input = run_both_ways(layer, x)

    assert len(y) == 1
    assert grad_input.shape == x.shape


@pytest.mark.parametrize("case", [*SEEDED, *UNSEEDED], ids=lambda case: case.name)
def test_strided_input_gives_same_numbers(case: Case) -> None:
    layer, x = case.make(), case.draw()
    strided = np.repeat(x, 2, axis=-1)[..., ::2]
    y, grad_input = run_both_ways(layer, x)

    assert np.allclose(layer.forward(np.asfortranarray(x)), y)
    assert np.allclose(layer.forward(strided), y)
    assert np.allclose(layer.backward(np.asfortranarray(draw_like(y))), grad_input)


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_are_the_same_on_a_device(case: Case, dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    cupy = make_module()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    on_host, on_device = case.make(), case.make()
    x = case.draw(dtype)
    y = on_host.forward(x)
    grad_input = on_host.backward(draw_like(y))
    device_y = on_device.forward(cupy.asarray(x))
    device_grad_input = on_device.backward(cupy.asarray(draw_like(y)))

    assert isinstance(device_y, DeviceArray)
    assert device_y.dtype == dtype
    assert device_y.get() == pytest.approx(y, abs=1e-6)
    assert device_grad_input.get() == pytest.approx(grad_input, abs=1e-6)
    assert all(isinstance(grad, DeviceArray) for grad in on_device.grads.values())
    assert all(grad.get() == pytest.approx(on_host.grads[name], abs=1e-5) for name, grad in on_device.grads.items())
    assert all(isinstance(parameter, np.ndarray) for parameter in on_device.params.values())


@pytest.mark.parametrize("case", [*SEEDED, *UNSEEDED], ids=lambda case: case.name)
def test_parameters_on_a_device_serve_the_host(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    cupy = make_module()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    layer, x = case.make(), case.draw()
    y = layer.forward(x)
    layer.params = {name: cupy.asarray(parameter) for name, parameter in layer.params.items()}

    assert layer.forward(x) == pytest.approx(y)


@pytest.mark.parametrize("case", [case for case in EVERY if "Norm" in case.name or case in RANDOM], ids=lambda case: case.name)
def test_backward_uses_mode_of_last_forward(case: Case) -> None:
    layer, x = case.make(), case.draw()
    y = layer.forward(x)
    g = draw_like(y)
    layer.training = False
    after_switch = layer.backward(g)
    layer = case.make()
    layer.forward(x)

    assert np.array_equal(after_switch, layer.backward(g))
