from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.diagnosis.examination import Caller, Point, call, examine, find_wrong
from grader.diagnosis.fits import Fit

Array = NDArray[Any]


class Dense:
    """The reference's."""

    def __init__(self, in_features: int, out_features: int) -> None:
        self.params: dict[str, Array] = {"W": np.full((in_features, out_features), 0.25), "b": np.zeros(out_features)}
        self.grads: dict[str, Array] = {}
        self.training = True

    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, grad: Array) -> Array:
        self.grads = {"W": self.x.T @ grad, "b": grad.sum(axis=0)}
        return grad @ self.params["W"].T


class Averaged(Dense):
    def backward(self, grad: Array) -> Array:
        returned = super().backward(grad)
        self.grads["W"] = self.grads["W"] / len(grad)
        return returned


class ForgetsWeights(Dense):
    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features)
        self.weight = self.params["W"]

    def forward(self, x: Array) -> Array:
        return x @ self.weight + self.params["b"]


class RaisesInBackward(Dense):
    def forward(self, x: Array) -> Array:
        return 2 * super().forward(x)

    def backward(self, grad: Array) -> Array:
        raise RuntimeError("not today")


class NoiseThenAveraged(Averaged):
    def backward(self, grad: Array) -> Array:
        returned = super().backward(grad)
        return returned + np.random.default_rng(8).standard_normal(returned.shape)


class AddsOntoItself(Dense):
    """In place, so that what it adds is the new gradient once more."""

    def backward(self, grad: Array) -> Array:
        used = bool(self.grads)
        returned = super().backward(grad)
        self.grads["W"] = self.grads["W"] * (2 if used else 1)
        return returned


class Piles(Dense):
    def backward(self, grad: Array) -> Array:
        former = self.grads.get("W", 0.0)
        returned = super().backward(grad)
        self.grads["W"] = self.grads["W"] + former
        return returned


class AnswersInWords(Dense):
    def forward(self, x: Array) -> Any:
        return "forty-two"


class AnswersAtLength(Dense):
    def forward(self, x: Array) -> Array:
        return np.ones((1_000, 1_000))


class Dropout:
    """The reference's."""

    def __init__(self, p: float, seed: int) -> None:
        self.p, self.generator = p, np.random.default_rng(seed)
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}

    def draw(self, shape: tuple[int, ...]) -> Array:
        return self.generator.random(shape) >= self.p

    def forward(self, x: Array) -> Array:
        self.mask = self.draw(x.shape) / (1 - self.p)
        return x * self.mask

    def backward(self, grad: Array) -> Array:
        return grad * self.mask


class DrawsFromTheOtherEnd(Dropout):
    def draw(self, shape: tuple[int, ...]) -> Array:
        return self.generator.random(shape) < 1 - self.p


class DropsWholeRows(Dropout):
    def draw(self, shape: tuple[int, ...]) -> Array:
        return np.repeat(self.generator.random((shape[0], 1)) >= self.p, shape[1], axis=1)


class GradientNotScaled(DrawsFromTheOtherEnd):
    def backward(self, grad: Array) -> Array:
        return grad * (self.mask > 0)


def make_dense_point() -> Point:
    generator = np.random.default_rng(1)
    arrays = {name: generator.standard_normal(shape) for name, shape in {"input": (3, 5), "W": (5, 7), "b": (7,)}.items()}
    sizes = {"batch_size": 3, "input_features": 5, "output_features": 7}
    axes = {"input": ("sample", "input"), "W": ("input", "output"), "b": ("output",), "output": ("sample", "output")}
    return Point("layers.Dense", {"in_features": 5, "out_features": 7}, arrays, sizes, axes)


def make_dropout_point() -> Point:
    arrays = {"input": np.random.default_rng(1).standard_normal((5, 7)) + 3}
    told = ("mask.inverted", "mask.same.*")
    return Point(
        "layers.Dropout",
        {"p": 0.3, "seed": 4},
        arrays,
        {"batch_size": 5},
        {"input": ("sample", "feature"), "output": ("sample", "feature")},
        told=told,
        follow=lambda output, source: source * (output != 0) / 0.7,
    )


def make_caller(**layers: type) -> Caller:
    return partial(call, SimpleNamespace(layers=SimpleNamespace(**layers)))


def look_at(point: Point, kind: type, is_spent: Callable[[], bool] = lambda: False) -> Fit | None:
    name = point.item.split(".")[1]
    return examine([point], make_caller(**{name: kind}), make_caller(Dense=Dense, Dropout=Dropout), is_spent)


@pytest.mark.parametrize(
    "kind, label, named",
    [
        (Averaged, "factor.1/batch_size", "dW"),
        (ForgetsWeights, "exchanged.W.of_the_construction", "the output"),
        (RaisesInBackward, "factor.2", "the output"),
        (Piles, "term.plus.gradient_of_the_call_before", "dW"),
    ],
)
def test_a_wrong_array_is_named_and_explained(kind: type, label: str, named: str) -> None:
    found = look_at(make_dense_point(), kind)
    assert found is not None
    assert (found.label, found.telling) == (label, True)
    assert found.sentence.startswith(f"{named} ")


@pytest.mark.parametrize("kind", [Dense, AnswersInWords, AnswersAtLength])
def test_nothing_is_said_where_no_array_is_wrong(kind: type) -> None:
    assert look_at(make_dense_point(), kind) is None


def test_an_array_that_nothing_explains_does_not_end_the_search() -> None:
    found = look_at(make_dense_point(), NoiseThenAveraged)
    assert found is not None
    assert found.label == "factor.1/batch_size"


def test_gradient_that_is_wrong_after_an_earlier_use_alone_is_not_told_to_have_a_factor() -> None:
    assert look_at(make_dense_point(), AddsOntoItself) is None


def test_no_other_array_is_looked_at_when_the_calls_are_spent() -> None:
    assert look_at(make_dense_point(), NoiseThenAveraged, is_spent=lambda: True) is None


def test_labels_that_a_point_does_not_tell_stay_unsaid() -> None:
    assert look_at(replace(make_dense_point(), told=("mask.*",)), Averaged) is None


def test_gradients_are_left_alone_where_forward_is_wrong() -> None:
    class Doubled(Averaged):
        def forward(self, x: Array) -> Array:
            return 2 * super().forward(x)

    wrong = list(find_wrong(make_dense_point(), make_caller(Dense=Doubled), make_caller(Dense=Dense), seed=0))
    assert [one.array.name for one in wrong] == ["the output"]


def test_draws_of_its_own_are_no_fault() -> None:
    assert look_at(make_dropout_point(), DrawsFromTheOtherEnd) is None


@pytest.mark.parametrize("kind, label", [(GradientNotScaled, "factor.7/10"), (DropsWholeRows, "mask.same.feature")])
def test_what_is_wrong_beside_the_draws_is_told(kind: type, label: str) -> None:
    found = look_at(make_dropout_point(), kind)
    assert found is not None
    assert found.label in (label, "factor.1-p")


def test_a_changed_setting_gives_parameters_its_shape() -> None:
    point = make_dense_point()
    changes: Mapping[str, Any] = {"in_features": 7, "out_features": 5, "input": np.ones((3, 7)), "b": np.zeros(5)}
    assert call(SimpleNamespace(layers=SimpleNamespace(Dense=Dense)), point, changes)["output"].shape == (3, 5)


def test_what_the_point_does_not_have_can_not_be_exchanged() -> None:
    with pytest.raises(KeyError):
        make_caller(Dense=Dense)(make_dense_point(), {"stride": 2})
