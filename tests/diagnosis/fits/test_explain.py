"""Each family is found on constructed examples: prime shapes, with errors of 1e-7 in the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.diagnosis.fits import Fit, WrongArray, explain

Array = NDArray[Any]
Make = Callable[[Array], Array]

MATRICES = [(3, 5), (7, 5), (5, 11)]
IMAGES = [(3, 2, 7, 5), (5, 3, 7, 2)]
SIZES = {"batch_size": 13, "input_features": 17, "kernel_area": 6}


def blur(right: Array, seed: int = 1) -> Array:
    """As differences give it: every entry off by about 1e-7 of the largest."""
    noise = np.random.default_rng(seed).uniform(-1, 1, right.shape)
    return np.asarray(right + 1e-7 * np.abs(right).max(initial=0) * noise)


def ask(make: Make, shape: tuple[int, ...], kind: Any = "gradient", **around: Any) -> Fit | None:
    right = np.random.default_rng(list(shape)).standard_normal(shape)
    return explain(WrongArray("dx", kind, blur(right), make(right), SIZES, **around))


def draw(shape: tuple[int, ...], seed: int) -> Array:
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


PLAIN: list[tuple[str, Make]] = [
    ("zero", np.zeros_like),
    ("factor.1/batch_size", lambda right: right / 13),
    ("factor.input_features", lambda right: right * 17),
    ("factor.-1", lambda right: -right),
    ("factor.2", lambda right: right * 2),
    ("factor.1/2", lambda right: right / 2),
    ("factor.1/(batch_size*input_features)", lambda right: right / 13 / 17),
    ("factor.batch_size/input_features", lambda right: right * 13 / 17),
    ("factor.(batch_size-1)/batch_size", lambda right: right * 12 / 13),
    ("factor.unnamed", lambda right: right * 0.3712),
    ("slice.zero.last_slice_of_axis_0", lambda right: np.concatenate([right[:-1], 0 * right[-1:]])),
    ("slice.zero.first_slice_of_axis_0", lambda right: np.concatenate([0 * right[:1], right[1:]])),
    ("offset.constant", lambda right: right + 0.25),
    ("order.flipped.0", lambda right: right[::-1]),
    ("order.rolled.0.+1", lambda right: np.roll(right, 1, axis=0)),
    ("function.absolute", np.abs),
    ("function.sign", np.sign),
    ("function.squared", np.square),
    ("function.rounded.1", lambda right: np.round(right, 1)),
    ("clipped.below", lambda right: np.maximum(right, 0)),
    ("clipped.below_above", lambda right: np.clip(right, -0.61, 0.37)),
    ("affine", lambda right: 1 - right),
    ("shared.mean.slice_of_axis_0", lambda right: np.broadcast_to(right.mean(axis=0), right.shape)),
    ("shared.sum.slice_of_axis_0", lambda right: np.broadcast_to(right.sum(axis=0), right.shape)),
    ("shared.first.slice_of_axis_0", lambda right: np.broadcast_to(right[0], right.shape)),
    ("constant_along.slice_of_axis_0", lambda right: right + np.arange(1.0, right[0].size + 1).reshape(right[0].shape) ** 0.5),
    ("factor_along.slice_of_axis_0", lambda right: right * np.arange(2.0, right[0].size + 2).reshape(right[0].shape) ** 0.5),
    ("region.right_negative.zero", lambda right: np.where(right < 0, 0, right)),
    ("not_finite.nan", lambda right: np.where(right == right.max(), np.nan, right)),
    ("not_finite.infinite", lambda right: np.where(right == right.max(), np.inf, right)),
    ("shape.reshaped", lambda right: right.reshape(-1)),
    ("shape.extra_axis", lambda right: right[..., None]),
    ("shape.part.start", lambda right: right[:, :-1]),
    ("shape.part.end", lambda right: right[:, 1:]),
    ("shape.more_at_end", lambda right: np.concatenate([right, right[:1] + 1])),
    ("shape.sum.right_one.1", lambda right: right.sum(axis=1)),
    ("shape.mean.right_one.0", lambda right: right.mean(axis=0)),
    ("shape.empty", lambda right: right[:0]),
]


@pytest.mark.parametrize("shape", [*MATRICES, *IMAGES])
@pytest.mark.parametrize("label, make", PLAIN, ids=[label for label, _ in PLAIN])
def test_a_structure_is_found(label: str, make: Make, shape: tuple[int, ...]) -> None:
    fit = ask(make, shape)
    assert fit is not None
    # Cut off below at 0 and 0 where the right one is negative are the same array.
    alike = {"region.right_negative.zero": "clipped.below", "affine": "affine.1-right"}
    assert fit.label in (label, alike.get(label))
    assert fit.telling


def test_a_factor_says_its_name() -> None:
    fit = ask(lambda right: right / 13, (3, 5))
    assert fit is not None
    assert fit.sentence == (
        "dx is exactly 1/13 of the right one, and the batch size is 13 here: "
        "it is divided by once too often, or a product with it is missing."
    )


def test_a_factor_with_two_names_lists_both() -> None:
    right = draw((3, 5), 1)
    fit = explain(WrongArray("dW", "gradient", right, right / 3, {"batch_size": 3, "channels": 3}))
    assert fit is not None
    assert fit.label == "factor.1/3"
    assert "1 over the batch size or the number of channels" in fit.sentence


def test_a_kernel_area_is_not_named_when_batch_and_channels_make_it_too() -> None:
    right = draw((3, 5), 1)
    fit = explain(WrongArray("dW", "gradient", right, right * 6, {"batch_size": 3, "channels": 2, "kernel_area": 6}))
    assert fit is not None
    assert fit.label == "factor.6"


def test_a_loss_that_is_a_named_multiple_is_told_though_it_is_one_number() -> None:
    fit = explain(WrongArray("the output", "value", np.array(1.7134), np.array(1.7134 * 13), SIZES))
    assert fit is not None
    assert (fit.label, fit.telling) == ("factor.batch_size", True)


def test_one_number_off_by_something_is_not_explained() -> None:
    assert explain(WrongArray("the output", "value", np.array(1.7134), np.array(1.9), SIZES)) is None


def test_a_square_that_is_transposed_is_called_so() -> None:
    fit = ask(np.transpose, (5, 5))
    assert fit is not None
    assert fit.label == "order.transposed"


def test_a_matrix_reshaped_instead_of_transposed_is_found() -> None:
    fit = ask(lambda right: right.T.reshape(right.shape), (3, 5))
    assert fit is not None
    assert fit.label == "order.reshaped.10"


@pytest.mark.parametrize("shape", IMAGES)
def test_flattening_channels_last_is_found_by_the_input_shape(shape: tuple[int, ...]) -> None:
    image = draw(shape, 1)
    right, got = image.reshape(len(image), -1), image.transpose(0, 2, 3, 1).reshape(len(image), -1)
    fit = explain(WrongArray("the output", "value", right, got, SIZES, {"input": image}))
    assert fit is not None
    assert fit.label == "order.as_input.0231"


def test_a_shift_is_found_whatever_comes_in() -> None:
    fit = ask(lambda right: np.concatenate([draw((1, 5), 3), right[:-1]]), (7, 5))
    assert fit is not None
    assert fit.label == "shift.slice_of_axis_0.+1"


def test_the_gradient_of_the_call_before_that_was_added_is_found() -> None:
    before = draw((5, 7), 4)
    fit = ask(lambda right: right + before, (5, 7), arrays={"gradient_of_the_call_before": before})
    assert fit is not None
    assert fit.label == "term.plus.gradient_of_the_call_before"


def test_a_bias_that_was_forgotten_is_found() -> None:
    bias = draw((7,), 5)
    fit = ask(lambda right: right - bias, (5, 7), "value", arrays={"b": bias})
    assert fit is not None
    assert fit.label == "term.without.b"


@pytest.mark.parametrize("shape", [*MATRICES, *IMAGES])
def test_a_relu_that_looks_at_the_gradient_is_found(shape: tuple[int, ...]) -> None:
    grad, x = draw(shape, 6), draw(shape, 7)
    fit = explain(WrongArray("dx", "gradient", grad * (x > 0), grad * (grad > 0), SIZES, {"grad_output": grad, "input": x}))
    assert fit is not None
    assert fit.label == "mask.by_grad_output"


@pytest.mark.parametrize("shape", [*MATRICES, *IMAGES])
def test_a_slope_of_the_input_instead_of_the_output_is_found(shape: tuple[int, ...]) -> None:
    grad, x = draw(shape, 6), draw(shape, 7)
    y = 1 / (1 + np.exp(-x))
    right, got = blur(grad * y * (1 - y)), grad * x * (1 - x)
    fit = explain(WrongArray("dx", "gradient", right, got, SIZES, {"grad_output": grad, "input": x, "output": y}))
    assert fit is not None
    assert fit.label == "slope.(x-x^2).input"


def test_only_negative_inputs_wrong_is_found_with_the_setting_that_makes_it() -> None:
    x = draw((5, 11), 8)
    right, got = np.where(x > 0, x, 0.7 * np.expm1(x)), np.where(x > 0, x, np.expm1(x))
    fit = explain(WrongArray("the output", "value", right, got, SIZES, {"input": x}, {"alpha": 0.7}))
    assert fit is not None
    assert fit.label in ("region.input_negative.1/alpha", "region.right_negative.1/alpha")


def test_only_the_right_class_wrong_is_found() -> None:
    scores, target = draw((5, 7), 9), np.array([1, 4, 2, 0, 6])
    right = scores.copy()
    scores[np.arange(5), target] += draw((5,), 10)
    fit = explain(WrongArray("dx", "gradient", right, scores, SIZES, {"target": target}))
    assert fit is not None
    assert fit.label == "region.target"


def test_a_softmax_over_the_other_axis_is_found() -> None:
    powers = np.exp(draw((3, 5), 11))
    right, got = powers / powers.sum(axis=1, keepdims=True), powers / powers.sum(axis=0)
    fit = explain(WrongArray("the output", "value", right, got, SIZES, axes=("sample", "class")))
    assert fit is not None
    assert fit.label == "normalised.sample"


def test_a_missing_path_through_the_variance_is_found() -> None:
    x = draw((7, 5), 12)
    fit = ask(lambda right: right + x * np.arange(1, 6), (7, 5), arrays={"input": x}, axes=("sample", "feature"))
    assert fit is not None
    assert fit.label == "array_along.input.sample"


def test_another_deviation_is_found() -> None:
    fit = ask(lambda right: right * np.arange(1, 6) ** 0.5 + np.arange(5), (7, 5), "value", axes=("sample", "feature"))
    assert fit is not None
    assert fit.label == "affine_along.sample"


def test_the_difference_of_two_arrays_is_found() -> None:
    prediction, target = draw((3, 5), 13), draw((3, 5), 14)
    around = {"prediction": prediction, "target": target}
    fit = ask(lambda right: (prediction - target) / 3, (3, 5), arrays=around)
    assert fit is not None
    assert fit.label == "difference.prediction-target"


def test_a_border_that_was_not_cut_off_is_found() -> None:
    fit = ask(lambda right: np.pad(right, ((0, 0), (0, 0), (1, 1), (2, 2)), constant_values=0.5), (3, 2, 7, 5))
    assert fit is not None
    assert (fit.label, fit.facts["offset"]) == ("shape.border", (0, 0, 1, 2))


def test_a_bias_gradient_that_was_never_summed_is_found() -> None:
    grad = draw((5, 7), 15)
    fit = explain(WrongArray("db", "gradient", grad.sum(axis=0), grad + 0, SIZES))
    assert fit is not None
    assert fit.label == "shape.sum_missing"


def test_a_bias_gradient_over_the_wrong_axis_is_found() -> None:
    grad = draw((5, 7), 15)
    fit = explain(WrongArray("db", "gradient", grad.sum(axis=0), grad.sum(axis=1), SIZES, {"grad_output": grad}))
    assert fit is not None
    assert fit.label == "shape.sum.upstream_gradient.1"


def test_gradients_that_pile_up_are_found_by_a_second_call() -> None:
    right, held = draw((5, 7), 16), draw((5, 7), 17)
    fit = explain(WrongArray("dW", "gradient", right, right + held, SIZES, second_call=lambda: 2 * right + held))
    assert fit is not None
    assert fit.label == "calls.piled_up"


def test_an_upstream_gradient_that_is_ignored_is_found() -> None:
    grad, got = draw((5, 7), 18), draw((5, 7), 19)
    fit = ask(lambda right: got, (5, 7), arrays={"grad_output": grad}, got_for=lambda other: got)
    assert fit is not None
    assert fit.label == "calls.upstream_ignored"


def test_a_few_wrong_entries_are_told_as_weak() -> None:
    def spoil(right: Array) -> Array:
        got = right.copy()
        got[1, 2] += 0.5
        return got

    fit = ask(spoil, (5, 7))
    assert fit is not None
    assert (fit.label, fit.telling, fit.facts["places"]) == ("entries.few", False, [(1, 2)])


def test_a_wrong_slice_is_told_as_weak() -> None:
    fit = ask(lambda right: np.concatenate([right[:2], draw((1, 11), 20), right[3:]]), (7, 11))
    assert fit is not None
    assert (fit.label, fit.telling) == ("slice.wrong.slice_of_axis_0", False)
