"""Right for something else: what `right_at` answers when an array or a setting is exchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.diagnosis.fits import Fit, WrongArray, explain

Array = NDArray[Any]
Function = Callable[..., Array]


def draw(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def ask(function: Function, right: Mapping[str, Any], got: Array, *, name: str = "dx", kind: Any = "gradient", **around: Any) -> Fit | None:
    """Explain `got` where `function(**right)` is the truth."""
    settings = {key: value for key, value in right.items() if not isinstance(value, np.ndarray)}
    arrays = {key: value for key, value in right.items() if isinstance(value, np.ndarray)}

    def right_at(changes: Mapping[str, Any]) -> Array:
        if unknown := set(changes) - set(right):
            raise KeyError(unknown)
        return function(**{**right, **changes})

    return explain(WrongArray(name, kind, function(**right), got, {}, arrays, settings, right_at=right_at, **around))


def dense_input_gradient(W: Array, grad_output: Array) -> Array:
    return grad_output @ W.T


def bias_gradient(grad_output: Array) -> Array:
    return np.asarray(grad_output.sum(axis=0))


def pool(input: Array, stride: tuple[int, int]) -> Array:
    """The mean of windows of 2 x 2 pixels."""
    (down, right), (height, width) = stride, input.shape[2:]
    rows, columns = (height - 2) // down + 1, (width - 2) // right + 1
    entries = [input[:, :, i : i + down * rows : down, j : j + right * columns : right] for i in (0, 1) for j in (0, 1)]
    return np.asarray(sum(entries) / 4)


def pool_gradient(grad_output: Array) -> Array:
    """Of overlapping windows of 2 x 2 pixels at stride 1."""
    spread = np.zeros((*grad_output.shape[:2], grad_output.shape[2] + 1, grad_output.shape[3] + 1))
    for i in (0, 1):
        for j in (0, 1):
            spread[:, :, i : i + grad_output.shape[2], j : j + grad_output.shape[3]] += grad_output / 4
    return spread


def softmax_gradient(grad_output: Array, y: Array) -> Array:
    return np.asarray(y * (grad_output - (grad_output * y).sum(axis=1, keepdims=True)))


def take_square_loss(prediction: Array, target: Array) -> Array:
    return np.asarray(((prediction - target) ** 2).mean())


@pytest.mark.parametrize("shape", [(3, 5, 7), (5, 7, 3)])
def test_a_weight_reshaped_instead_of_transposed_is_found(shape: tuple[int, int, int]) -> None:
    samples, inputs, outputs = shape
    W, grad = draw(inputs, outputs), draw(samples, outputs, seed=1)
    fit = ask(dense_input_gradient, {"W": W, "grad_output": grad}, grad @ W.reshape(outputs, inputs))
    assert fit is not None
    assert (fit.label, fit.telling) == ("exchanged.W.reshaped", True)


def test_a_square_weight_that_was_not_transposed_is_found() -> None:
    W, grad = draw(5, 5), draw(3, 5, seed=1)
    fit = ask(dense_input_gradient, {"W": W, "grad_output": grad}, grad @ W)
    assert fit is not None
    assert fit.label == "exchanged.W.transposed"


def test_parameters_of_the_construction_are_found() -> None:
    W, grad, first = draw(5, 7), draw(3, 7, seed=1), draw(5, 7, seed=2)
    around = {"others": {"W": {"of the construction": first}}}
    fit = ask(dense_input_gradient, {"W": W, "grad_output": grad}, grad @ first.T, **around)
    assert fit is not None
    assert fit.sentence == "dx would be right if W were that of the construction."


def test_a_bias_gradient_of_the_first_sample_is_found() -> None:
    grad = draw(5, 7)
    fit = ask(bias_gradient, {"grad_output": grad}, grad[0], name="db")
    assert fit is not None
    assert fit.label == "exchanged.grad_output.only_first_sample"


def test_a_bias_gradient_without_the_last_sample_is_found() -> None:
    grad = draw(5, 7)
    fit = ask(bias_gradient, {"grad_output": grad}, grad[:-1].sum(axis=0), name="db")
    assert fit is not None
    assert fit.label == "exchanged.grad_output.without_last_sample"


def test_a_stride_with_its_sides_exchanged_is_found_in_another_shape() -> None:
    x = draw(3, 2, 7, 8)
    fit = ask(pool, {"input": x, "stride": (2, 3)}, pool(x, (3, 2)), name="the output", kind="value")
    assert fit is not None
    assert fit.label == "exchanged.stride.sides_exchanged"


def test_two_stories_of_one_stride_are_both_told() -> None:
    x = draw(3, 2, 7, 5)
    fit = ask(pool, {"input": x, "stride": (2, 1)}, pool(x, (1, 1)), name="the output", kind="value")
    assert fit is not None
    assert fit.label == "exchanged.stride.columns_for_both|ignored"
    assert "its second number taken for both sides or left out" in fit.sentence


def test_rounded_targets_of_a_loss_are_found_though_it_is_one_number() -> None:
    prediction, target = draw(3, 5), np.random.default_rng(1).uniform(0, 1, (3, 5))
    right = {"prediction": prediction, "target": target}
    fit = ask(take_square_loss, right, take_square_loss(prediction, np.round(target)), name="the output", kind="value")
    assert fit is not None
    assert fit.label == "exchanged.target.rounded"


def test_the_diagonal_of_the_jacobian_is_found() -> None:
    powers, grad = np.exp(draw(3, 5)), draw(3, 5, seed=1)
    y = powers / powers.sum(axis=1, keepdims=True)
    fit = ask(lambda grad_output: softmax_gradient(grad_output, y), {"grad_output": grad}, grad * y * (1 - y))
    assert fit is not None
    assert fit.label == "jacobian.diagonal"


@pytest.mark.parametrize("which", ["first", "last"])
def test_overlapping_windows_written_over_each_other_are_found(which: str) -> None:
    grad = draw(3, 2, 4, 3)
    got = np.zeros((3, 2, 5, 4))
    places = list(np.ndindex(4, 3))
    for row, column in places if which == "last" else places[::-1]:
        got[:, :, row : row + 2, column : column + 2] = grad[:, :, row, column, None, None] / 4
    fit = ask(pool_gradient, {"grad_output": grad}, got)
    assert fit is not None
    assert fit.label == f"overwritten.{which}"


def test_an_upstream_gradient_of_ones_gives_no_false_name() -> None:
    W, ones = draw(5, 7), np.ones((3, 7))
    right = {"W": W, "grad_output": ones}
    fit = ask(dense_input_gradient, right, draw(3, 5, seed=5))
    assert fit is None or not fit.telling
    halved = ask(dense_input_gradient, right, dense_input_gradient(W, ones) / 2)
    assert halved is not None
    assert halved.label == "factor.1/2"
