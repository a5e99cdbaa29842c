"""What is tried with every layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from tests.assignments.fingerprints import KINDS, Case, attempt, keep

F32, F64 = np.float32, np.float64


def use_layer(
    module: ModuleType,
    rng: np.random.Generator,
    layer: Any,
    shapes: Sequence[tuple[int, ...]],
    *,
    dtypes: Sequence[Any] = (F64, F64, F64),
    modes: Sequence[bool] = (),
    switch: bool = False,
    draw: Any = None,
    transposed: bool = False,
) -> Any:
    """Give the layer a batch of each shape, with new parameters, forward and backward, and return all that was seen.

    `dtypes` are those of inputs, parameters and upstream gradients; `switch` changes the mode before each `backward`; `transposed`
    arrays lie in memory the other way round.
    """
    seen: list[Any] = []
    results: list[tuple[np.ndarray, np.ndarray]] = []
    for turn, shape in enumerate(shapes):
        if modes:
            layer.training = modes[turn]
        for name, parameter in layer.params.items():
            layer.params[name] = rng.standard_normal(np.shape(parameter)).astype(dtypes[1])
        x = _lay(draw(rng, shape) if draw else rng.standard_normal(shape), dtypes[0], transposed)
        given = [(x, x.copy()), *((value, value.copy()) for value in layer.params.values())]
        output = layer.forward(x)
        if modes and switch:
            layer.training = not layer.training
        upstream = _lay(rng.standard_normal(np.shape(output)), dtypes[2], transposed)
        given.append((upstream, upstream.copy()))
        grad = layer.backward(upstream)
        statistics = {name: np.array(getattr(layer, name)) for name in ("running_mean", "running_var") if hasattr(layer, name)}
        changed = [not np.array_equal(now, before) for now, before in given]
        seen.append(keep({"y": output, "dx": grad, "grads": layer.grads, "statistics": statistics, "changed": changed}))
        results += [(result, result.copy()) for result in (output, grad)]
    return {"turns": seen, "results stay": [np.array_equal(now, before) for now, before in results]}


def _lay(array: np.ndarray, dtype: Any, transposed: bool) -> np.ndarray:
    array = array.astype(dtype)
    return np.asfortranarray(array) if transposed else array


def build(name: str, *args: Any, **kwargs: Any) -> Any:
    return lambda module: getattr(module, name)(*args, **kwargs)


def layer_case(title: str, make: Any, *shapes: tuple[int, ...], tried: Sequence[str] = (), **options: Any) -> Case:
    """A layer used with batches of these shapes."""
    return Case(title, lambda module, rng: use_layer(module, rng, make(module), shapes, **options), frozenset(tried))


def refusal_case(title: str, make: Any, shape: tuple[int, ...]) -> Case:
    """A layer that is refused, or one whose input is; everybody tries that."""
    return Case(title, lambda module, rng: attempt(lambda: np.shape(make(module).forward(np.ones(shape)))))


def dict_case(make: Any) -> Case:
    """Whether two objects share their dicts, and which keys there are."""

    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        one, other = make(module), make(module)
        shared = [one.params is other.params, one.grads is other.grads]
        return {"shared": shared, "keys": sorted(one.params), "before": [bool(np.any(grad)) for grad in one.grads.values()]}

    return Case("dicts", use)


def seed_case(make: Any, title: str = "seeds", tried: Sequence[str] = KINDS) -> Case:
    """What a seed decides, by a function of module and seed, and what it leaves alone."""

    def draw(module: ModuleType, seed: int | None) -> list[Any]:
        return [parameter.copy() for _, parameter in sorted(make(module, seed).params.items())]

    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        state = np.random.get_state()[1].copy()
        first, again, other = draw(module, 1), draw(module, 1), draw(module, 2)
        unseeded = draw(module, None), draw(module, None)
        return {
            "same": [np.array_equal(*pair) for pair in zip(first, again, strict=True)],
            "other": [np.array_equal(*pair) for pair in zip(first, other, strict=True)],
            "unseeded": [np.array_equal(*pair) for pair in zip(*unseeded, strict=True)],
            "shapes": [parameter.shape for parameter in first],
            "constant": [bool((parameter == parameter.flat[0]).all()) for parameter in first],
            "global": np.array_equal(state, np.random.get_state()[1]),
        }

    return Case(title, use, frozenset(tried))


MIXED = {"mixed32": (F32, F64, F64), "mixed64": (F64, F32, F32), "float32": (F32, F32, F32)}

DENSE = [
    layer_case("wide", build("Dense", 5, 7), (3, 5), (4, 5)),
    layer_case("narrow", build("Dense", 6, 2), (5, 6), (2, 6), transposed=True),
    layer_case("square", build("Dense", 4, 4), (4, 4), (4, 4), tried=["square"]),
    layer_case("single", build("Dense", 3, 5), (1, 3), (1, 3), tried=["batch1"]),
    layer_case("one number", build("Dense", 1, 1), (1, 1), tried=["square", "batch1"]),
    layer_case("more, then fewer", build("Dense", 2, 3), (6, 2), (2, 2), (3, 2)),
    *(layer_case(title, build("Dense", 5, 3), (4, 5), dtypes=dtypes) for title, dtypes in MIXED.items()),
    layer_case("single float32", build("Dense", 4, 4), (1, 4), dtypes=MIXED["mixed32"], tried=["batch1"]),
    layer_case("square float32", build("Dense", 4, 4), (4, 4), dtypes=MIXED["mixed32"], tried=["square"]),
    refusal_case("no inputs", build("Dense", 0, 3), (2, 0)),
    refusal_case("no outputs", build("Dense", 3, 0), (2, 3)),
    refusal_case("negative outputs", build("Dense", 3, -1), (2, 3)),
    refusal_case("other width", build("Dense", 3, 2), (2, 4)),
    refusal_case("broadcast width", build("Dense", 1, 2), (2, 3)),
    refusal_case("rank 1", build("Dense", 3, 2), (3,)),
    refusal_case("rank 3", build("Dense", 3, 2), (2, 2, 3)),
    refusal_case("rank 4", build("Dense", 3, 2), (2, 1, 1, 3)),
    dict_case(build("Dense", 3, 2)),
    seed_case(lambda module, seed: module.Dense(4, 3, seed=seed), tried=["batch1"]),
    seed_case(lambda module, seed: module.Dense(4, 4, seed=seed), "seeds, square", tried=["square", "batch1"]),
]

CONV = [
    layer_case("plain", build("Conv2D", 2, 3, (2, 3)), (3, 2, 5, 7), (2, 2, 6, 4), tried=["stride1"]),
    layer_case("tall", build("Conv2D", 2, 4, (3, 2)), (2, 2, 7, 5), (3, 2, 7, 5), tried=["stride1"], transposed=True),
    layer_case("padded", build("Conv2D", 2, 3, (3, 2), padding=(2, 1)), (2, 2, 5, 6), (2, 2, 4, 3), tried=["stride1"]),
    layer_case("padded columns", build("Conv2D", 1, 2, 2, padding=(0, 2)), (2, 1, 4, 3), tried=["stride1"]),
    layer_case("padded rows", build("Conv2D", 1, 2, 2, padding=(1, 0)), (2, 1, 4, 3), tried=["stride1"]),
    layer_case("strided", build("Conv2D", 2, 3, (2, 1), stride=(2, 3)), (3, 2, 7, 6), (2, 2, 8, 7)),
    layer_case("far strided", build("Conv2D", 1, 2, 2, stride=(3, 4)), (2, 1, 9, 11)),
    layer_case("both", build("Conv2D", 2, 3, (2, 3), stride=(2, 3), padding=(1, 2)), (2, 2, 7, 6), (1, 2, 6, 8)),
    layer_case("square", build("Conv2D", 2, 3, 3), (3, 2, 6, 6), (2, 2, 5, 5), tried=["square", "stride1"]),
    layer_case("square padded", build("Conv2D", 2, 3, 3, padding=1), (3, 2, 5, 5), tried=["square", "stride1"]),
    layer_case("square strided", build("Conv2D", 2, 3, 2, stride=2), (3, 2, 5, 5), (2, 2, 6, 6), tried=["square"]),
    layer_case("square both", build("Conv2D", 2, 3, 3, stride=2, padding=1), (3, 2, 6, 6), tried=["square"]),
    layer_case("square pair", build("Conv2D", 1, 2, (2, 2), stride=(3, 3), padding=(2, 2)), (2, 1, 6, 6), tried=["square"]),
    layer_case("single", build("Conv2D", 2, 3, (2, 3)), (1, 2, 5, 7), (1, 2, 5, 7), tried=["batch1", "stride1"]),
    layer_case("single both", build("Conv2D", 2, 3, (3, 2), stride=(2, 3), padding=(1, 2)), (1, 2, 6, 7), tried=["batch1"]),
    layer_case("single padded rows", build("Conv2D", 1, 2, 2, padding=(1, 0)), (1, 1, 4, 3), tried=["batch1", "stride1"]),
    layer_case("single float32", build("Conv2D", 1, 2, 2, padding=1), (1, 1, 4, 4), dtypes=MIXED["mixed32"], tried=["batch1"]),
    layer_case("single square", build("Conv2D", 1, 1, 3), (1, 1, 5, 5), tried=["square", "batch1", "stride1"]),
    layer_case("whole image", build("Conv2D", 2, 3, (4, 5)), (3, 2, 4, 5), tried=["stride1"]),
    layer_case("one pixel", build("Conv2D", 3, 2, 1), (2, 3, 4, 5), tried=["stride1"]),
    *(layer_case(title, build("Conv2D", 2, 3, 2), (2, 2, 4, 5), dtypes=dtypes, tried=["stride1"]) for title, dtypes in MIXED.items()),
    *(
        layer_case(f"padded {title}", build("Conv2D", 2, 3, 3, padding=1), (2, 2, 4, 4), dtypes=dtypes, tried=["square", "stride1"])
        for title, dtypes in MIXED.items()
    ),
    refusal_case("no inputs", build("Conv2D", 0, 3, 2), (2, 0, 4, 4)),
    refusal_case("no filters", build("Conv2D", 2, 0, 2), (2, 2, 4, 4)),
    refusal_case("no kernel", build("Conv2D", 2, 3, 0), (2, 2, 4, 4)),
    refusal_case("no kernel columns", build("Conv2D", 2, 3, (2, 0)), (2, 2, 4, 4)),
    refusal_case("no stride", build("Conv2D", 2, 3, 2, stride=0), (2, 2, 4, 4)),
    refusal_case("no stride along rows", build("Conv2D", 2, 3, 2, stride=(0, 1)), (2, 2, 4, 4)),
    refusal_case("negative padding", build("Conv2D", 2, 3, 2, padding=-1), (2, 2, 6, 6)),
    refusal_case("one negative padding", build("Conv2D", 2, 3, 2, padding=(1, -1)), (2, 2, 6, 6)),
    refusal_case("few rows", build("Conv2D", 2, 3, 3), (2, 2, 2, 4)),
    refusal_case("few columns", build("Conv2D", 2, 3, 3), (2, 2, 4, 2)),
    refusal_case("few rows, padded", build("Conv2D", 2, 3, 5, padding=1), (2, 2, 2, 9)),
    refusal_case("enough when padded", build("Conv2D", 2, 3, 5, padding=2), (2, 2, 1, 1)),
    refusal_case("one channel more", build("Conv2D", 2, 3, 2), (2, 3, 4, 4)),
    refusal_case("one channel for two", build("Conv2D", 2, 3, 2), (2, 1, 4, 4)),
    refusal_case("rank 3", build("Conv2D", 2, 3, 2), (2, 4, 4)),
    refusal_case("rank 5", build("Conv2D", 2, 3, 2), (2, 2, 4, 4, 1)),
    dict_case(build("Conv2D", 2, 3, 2)),
    seed_case(lambda module, seed: module.Conv2D(2, 3, (2, 4), seed=seed), tried=["batch1", "stride1"]),
    seed_case(lambda module, seed: module.Conv2D(2, 3, 3, seed=seed), "seeds, square"),
]


def permute(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Different numbers, some of them negative."""
    return (rng.permutation(int(np.prod(shape))).reshape(shape) - np.prod(shape) // 2).astype(F64)


def tie(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Equal numbers in every window."""
    return np.full(shape, -2.0)


def pool_cases(name: str) -> list[Case]:
    """What is tried with either kind of pooling."""

    def case(title: str, args: tuple[Any, ...], *shapes: tuple[int, ...], tried: Sequence[str] = (), **options: Any) -> Case:
        return layer_case(title, build(name, *args), *shapes, tried=tried, **({"draw": permute} | options))

    return [
        case("plain", ((2, 3),), (3, 2, 4, 9), (2, 2, 6, 6)),
        case("not fitting", ((2, 3),), (2, 3, 5, 7), transposed=True),
        case("overlapping", ((2, 3), (1, 2)), (2, 2, 5, 8)),
        case("apart", ((2, 1), (3, 4)), (2, 2, 8, 9)),
        case("larger stride along rows", (2, (3, 2)), (2, 1, 8, 7)),
        case("each pixel", ((2, 3), 1), (2, 2, 4, 6), (3, 2, 5, 3), tried=["stride1"]),
        case("each pixel, square", (2, 1), (2, 2, 4, 4), (2, 2, 4, 4), tried=["square", "stride1"]),
        case("square", (2,), (3, 2, 6, 6), (2, 1, 4, 4), tried=["square"]),
        case("square not fitting", (2,), (3, 2, 5, 5), tried=["square"]),
        case("square not fitting by two", (3,), (2, 2, 5, 5), tried=["square"]),
        case("square overlapping", (3, 2), (2, 2, 7, 7), tried=["square"]),
        case("square apart", ((2, 2), (3, 3)), (2, 2, 8, 8), tried=["square"]),
        case("single", ((2, 3),), (1, 2, 5, 7), (1, 2, 5, 7), tried=["batch1"]),
        case("single overlapping", ((3, 2), (1, 1)), (1, 3, 5, 4), tried=["batch1", "stride1"]),
        case("single float32", (2,), (1, 2, 4, 5), dtypes=MIXED["mixed32"], tried=["batch1"]),
        case("one pixel", (1,), (2, 3, 2, 4)),
        case("whole image", ((4, 3),), (2, 3, 4, 3)),
        case("ties", (2,), (2, 1, 4, 4), draw=tie, tried=["square"]),
        case("overlapping ties", ((2, 3), 1), (2, 1, 4, 5), draw=tie, tried=["stride1"]),
        case("single ties", ((2, 3),), (1, 1, 4, 6), draw=tie, tried=["batch1"]),
        *(case(title, (2,), (2, 2, 4, 4), dtypes=dtypes, tried=["square"]) for title, dtypes in MIXED.items()),
        case("each pixel float32", (2, 1), (2, 2, 4, 5), dtypes=MIXED["mixed32"], tried=["stride1"]),
        refusal_case("no kernel", build(name, 0), (2, 2, 4, 4)),
        refusal_case("no kernel rows", build(name, (0, 2)), (2, 2, 4, 4)),
        refusal_case("negative kernel", build(name, -1), (2, 2, 4, 4)),
        refusal_case("no stride", build(name, 2, 0), (2, 2, 4, 4)),
        refusal_case("no stride along columns", build(name, 2, (1, 0)), (2, 2, 4, 4)),
        refusal_case("few rows", build(name, 3), (2, 2, 2, 4)),
        refusal_case("few columns", build(name, 3), (2, 2, 4, 2)),
        refusal_case("rank 3", build(name, 2), (2, 4, 4)),
        refusal_case("rank 5", build(name, 2), (1, 2, 2, 4, 4)),
        dict_case(build(name, 2)),
    ]


FLATTEN = [
    layer_case("images", build("Flatten"), (3, 2, 4, 5), (2, 3, 2, 2)),
    layer_case("images the other way round", build("Flatten"), (3, 2, 4, 5), transposed=True),
    layer_case("square images", build("Flatten"), (3, 2, 4, 4), tried=["square"]),
    layer_case("square images the other way round", build("Flatten"), (3, 2, 4, 4), transposed=True, tried=["square"]),
    layer_case("square images of two sizes", build("Flatten"), (3, 2, 4, 4), (3, 2, 3, 3), tried=["square"]),
    layer_case("single image the other way round", build("Flatten"), (1, 2, 3, 4), transposed=True, tried=["batch1"]),
    layer_case("rows", build("Flatten"), (3, 5)),
    layer_case("square rows", build("Flatten"), (4, 4), tried=["square"]),
    layer_case("rank 3", build("Flatten"), (2, 3, 4)),
    layer_case("rank 5", build("Flatten"), (2, 3, 1, 2, 2)),
    layer_case("single", build("Flatten"), (1, 2, 3, 4), (1, 2, 3, 4), tried=["batch1"]),
    layer_case("other sizes", build("Flatten"), (2, 3, 4), (3, 2, 2, 2), (4, 6)),
    layer_case("other sizes, single", build("Flatten"), (1, 3, 4), (1, 2, 5), tried=["batch1"]),
    *(layer_case(title, build("Flatten"), (2, 3, 4, 5), dtypes=dtypes) for title, dtypes in MIXED.items()),
    dict_case(build("Flatten")),
]


def shift(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers with neither mean 0 nor variance 1."""
    return 2 + 3 * rng.standard_normal(shape)


def norm_case(title: str, kwargs: dict[str, Any], *shapes: tuple[int, ...], tried: Sequence[str] = (), **options: Any) -> Case:
    features = shapes[0][1]
    return layer_case(title, build("BatchNorm", features, **kwargs), *shapes, tried=tried, draw=shift, **options)


def assign_statistics(module: ModuleType, rng: np.random.Generator) -> Any:
    """Evaluation with running statistics that were assigned."""
    layer = module.BatchNorm(3, eps=0.5)
    layer.training = False
    layer.running_mean, layer.running_var = np.array([1.0, -2.0, 3.0]), np.array([4.0, 0.25, 2.0])
    return use_layer(module, rng, layer, [(4, 3), (1, 3), (2, 3, 2, 4)], draw=shift)


def start_norm(module: ModuleType, rng: np.random.Generator) -> Any:
    """What a new layer holds, and what it does with it."""
    layer = module.BatchNorm(3)
    start = {"gamma": layer.params["gamma"], "beta": layer.params["beta"], "mean": layer.running_mean, "var": layer.running_var}
    return keep({name: np.asarray(value, dtype=F64) for name, value in start.items()} | {"y": layer.forward(shift(rng, (4, 3)))})


NORM = [
    norm_case("rows", {}, (7, 5), (4, 5)),
    norm_case("images", {}, (3, 2, 4, 5), (2, 2, 3, 2), transposed=True),
    norm_case("square rows", {}, (4, 4), (4, 4), tried=["square"]),
    norm_case("square images", {}, (3, 2, 4, 4), (3, 2, 4, 4), tried=["square"]),
    norm_case("single images", {}, (1, 3, 4, 5), (1, 3, 4, 5), tried=["batch1"]),
    norm_case("single images, evaluation", {}, (1, 3, 4, 5), (1, 3, 4, 5), modes=(True, False), tried=["batch1"]),
    norm_case("options", {"eps": 2.0, "momentum": 0.4}, (5, 3), (6, 3), modes=(True, True)),
    norm_case("options, images", {"eps": 2.0, "momentum": 0.4}, (3, 2, 4, 5), (3, 2, 4, 5), modes=(True, False)),
    norm_case("options, square", {"eps": 2.0, "momentum": 0.4}, (4, 4), (4, 4), modes=(True, False), tried=["square"]),
    norm_case("options, single", {"eps": 2.0, "momentum": 0.4}, (1, 2, 4, 5), modes=(True,), tried=["batch1"]),
    norm_case("switched, square", {}, (4, 4), (4, 4), modes=(True, False), switch=True, tried=["square"]),
    norm_case("switched, single", {}, (1, 2, 4, 5), (1, 2, 4, 5), modes=(True, False), switch=True, tried=["batch1"]),
    norm_case("no momentum", {"momentum": 0.0}, (5, 3), (5, 3), modes=(True, False)),
    norm_case("modes", {}, (5, 3), (4, 3), (5, 3), (2, 3), modes=(True, False, True, False)),
    norm_case("modes, square", {}, (4, 4), (4, 4), (4, 4), modes=(True, False, True), tried=["square"]),
    norm_case("switched", {}, (5, 3), (4, 3), (5, 3), modes=(True, False, True), switch=True),
    norm_case("evaluation of one", {}, (1, 3), modes=(False,), tried=["batch1"]),
    Case("assigned", assign_statistics, frozenset()),
    Case("start", start_norm),
    *(norm_case(title, {}, (5, 3), (4, 3), dtypes=dtypes, modes=(True, False)) for title, dtypes in MIXED.items()),
    refusal_case("no features", build("BatchNorm", 0), (2, 0)),
    refusal_case("momentum 1", build("BatchNorm", 3, momentum=1.0), (2, 3)),
    refusal_case("negative momentum", build("BatchNorm", 3, momentum=-0.1), (2, 3)),
    refusal_case("other width", build("BatchNorm", 3), (4, 2)),
    refusal_case("one for three", build("BatchNorm", 3), (4, 1)),
    refusal_case("other channels", build("BatchNorm", 3), (3, 2, 3, 3)),
    refusal_case("rank 1", build("BatchNorm", 3), (3,)),
    refusal_case("rank 3", build("BatchNorm", 3), (2, 3, 4)),
    dict_case(build("BatchNorm", 3)),
]


def drop_case(title: str, p: float, *shapes: tuple[int, ...], tried: Sequence[str] = (), **options: Any) -> Case:
    return layer_case(title, build("Dropout", p, seed=3), *shapes, tried=tried, **options)


def drop_by_seed(module: ModuleType, rng: np.random.Generator) -> Any:
    """What a seed decides, and what it leaves alone."""
    x = np.ones((6, 8))
    state = np.random.get_state()[1].copy()
    first, again, other = (module.Dropout(0.5, seed=seed).forward(x) for seed in (1, 1, 2))
    unseeded = [module.Dropout(0.5).forward(x) for _ in range(2)]
    layer = module.Dropout(0.5, seed=1)
    return {
        "same": np.array_equal(first, again),
        "other": np.array_equal(first, other),
        "unseeded": np.array_equal(*unseeded),
        "redrawn": np.array_equal(layer.forward(x), layer.forward(x)),
        "global": np.array_equal(state, np.random.get_state()[1]),
        "default": sorted(set(module.Dropout(seed=1).forward(x).ravel().tolist())),
    }


DROPOUT = [
    drop_case("rows", 0.3, (6, 7), (5, 7)),
    drop_case("square rows", 0.4, (5, 5), (5, 5), tried=["square"]),
    drop_case("images", 0.3, (3, 2, 4, 5)),
    drop_case("square images", 0.6, (3, 2, 4, 4), tried=["square"]),
    drop_case("single", 0.3, (1, 20), (1, 20), tried=["batch1"]),
    drop_case("single image", 0.4, (1, 2, 4, 5), tried=["batch1"]),
    drop_case("half", 0.5, (6, 7)),
    drop_case("nothing", 0.0, (4, 5)),
    drop_case("modes", 0.3, (6, 7), (6, 7), (6, 7), modes=(True, False, True)),
    drop_case("modes, single", 0.3, (1, 20), (1, 20), modes=(True, False), tried=["batch1"]),
    drop_case("modes, square", 0.3, (6, 6), (6, 6), modes=(True, False), tried=["square"]),
    drop_case("switched, square", 0.3, (6, 6), (6, 6), modes=(True, False), switch=True, tried=["square"]),
    drop_case("switched, single", 0.3, (1, 20), (1, 20), modes=(True, False), switch=True, tried=["batch1"]),
    drop_case("switched", 0.3, (6, 7), (6, 7), modes=(True, False), switch=True),
    *(drop_case(title, 0.3, (5, 6), dtypes=dtypes) for title, dtypes in MIXED.items()),
    Case("seeds", drop_by_seed, frozenset()),
    refusal_case("all", build("Dropout", 1.0), (2, 3)),
    refusal_case("negative", build("Dropout", -0.1), (2, 3)),
    refusal_case("above 1", build("Dropout", 1.5), (2, 3)),
    dict_case(build("Dropout")),
]

WINDOWS = {
    "layers.Conv2D": CONV,
    "layers.MaxPool2D": pool_cases("MaxPool2D"),
    "layers.AvgPool2D": pool_cases("AvgPool2D"),
}
OTHERS = {"layers.Dense": DENSE, "layers.Flatten": FLATTEN, "layers.BatchNorm": NORM, "layers.Dropout": DROPOUT}
# Without a stride there is nobody who tries only a stride of 1.
CASES = WINDOWS | {item: [replace(case, tried=case.tried | {"stride1"}) for case in cases] for item, cases in OTHERS.items()}
