"""What is tried with every activation."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from tests.assignments.battery_layers import MIXED, build, dict_case, layer_case, refusal_case, seed_case, shift
from tests.assignments.fingerprints import Case, keep

LARGE = np.array([[1e4, -1e4, 0.0], [-800.0, 800.0, 799.0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]])


def answer_large(name: str, rows: slice, args: Sequence[Any] = ()) -> Any:
    """A use that gives large inputs, whose arithmetic may or may not warn."""

    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        warned: list[str] = []
        seen: list[Any] = []
        for dtype in (np.float32, np.float64):
            layer, x = getattr(module, name)(*args), LARGE[rows].astype(dtype)
            with np.errstate(over="call", divide="call", invalid="call", call=lambda kind, _: warned.append(kind)):
                seen.append(keep([layer.forward(x), layer.backward(np.ones_like(x))]))
        return {"seen": seen, "warned": sorted(set(warned)) if name in ("Sigmoid", "Softmax") else []}

    return use


def activation_cases(name: str, *options: Any) -> list[Case]:
    """What is tried with an activation that has no parameters; `options` are its argument's values."""

    def case(title: str, *shapes: tuple[int, ...], args: Sequence[Any] = (), tried: Sequence[str] = (), **rest: Any) -> Case:
        return layer_case(title, build(name, *args), *shapes, tried=["stride1", *tried], **rest)

    return [
        case("rows", (3, 5), (4, 7)),
        case("same rows", (3, 5), (3, 5), transposed=True),
        case("square rows", (4, 4), (4, 4), tried=["square"]),
        case("other square rows", (5, 5), (3, 3), draw=shift, tried=["square"]),
        case("single", (1, 5), (1, 5), tried=["batch1"]),
        case("other singles", (1, 6), (1, 3), draw=shift, tried=["batch1"]),
        case("vector", (6,), (4,)),
        case("rank 3", (2, 3, 5)),
        case("images", (2, 3, 4, 5)),
        case("square images", (2, 3, 4, 4), tried=["square"]),
        case("single image", (1, 3, 4, 5), tried=["batch1"]),
        *(case(title, (3, 4), dtypes=dtypes) for title, dtypes in MIXED.items()),
        case("square float32", (4, 4), dtypes=MIXED["mixed32"], tried=["square"]),
        case("single float32", (1, 4), dtypes=MIXED["mixed32"], tried=["batch1"]),
        case("evaluation", (3, 5), modes=[False]),
        *(case(f"option {value}", (3, 5), (4, 5), args=[value]) for value in options),
        *(case(f"option {value}, square", (4, 4), args=[value], tried=["square"]) for value in options),
        *(case(f"option {value}, single", (1, 5), args=[value], tried=["batch1"]) for value in options),
        Case("large", answer_large(name, slice(None)), frozenset({"square", "stride1"})),
        Case("large single", answer_large(name, slice(1))),
        dict_case(build(name)),
    ]


def maxout_case(title: str, sizes: tuple[int, ...], *shapes: tuple[int, ...], tried: Sequence[str] = (), **options: Any) -> Case:
    return layer_case(title, build("Maxout", *sizes), *shapes, tried=["stride1", *tried], **options)


MAXOUT = [
    maxout_case("wide", (5, 7), (3, 5), (4, 5)),
    maxout_case("narrow", (6, 2), (5, 6), transposed=True),
    maxout_case("three pieces", (4, 3, 3), (5, 4), (2, 4)),
    maxout_case("four pieces", (2, 5, 4), (6, 2)),
    maxout_case("one piece", (4, 3, 1), (5, 4)),
    maxout_case("square", (4, 4), (4, 4), (4, 4), tried=["square"]),
    maxout_case("square, three pieces", (5, 5, 3), (5, 5), tried=["square"]),
    maxout_case("single", (3, 5), (1, 3), (1, 3), tried=["batch1"]),
    maxout_case("single, three pieces", (4, 3, 3), (1, 4), tried=["batch1"]),
    *(maxout_case(title, (5, 3), (4, 5), dtypes=dtypes) for title, dtypes in MIXED.items()),
    maxout_case("square float32", (4, 4), (4, 4), dtypes=MIXED["mixed32"], tried=["square"]),
    maxout_case("single float32", (5, 3), (1, 5), dtypes=MIXED["mixed32"], tried=["batch1"]),
    refusal_case("no inputs", build("Maxout", 0, 3), (2, 0)),
    refusal_case("no outputs", build("Maxout", 3, 0), (2, 3)),
    refusal_case("no pieces", build("Maxout", 3, 2, 0), (2, 3)),
    refusal_case("other width", build("Maxout", 3, 2), (2, 4)),
    refusal_case("rank 1", build("Maxout", 3, 2), (3,)),
    refusal_case("rank 3", build("Maxout", 3, 2), (2, 2, 3)),
    dict_case(build("Maxout", 3, 2)),
    seed_case(lambda module, seed: module.Maxout(4, 3, 2, seed=seed), tried=["batch1", "stride1"]),
    seed_case(lambda module, seed: module.Maxout(4, 4, 2, seed=seed), "seeds, square"),
]

CASES = {
    "activations.ReLU": activation_cases("ReLU"),
    "activations.Sigmoid": activation_cases("Sigmoid"),
    "activations.Softmax": activation_cases("Softmax"),
    "activations.Tanh": activation_cases("Tanh"),
    "activations.LeakyReLU": activation_cases("LeakyReLU", 0.3, 0.0),
    "activations.ELU": activation_cases("ELU", 0.5, 2.0),
    "activations.Maxout": MAXOUT,
}
