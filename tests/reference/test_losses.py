import sys
import warnings
from typing import Any

import numpy as np
import pytest

from reference.pytorchnano.losses import BinaryCrossEntropyLoss, CrossEntropyLoss, HingeLoss, MSELoss
from tests.reference.cupy_stand_in import DeviceArray, make_module
from tests.reference.differences import differentiate

rng = np.random.default_rng(4)
scores = rng.standard_normal((5, 3))
probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
labels = np.array([0, 2, 1, 1, 2])
rows = rng.dirichlet(np.ones(3), size=5)
shares = rng.random((5, 3))
for array in (scores, probabilities, labels, rows, shares):
    array.flags.writeable = False


def loop_hinge(margin: float) -> float:
    return float(np.mean([sum(max(0.0, s[j] - s[y] + margin) for j in range(3) if j != y) for s, y in zip(scores, labels, strict=True)]))


CASES = [
    ("mse", MSELoss(), scores, shares, np.mean((scores - shares) ** 2)),
    ("half sum", MSELoss("half_sum"), scores, shares, 0.5 * np.sum((scores - shares) ** 2)),
    ("indices", CrossEntropyLoss(), scores, labels, -np.mean([np.log(p[y]) for p, y in zip(probabilities, labels, strict=True)])),
    ("rows", CrossEntropyLoss(), scores, rows, -np.mean((rows * np.log(probabilities)).sum(axis=1))),
    (
        "indices, probabilities",
        CrossEntropyLoss(from_logits=False),
        probabilities,
        labels,
        -np.mean([np.log(p[y]) for p, y in zip(probabilities, labels, strict=True)]),
    ),
    (
        "rows, probabilities",
        CrossEntropyLoss(from_logits=False),
        probabilities,
        rows,
        -np.mean((rows * np.log(probabilities)).sum(axis=1)),
    ),
    (
        "binary",
        BinaryCrossEntropyLoss(),
        scores,
        shares,
        np.mean(-shares * np.log(1 / (1 + np.exp(-scores))) - (1 - shares) * np.log(1 - 1 / (1 + np.exp(-scores)))),
    ),
    (
        "binary, probabilities",
        BinaryCrossEntropyLoss(from_logits=False),
        probabilities,
        shares,
        np.mean(-shares * np.log(probabilities) - (1 - shares) * np.log(1 - probabilities)),
    ),
    ("hinge", HingeLoss(), scores, labels, loop_hinge(1.0)),
    ("hinge with margin", HingeLoss(0.3), scores, labels, loop_hinge(0.3)),
]
each = pytest.mark.parametrize("name, loss, prediction, target, expected", CASES, ids=[case[0] for case in CASES])


@each
def test_value_follows_formula(name: str, loss: Any, prediction: np.ndarray, target: np.ndarray, expected: float) -> None:
    assert loss.forward(prediction, target) == pytest.approx(expected, rel=1e-12)


@each
def test_gradient_agrees_with_differences(name: str, loss: Any, prediction: np.ndarray, target: np.ndarray, expected: float) -> None:
    numeric = differentiate(lambda at: loss.forward(at, target), prediction)
    loss.forward(prediction, target)

    assert loss.backward() == pytest.approx(numeric, abs=1e-8)


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradient_has_predictions_dtype_and_value_is_a_number(
    name: str, loss: Any, prediction: np.ndarray, target: np.ndarray, expected: float, dtype: type
) -> None:
    value = loss.forward(prediction.astype(dtype), target)

    assert type(value) is float
    assert value == pytest.approx(expected, rel=1e-5)
    assert loss.backward().dtype == dtype


@each
def test_numbers_are_the_same_on_a_device(
    name: str, loss: Any, prediction: np.ndarray, target: np.ndarray, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    cupy = make_module()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    loss.forward(prediction, target)
    gradient = loss.backward()

    for where in (target, cupy.asarray(target)):
        assert loss.forward(cupy.asarray(prediction), where) == pytest.approx(expected)
        assert isinstance(loss.backward(), DeviceArray)
        assert loss.backward().get() == pytest.approx(gradient)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", [CrossEntropyLoss(), BinaryCrossEntropyLoss(), HingeLoss(), MSELoss()])
def test_large_scores_stay_finite_without_a_warning(loss: Any, dtype: type) -> None:
    prediction = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], dtype=dtype)
    target = np.array([1, 0]) if isinstance(loss, CrossEntropyLoss | HingeLoss) else np.array([[0.0, 1, 0], [1, 0, 0.5]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = loss.forward(prediction, target)
        gradient = loss.backward()

    assert np.isfinite(value)
    assert value > 1e3
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_of_zero_and_one_raise_nothing(dtype: type) -> None:
    certain = np.array([[0.0, 1.0], [1.0, 0.0]], dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for loss, target in ((CrossEntropyLoss(False), np.array([0, 0])), (BinaryCrossEntropyLoss(False), np.eye(2))):
            assert np.isfinite(loss.forward(certain, target))
            assert np.isfinite(loss.backward()).all()


def test_integer_targets_serve_as_numbers() -> None:
    assert MSELoss().forward(np.array([0.5, 2.0]), np.array([1, 2])) == pytest.approx(0.125)
    assert CrossEntropyLoss().forward(scores, np.eye(3, dtype=int)[labels]) == pytest.approx(CASES[2][4])


def test_unknown_reduction_is_refused() -> None:
    with pytest.raises(ValueError, match="reduction"):
        MSELoss("sum")  # type: ignore[arg-type]


def test_negative_margin_is_refused() -> None:
    with pytest.raises(ValueError, match="margin"):
        HingeLoss(-0.1)


@pytest.mark.parametrize(
    "loss, prediction, target",
    [
        (MSELoss(), (2, 3), np.ones((3, 2))),
        (MSELoss(), (2, 1), np.ones(2)),
        (CrossEntropyLoss(), (2, 3), np.array([0, 1, 2])),
        (CrossEntropyLoss(), (2, 3), np.ones((2, 2))),
        (CrossEntropyLoss(), (3,), np.array([0, 1, 2])),
        (CrossEntropyLoss(), (2, 3, 1), np.ones((2, 3, 1))),
        (CrossEntropyLoss(), (2, 3), np.array([0, 3])),
        (CrossEntropyLoss(from_logits=False), (2, 3), np.array([-1, 0])),
        (BinaryCrossEntropyLoss(), (2, 1), np.ones(2)),
        (BinaryCrossEntropyLoss(), (2,), np.array([0.0, 1.5])),
        (HingeLoss(), (2, 3), np.array([0])),
        (HingeLoss(), (2, 3), np.array([0, 3])),
        (HingeLoss(), (2, 3), np.ones((2, 3))),
    ],
)
def test_target_that_does_not_fit_is_refused(loss: Any, prediction: tuple[int, ...], target: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"target|prediction"):
        loss.forward(np.full(prediction, 0.5), target)
