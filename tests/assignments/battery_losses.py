"""What is tried with every loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.assignments.fingerprints import Case, attempt, keep

F32, F64 = np.float32, np.float64
Array = NDArray[Any]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


def draw_scores(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return 2 * rng.standard_normal(shape)


def draw_probabilities(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.uniform(0.05, 0.95, shape)


def draw_probability_rows(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    rows = rng.uniform(0.1, 1, shape)
    return rows / rows.sum(axis=1, keepdims=True)


def draw_labels(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """One label a sample; between them they name the first and the last class."""
    return (np.arange(shape[0]) * (shape[1] - 1) + rng.integers(2)) % shape[1]


def use_loss(make: Callable[[ModuleType], Any], turns: Sequence[tuple[Array, Array]]) -> Callable[[ModuleType, Any], Any]:
    """A use that gives one loss these predictions and targets, forward and backward."""

    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        loss, seen, results = make(module), [], []
        for prediction, target in turns:
            given = [(prediction, prediction.copy()), (target, target.copy())]
            value, grad = float(loss.forward(prediction, target)), loss.backward()
            seen.append(keep({"value": value, "grad": grad, "changed": [not np.array_equal(*pair) for pair in given]}))
            for now, before in given:
                now[...] = before
            results.append((grad, np.copy(grad)))
        return {"turns": seen, "results stay": [np.array_equal(*pair) for pair in results]}

    return use


def loss_cases(name: str, title: str, kwargs: dict[str, Any], predict: Draw, aim: Draw, *, matrices: bool = True) -> list[Case]:
    """Shapes and dtypes for one loss with one kind of prediction and target; `matrices` are all that it takes."""

    def make(module: ModuleType) -> Any:
        return getattr(module, name)(**kwargs)

    def case(what: str, *shapes: tuple[int, ...], tried: Sequence[str] = (), dtypes: Sequence[Any] = (F64, F64)) -> Case:
        def use(module: ModuleType, rng: np.random.Generator) -> Any:
            turns = [(predict(rng, shape).astype(dtypes[0]), aim(rng, shape)) for shape in shapes]
            turns = [(first, second.astype(dtypes[1]) if second.dtype.kind == "f" else second) for first, second in turns]
            return use_loss(make, turns)(module, rng)

        return Case(f"{title}, {what}", use, frozenset({"stride1", *tried}))

    cases = [
        case("wide", (3, 5), (2, 7)),
        case("tall", (7, 3), (5, 4)),
        case("same", (4, 3), (4, 3)),
        case("two classes", (5, 2)),
        case("square", (4, 4), (4, 4), tried=["square"]),
        case("squares", (3, 3), (5, 5), tried=["square"]),
        case("single", (1, 5), (1, 4), tried=["batch1"]),
        case("single of two", (1, 2), (1, 2), tried=["batch1"]),
        *(case(f"{kind.__name__} {other.__name__}", (3, 4), dtypes=(kind, other)) for kind in (F32, F64) for other in (F32, F64)),
        case("float32, square", (4, 4), dtypes=(F32, F64), tried=["square"]),
        case("float32, single", (1, 4), dtypes=(F32, F64), tried=["batch1"]),
    ]
    if matrices:
        return cases
    others = [case("vector", (5,)), case("column", (5, 1)), case("rank 3", (2, 3, 4))]
    return [*cases, *others, case("one number", (1, 1), tried=["square", "batch1"])]


def exact_case(name: str, title: str, kwargs: dict[str, Any], prediction: Any, target: Any, *, tried: Sequence[str] = ()) -> Case:
    """One prediction and target, given."""
    turn = np.array(prediction, dtype=F64), np.array(target)
    return Case(title, use_loss(lambda module: getattr(module, name)(**kwargs), [turn]), frozenset({"stride1", *tried}))


def refusal_case(name: str, title: str, kwargs: dict[str, Any], prediction: Any, target: Any) -> Case:
    """A prediction and a target that don't fit together, or a loss that is refused; everybody tries that."""
    turn = np.array(prediction, dtype=F64), np.array(target)
    return Case(title, lambda module, rng: attempt(lambda: float(getattr(module, name)(**kwargs).forward(*turn))))


PROBABILITIES = {"from_logits": False}
FOUR = np.full((4, 3), 0.25)


def fit_cases(name: str) -> list[Case]:
    """Pairs of shapes that only broadcasting would take."""
    pairs = [((4, 3), (3,)), ((4, 3), (1, 3)), ((4, 3), (4, 1)), ((4, 1), (4,)), ((4, 3), (3, 4)), ((3,), (4, 3))]
    return [refusal_case(name, f"{one} and {other}", {}, np.full(one, 0.25), np.full(other, 0.5)) for one, other in pairs]


def label_cases(name: str) -> list[Case]:
    """Labels that don't fit."""
    wrong: dict[str, Any] = {"below": [0, 1, -1, 2], "above": [0, 1, 3, 2], "few": [0, 1], "one": [1], "many": [0, 1, 2, 0, 1]}
    wrong["column"] = [[0], [1], [2], [0]]
    return [refusal_case(name, f"labels {title}", {}, FOUR, labels) for title, labels in wrong.items()]


MSE = [
    *loss_cases("MSELoss", "mean", {}, draw_scores, draw_scores, matrices=False),
    *loss_cases("MSELoss", "half sum", {"reduction": "half_sum"}, draw_scores, draw_scores, matrices=False),
    *fit_cases("MSELoss"),
    refusal_case("MSELoss", "unknown reduction", {"reduction": "sum"}, FOUR, FOUR),
]

LARGE = [[1e4, -1e4, 0.0], [-800.0, 800.0, -1e4], [-1e4, -1e4, 1e4], [-5e3, -1e4, -6e3]]
CROSS = "CrossEntropyLoss"
CROSS_ENTROPY = [
    *loss_cases(CROSS, "logits and labels", {}, draw_scores, draw_labels),
    *loss_cases(CROSS, "logits and rows", {}, draw_scores, draw_probability_rows),
    *loss_cases(CROSS, "probabilities and labels", PROBABILITIES, draw_probability_rows, draw_labels),
    *loss_cases(CROSS, "probabilities and rows", PROBABILITIES, draw_probability_rows, draw_probability_rows),
    exact_case(CROSS, "large", {}, LARGE, [0, 1, 2, 0]),
    exact_case(CROSS, "large and wrong", {}, LARGE, [1, 2, 0, 1]),
    exact_case(CROSS, "large, single", {}, LARGE[:1], [1], tried=["batch1"]),
    exact_case(CROSS, "large, square", {}, LARGE[:3], [1, 0, 2], tried=["square"]),
    exact_case(CROSS, "confident", {}, [[20.0, 0.0, 1.0], [-10.0, 9.0, 0.0]], [1, 0]),
    exact_case(CROSS, "probability 0", PROBABILITIES, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [0, 1]),
    exact_case(CROSS, "probability 0, square", PROBABILITIES, np.eye(3), [0, 1, 2], tried=["square"]),
    exact_case(CROSS, "probability 0, single", PROBABILITIES, [[0.0, 1.0]], [1], tried=["batch1"]),
    exact_case(CROSS, "small probability", PROBABILITIES, [[1e-8, 0.4, 0.6 - 1e-8], [0.25, 0.25, 0.5]], [0, 2]),
    exact_case(CROSS, "small probability, single", PROBABILITIES, [[1e-8, 1 - 1e-8]], [0], tried=["batch1"]),
    exact_case(CROSS, "small probability, square", PROBABILITIES, [[1e-8, 1 - 1e-8], [0.5, 0.5]], [0, 1], tried=["square"]),
    *label_cases(CROSS),
    refusal_case(CROSS, "rows of other width", {}, FOUR, np.full((4, 2), 0.5)),
    refusal_case(CROSS, "one row for all", {}, FOUR, np.full((1, 3), 1 / 3)),
    refusal_case(CROSS, "rank 1", {}, [0.2, 0.3, 0.5], [0, 1, 2]),
]

BINARY = "BinaryCrossEntropyLoss"
BINARY_CROSS_ENTROPY = [
    *loss_cases(BINARY, "logits", {}, draw_scores, draw_probabilities, matrices=False),
    *loss_cases(BINARY, "probabilities", PROBABILITIES, draw_probabilities, draw_probabilities, matrices=False),
    exact_case(BINARY, "large", {}, LARGE, np.array(LARGE) > 0.0),
    exact_case(BINARY, "large and wrong", {}, np.array(LARGE) / 100, 1.0 * (np.array(LARGE) < 0)),
    exact_case(BINARY, "large and wrong, square", {}, [[900.0, -40.0], [50.0, -700.0]], [[0.0, 1.0], [0.5, 0.0]], tried=["square"]),
    exact_case(BINARY, "large and wrong, single", {}, [[900.0, -40.0, 30.0]], [[0.0, 1.0, 0.0]], tried=["batch1"]),
    exact_case(BINARY, "probabilities 0 and 1", PROBABILITIES, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    exact_case(BINARY, "probabilities 0 and 1, square", PROBABILITIES, np.eye(3), np.eye(3), tried=["square"]),
    exact_case(BINARY, "probabilities 0 and 1, single", PROBABILITIES, [[1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]], tried=["batch1"]),
    exact_case(BINARY, "small probabilities", PROBABILITIES, [[1e-8, 0.5, 1 - 1e-8]], [[1.0, 0.5, 0.0]], tried=["batch1"]),
    exact_case(
        BINARY, "small probabilities, square", PROBABILITIES, [[1e-8, 0.5], [0.5, 1 - 1e-8]], [[1.0, 0.5], [0.5, 0.0]], tried=["square"]
    ),
    *fit_cases(BINARY),
]

HINGE = [
    *(
        case
        for margin in (1.0, 0.0, 0.3, 2.5)
        for case in loss_cases("HingeLoss", f"margin {margin}", {"margin": margin}, draw_scores, draw_labels)
    ),
    exact_case("HingeLoss", "large", {}, LARGE, [0, 2, 1, 0]),
    *label_cases("HingeLoss"),
    refusal_case("HingeLoss", "negative margin", {"margin": -1.0}, FOUR, [0, 1, 2, 0]),
    refusal_case("HingeLoss", "rows", {}, FOUR, FOUR),
    refusal_case("HingeLoss", "rank 1", {}, [0.2, 0.3, 0.5], [0, 1, 2]),
]

CASES = {
    "losses.MSELoss": MSE,
    "losses.CrossEntropyLoss": CROSS_ENTROPY,
    "losses.BinaryCrossEntropyLoss": BINARY_CROSS_ENTROPY,
    "losses.HingeLoss": HINGE,
}
