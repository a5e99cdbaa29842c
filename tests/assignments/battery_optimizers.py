"""What is tried with every optimizer. How many samples gave the gradients it can't see, so everybody tries everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from tests.assignments.fingerprints import Case, attempt, keep

Shapes = Sequence[Mapping[str, tuple[int, ...]]]

ONE: Shapes = ({"W": (3, 5), "b": (5,)},)
ALIKE: Shapes = ({"W": (3, 5), "b": (5,)}, {}, {"W": (3, 5), "b": (5,)})
NORM: Shapes = ({"W": (2, 3), "gamma": (3,), "beta": (3,)},)


def use_optimizer(
    module: ModuleType,
    rng: np.random.Generator,
    name: str,
    kwargs: Mapping[str, Any],
    shapes: Shapes,
    *,
    dtypes: tuple[Any, Any] = (np.float64, np.float64),
    size: float = 1.0,
    new_dicts: bool = False,
    missing: Sequence[str] = (),
) -> Any:
    """Make four steps and return the parameters after each, and whether a gradient was changed."""
    layers = [module.Layer() for _ in shapes]
    for layer, named in zip(layers, shapes, strict=True):
        layer.params = {key: rng.standard_normal(shape).astype(dtypes[0]) for key, shape in named.items()}
    optimizer = getattr(module, name)(layers, **kwargs)
    seen: list[Any] = []
    for _ in range(4):
        for layer, named in zip(layers, shapes, strict=True):
            grads = {key: (size * rng.standard_normal(shape)).astype(dtypes[1]) for key, shape in named.items() if key not in missing}
            if new_dicts:
                layer.params, layer.grads = dict(layer.params), grads
            else:
                layer.grads.clear()
                layer.grads.update(grads)
        before = [{key: grad.copy() for key, grad in layer.grads.items()} for layer in layers]
        optimizer.step()
        pairs = zip(layers, before, strict=True)
        changed = [not np.array_equal(layer.grads[key], grad) for layer, kept in pairs for key, grad in kept.items()]
        seen.append(keep({"params": [layer.params for layer in layers], "changed": changed}))
    return seen


def list_cases(name: str, variants: Mapping[str, Mapping[str, Any]], refused: Sequence[Mapping[str, Any]]) -> list[Case]:
    """The cases of one optimizer, whose arguments are those of `variants`."""

    def case(title: str, kwargs: Mapping[str, Any], shapes: Shapes = ONE, **more: Any) -> Case:
        return Case(title, lambda module, rng: use_optimizer(module, rng, name, {"lr": 0.1, **kwargs}, shapes, **more))

    def refusal(kwargs: Mapping[str, Any]) -> Case:
        told = {"lr": 0.1, **kwargs}

        def use(module: ModuleType, rng: np.random.Generator) -> Any:
            return attempt(lambda: type(use_optimizer(module, rng, name, told, ONE)).__name__)

        return Case(f"refused {kwargs}", use)

    return [
        *(case(title, kwargs) for title, kwargs in variants.items()),
        *(case(f"{title}, layers alike", kwargs, ALIKE) for title, kwargs in variants.items()),
        *(case(f"{title}, decayed", {**kwargs, "weight_decay": 0.7}, NORM) for title, kwargs in variants.items()),
        case("small gradients", {}, size=1e-8),
        case("new dicts", {}, new_dicts=True),
        case("missing", {}, missing=["W"]),
        case("float32", {}, dtypes=(np.float32, np.float32)),
        case("float32 parameters", {}, dtypes=(np.float32, np.float64)),
        case("float64 parameters", {}, dtypes=(np.float64, np.float32)),
        *(refusal(kwargs) for kwargs in ({"lr": -0.1}, {"weight_decay": -0.1}, *refused)),
    ]


MOMENTS = {"plain": {}, "other betas": {"betas": (0.5, 0.75)}, "eps": {"eps": 0.3}}
BETAS = [{"betas": betas} for betas in ((1.0, 0.9), (0.9, 1.0), (-0.1, 0.9))]
CASES = {
    "optimizers.SGD": list_cases("SGD", {"plain": {}}, []),
    "optimizers.Momentum": list_cases(
        "Momentum",
        {"plain": {}, "momentum": {"momentum": 0.5}, "nesterov": {"nesterov": True}},
        [{"momentum": 1.0}, {"momentum": -0.1}],
    ),
    "optimizers.Adam": list_cases("Adam", MOMENTS, BETAS),
    "optimizers.Nadam": list_cases("Nadam", MOMENTS, BETAS),
}
