import warnings

import numpy as np
import pytest

from reference.pytorchnano.activations import ELU, LeakyReLU, Maxout, ReLU, Sigmoid, Softmax, Tanh
from reference.pytorchnano.layers import Layer
from tests.reference.cases import set_params
from tests.reference.differences import differentiate

x = np.array([[-2.0, -0.5, 0.25, 3.0]])


@pytest.mark.parametrize(
    "layer, expected",
    [
        (ReLU(), [0.0, 0.0, 0.25, 3.0]),
        (LeakyReLU(), [-0.2, -0.05, 0.25, 3.0]),
        (LeakyReLU(2.0), [-4.0, -1.0, 0.25, 3.0]),
        (ELU(), [np.exp(-2) - 1, np.exp(-0.5) - 1, 0.25, 3.0]),
        (ELU(2.0), [2 * np.exp(-2) - 2, 2 * np.exp(-0.5) - 2, 0.25, 3.0]),
        (Sigmoid(), [1 / (1 + np.exp(-value)) for value in x[0]]),
        (Tanh(), [np.tanh(value) for value in x[0]]),
        (Softmax(), [np.exp(value) / np.exp(x).sum() for value in x[0]]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_follow_formula(layer: Layer, expected: list[float]) -> None:
    assert layer.forward(x)[0] == pytest.approx(expected)


@pytest.mark.parametrize("make", [ReLU, Sigmoid, Softmax, Tanh, LeakyReLU, ELU])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_inputs_stay_finite_without_a_warning(make: type[Layer], dtype: type) -> None:
    layer = make()
    large = np.array([[-1e4, 1e4, 0.5, -88.8, 89.0], [1e4, 1e4, -1e4, -745.0, 710.0]], dtype=dtype)
    with warnings.catch_warnings(), np.errstate(over="warn", divide="warn", invalid="warn"):
        warnings.simplefilter("error")
        y = layer.forward(large)
        grad_input = layer.backward(np.full_like(y, 1e4))

    assert np.isfinite(y).all()
    assert np.isfinite(grad_input).all()


def test_sigmoid_of_very_negative_number_is_accurate() -> None:
    assert Sigmoid().forward(np.array([-50.0]))[0] == pytest.approx(np.exp(-50), rel=1e-12)


@pytest.mark.parametrize("shape", [(4,), (2, 4), (2, 3, 4)])
def test_softmax_sums_to_one_along_last_axis(shape: tuple[int, ...]) -> None:
    assert Softmax().forward(np.random.default_rng(0).standard_normal(shape)).sum(axis=-1) == pytest.approx(np.ones(shape[:-1]))


def test_softmax_backward_applies_whole_jacobian() -> None:
    layer = Softmax()
    y = layer.forward(x)[0]
    g = np.array([[1.0, -2.0, 0.5, 3.0]])
    jacobian = np.diag(y) - np.outer(y, y)

    assert layer.backward(g)[0] == pytest.approx(jacobian @ g[0])


@pytest.mark.parametrize("make", [ReLU, LeakyReLU, ELU])
def test_slope_at_kink_lies_between_one_sided_ones(make: type[Layer]) -> None:
    layer = make()
    layer.forward(np.zeros(1))

    assert 0 <= layer.backward(np.ones(1))[0] <= 1


def test_maxout_equals_loop_over_pieces() -> None:
    layer = Maxout(3, 2, pieces=4)
    set_params(layer)
    batch = np.random.default_rng(0).standard_normal((5, 3))
    expected = np.max([batch @ layer.params["W"][piece] + layer.params["b"][piece] for piece in range(4)], axis=0)

    assert layer.forward(batch) == pytest.approx(expected)


def test_maxout_tie_counts_gradient_once() -> None:
    layer = Maxout(1, 1, pieces=2)
    layer.params = {"W": np.ones((2, 1, 1)), "b": np.zeros((2, 1))}
    layer.forward(np.ones((1, 1)))

    assert layer.backward(np.ones((1, 1))).tolist() == [[1.0]]
    assert layer.grads["b"].sum() == 1


@pytest.mark.parametrize("name", ["in_features", "out_features", "pieces"])
def test_maxout_refuses_size_below_one(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Maxout(**{"in_features": 1, "out_features": 1, "pieces": 2, name: 0})


@pytest.mark.parametrize("shape", [(3,), (2, 4), (1, 2, 3)])
def test_maxout_refuses_input_that_does_not_fit(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="x has shape"):
        Maxout(3, 2).forward(np.ones(shape))


def test_gradient_of_rank_one_softmax_agrees_with_differences() -> None:
    layer, g = Softmax(), np.array([1.0, -2.0, 0.5, 3.0])
    layer.forward(x[0])

    assert layer.backward(g) == pytest.approx(differentiate(lambda at: float(layer.forward(at) @ g), x[0]), abs=1e-8)
