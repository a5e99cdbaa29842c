"""An examination: a class is called at a few points, and the first array that it gets wrong and that a structure explains is told.

The submission's class and the reference's are called in the same way, through `call`: the one in a worker by remotes, the other in
this process. Around a wrong array everything is known here: sizes, settings, arrays, and what would be right if any were another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from grader.diagnosis.fits import Fit, WrongArray, explain
from grader.diagnosis.fits.evidence import compare
from grader.remote.remote import fetch

Array = NDArray[Any]
Result = dict[str, Array]

_COUNTS = ("seed", "reduction", "in_features", "out_features", "num_features", "in_channels", "out_channels")
"""Settings that nobody confuses with another number: where one of these is wrong, the shape is."""
_STATE = ("running_mean", "running_var")
_DRAWS = ("Dropout",)
"""Another use before would lead to other draws: these are used once."""
_MEMORY = ("*of_the_call_before*", "*of_the_construction")
"""What may be told of a gradient that is right on a new object."""
_MOST_ENTRIES = 100_000
"""Of a result: whoever answers with more than a hundred times what was asked for is not explained."""


@dataclass(frozen=True)
class Point:
    """One class at one point, and how to build and call it with something exchanged."""

    item: str
    """`layers.Conv2D`."""
    settings: Mapping[str, Any]
    """Arguments of the constructor, and `training`."""
    arrays: Mapping[str, Array]
    """`input`, the parameters to be set and `running_mean_before`, or `prediction` and `target`."""
    sizes: Mapping[str, int]
    """The numbers around, by name."""
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """What an index counts, for an array's name."""
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Defaults of the settings."""
    told: tuple[str, ...] = ("*",)
    """Patterns of the labels that are told; fewer where submissions may differ from the reference by right."""
    follow: Callable[[Array, Array], Array] | None = None
    """Where the output holds draws of the submission's own: the right result from `(output, source)`, with these draws; the source
    is what goes through: the input for forward, the upstream gradient for backward."""


class Caller(Protocol):
    """`call` of one package."""

    def __call__(self, point: Point, changes: Mapping[str, Any], grad: Array | None = None, before: Point | None = None) -> Result:
        """Return what the class gives."""
        ...


@dataclass(frozen=True)
class Wrong:
    """An array that is wrong at a point."""

    array: WrongArray
    """With everything around it."""
    told: tuple[str, ...]
    """Patterns of the labels that may be told of it."""

    def explain(self) -> Fit | None:
        """Return the structure that explains it, where it may be told."""
        found = explain(self.array)
        return found if found is not None and any(fnmatchcase(found.label, pattern) for pattern in self.told) else None


def examine(points: Iterable[Point], submitted: Caller, reference: Caller, is_spent: Callable[[], bool], seed: int = 0) -> Fit | None:
    """Return the first telling fit of the arrays that are wrong at the points, as long as `is_spent` does not say to stop."""
    for point in points:
        for wrong in find_wrong(point, submitted, reference, seed):
            found = wrong.explain()
            if found is not None and found.telling:
                return found
            if is_spent():
                return None
        if is_spent():
            return None
    return None


def find_wrong(point: Point, submitted: Caller, reference: Caller, seed: int) -> Iterator[Wrong]:
    """Yield every array of the point that differs from the reference's: values first, gradients where forward is right."""
    truth = reference(point, {})
    grad = np.random.default_rng([seed, 1]).standard_normal(truth["output"].shape)
    before = draw_decoy(point, seed)
    said = _try(lambda: submitted(point, {}, grad, before)) or _try(lambda: submitted(point, {}))
    if said is None:
        return
    around = _Around(point, reference, {**point.arrays, "output": truth["output"], "grad_output": grad}, _draw_others(point, said, before))
    for name in ("output", *_STATE):
        if name in truth and name in said and is_wrong(truth[name], said[name]):
            yield around.describe_value(name, truth[name], said[name])
    if point.follow is not None:
        yield from _find_wrong_with_draws(point, said, grad, around)
    elif not is_wrong(truth["output"], said["output"]):  # else the root is in forward
        yield from _find_wrong_gradients(said, reference(point, {}, grad), submitted, before, around)


def _find_wrong_gradients(said: Result, right: Result, submitted: Caller, before: Point, around: _Around) -> Iterator[Wrong]:
    names = [name for name in said if name.startswith("d:") and is_wrong(right[name], said[name])]
    if not names:
        return
    upstream = np.random.default_rng(3).standard_normal(right["output"].shape)
    former = _try(lambda: submitted(before, {}, upstream)) or {}
    unused = _try(lambda: submitted(around.point, {}, around.arrays["grad_output"])) or {}
    for name in names:
        piled = {"gradient_of_the_call_before": former[name]} if name in former else {}
        wrong = replace(around, arrays={**around.arrays, **piled}).describe_gradient(name[2:], right[name], said[name])
        remembers = name in unused and not is_wrong(right[name], unused[name])
        yield replace(wrong, told=_MEMORY) if remembers and wrong.told == ("*",) else wrong


def _find_wrong_with_draws(point: Point, said: Result, grad: Array, around: _Around) -> Iterator[Wrong]:
    """Take the draws as they came out, and yield what is wrong with the rest."""
    assert point.follow is not None
    output, told = said["output"], ("*",)
    if output.shape != grad.shape:
        return
    around = replace(around, point=replace(point, told=told), arrays={**around.arrays, "output": output}, can_ask=False)
    right = point.follow(output, point.arrays["input"])
    if is_wrong(right, output):
        yield around.describe_value("output", right, output)
    elif "d:input" in said and is_wrong(right := point.follow(output, grad), said["d:input"]):
        yield around.describe_gradient("input", right, said["d:input"])


def is_wrong(right: Array, got: Array) -> bool:
    """Whether there is anything to explain."""
    if right.shape != got.shape or not np.isfinite(got).all():
        return bool(np.isfinite(right).all())
    return compare(WrongArray("", "value", right, got)) is not None


@dataclass(frozen=True)
class _Around:
    """What is known around the wrong arrays of a point."""

    point: Point
    reference: Caller
    arrays: Mapping[str, Array]
    others: Mapping[str, Mapping[str, Array]]
    can_ask: bool = True
    """Whether the reference knows what would be right."""

    def describe_value(self, name: str, right: Array, got: Array) -> Wrong:
        def ask(changes: Mapping[str, Any]) -> Array:
            return self.reference(self.point, changes)[name]

        arrays = {name: array for name, array in self.arrays.items() if name not in ("grad_output", "output")}
        told = f"the {name}" if name == "output" else name
        return self._describe(told, "value", right, got, arrays, self.point.axes.get(name, ()), ask)

    def describe_gradient(self, argument: str, right: Array, got: Array) -> Wrong:
        def ask(changes: Mapping[str, Any]) -> Array:
            return differentiate(self.reference, self.point, changes, argument, self.arrays["grad_output"])

        arrays = {name: array for name, array in self.arrays.items() if not name.endswith("_before") or name.startswith("gradient")}
        told = "dx" if argument in ("input", "prediction") else f"d{argument}"
        return self._describe(told, "gradient", right, got, arrays, self.point.axes.get(argument, ()), ask)

    def _describe(
        self,
        name: str,
        kind: Literal["value", "gradient"],
        right: Array,
        got: Array,
        arrays: Mapping[str, Array],
        axes: tuple[str, ...],
        ask: Callable[[Mapping[str, Any]], Array],
    ) -> Wrong:
        point = self.point
        settings = {name: value for name, value in point.settings.items() if name not in _COUNTS}
        right_at = ask if self.can_ask else None
        array = WrongArray(name, kind, right, got, point.sizes, arrays, settings, point.defaults, self.others, axes, right_at=right_at)
        return Wrong(array, point.told)


def differentiate(reference: Caller, point: Point, changes: Mapping[str, Any], argument: str, grad: Array) -> Array:
    """Return the gradient at an argument, with something exchanged, in the shape that the argument has at the point.

    An upstream gradient that no longer fits the output is cut, or filled up with zeros. Raises KeyError and ValueError.
    """
    upstream = changes.get("grad_output", grad)
    told = reference(point, changes, upstream)
    if f"d:{argument}" not in told:
        told = reference(point, changes, fit_upstream(upstream, told["output"].shape))
    gradient, shape = told[f"d:{argument}"], point.arrays[argument].shape
    return gradient.reshape(shape) if gradient.size == point.arrays[argument].size else gradient


def fit_upstream(grad: Array, shape: tuple[int, ...]) -> Array:
    """Cut an upstream gradient to another output's shape, or fill it up with zeros. Raises ValueError."""
    if len(shape) != grad.ndim:
        raise ValueError("another rank")
    fitted = np.zeros(shape)
    common = tuple(slice(0, min(one, other)) for one, other in zip(shape, grad.shape, strict=True))
    fitted[common] = grad[common]
    return fitted


def call(package: Any, point: Point, changes: Mapping[str, Any], grad: Array | None = None, before: Point | None = None) -> Result:
    """Build the object, with what is exchanged, use it `before`, and call forward, and backward when there is an upstream gradient.

    `package` has the contract's modules as attributes, or remotes of them. Returns `output`, running statistics, `d:NAME` for each
    gradient and `built:W` for a drawn parameter. Raises what the class raises, KeyError for what can't be exchanged and ValueError
    for a result that is no array of numbers.
    """
    changes = {name: value for name, value in changes.items() if name != "grad_output"}
    settings = {**point.settings, **{name: value for name, value in changes.items() if name in point.settings}}
    arrays = {**point.arrays, **{name: value for name, value in changes.items() if name in point.arrays}}
    if unknown := set(changes) - set(settings) - set(arrays):
        raise KeyError(unknown)
    module, name = point.item.split(".")
    training = settings.pop("training", True)
    made = getattr(getattr(package, module), name)(**settings)
    if module == "losses":
        return _call_loss(made, arrays, grad, before)
    made.training = training
    built = {f"built:{name}": _read(made.params[name]) for name in _list_parameters(arrays) if arrays[name].ndim > 1}
    if before is not None and name not in _DRAWS:
        _set_arrays(made, before.arrays)
        output = _read(made.forward(before.arrays["input"].copy(order="K")))
        made.backward(np.random.default_rng(3).standard_normal(output.shape))
    # A setting may have changed a parameter's shape: the numbers stay.
    _set_arrays(made, {name: _reshape(array, built.get(f"built:{name}", array)) for name, array in arrays.items()} if changes else arrays)
    result = {**built, "output": _read(made.forward(arrays["input"].copy(order="K")))}
    result |= {name: _read(getattr(made, name)) for name in _STATE if f"{name}_before" in arrays}
    if grad is not None and grad.shape == result["output"].shape:
        result["d:input"] = _read(made.backward(grad.copy()))
        result |= {f"d:{name}": _read(made.grads[name]) for name in _list_parameters(arrays)}
    return result


def _call_loss(made: Any, arrays: Mapping[str, Array], grad: Array | None, before: Point | None) -> Result:
    if before is not None:
        made.forward(before.arrays["prediction"].copy(), before.arrays["target"].copy())
        made.backward()
    result = {"output": _read(made.forward(arrays["prediction"].copy(), arrays["target"].copy()))}
    return {**result, "d:prediction": _read(made.backward())} if grad is not None else result


def _read(value: Any) -> Array:
    array = np.array(fetch(value))
    if array.dtype.kind not in "fiub" or array.size > _MOST_ENTRIES:
        raise ValueError("an array of no numbers, or of too many")
    return array * 1.0


def _list_parameters(arrays: Mapping[str, Array]) -> list[str]:
    return [name for name in arrays if name != "input" and not name.endswith("_before")]


def _set_arrays(made: Any, arrays: Mapping[str, Array]) -> None:
    for name in _list_parameters(arrays):
        made.params[name] = arrays[name].copy()
    for name in _STATE:
        if f"{name}_before" in arrays:
            setattr(made, name, arrays[f"{name}_before"].copy())


def _reshape(array: Array, like: Array) -> Array:
    return array.reshape(like.shape) if array.size == like.size else array


def draw_decoy(point: Point, seed: int) -> Point:
    """Return the point with other numbers, for a use before: the same entries in another order."""
    generator = np.random.default_rng([seed, 2])
    arrays = {
        name: array if name == "target" else generator.permutation(array.reshape(-1)).reshape(array.shape)
        for name, array in point.arrays.items()
    }
    return replace(point, arrays=arrays)


def _draw_others(point: Point, said: Result, before: Point) -> dict[str, dict[str, Array]]:
    """What a stale cache would hold: the call before's arrays, and the parameters as constructed."""
    name = "prediction" if "prediction" in point.arrays else "input"
    built = {key.removeprefix("built:"): {"of the construction": array} for key, array in said.items() if key.startswith("built:")}
    return {name: {"of the call before": before.arrays[name]}, **built}


def _try(make: Callable[[], Result]) -> Result | None:
    try:
        return make()
    except Exception:
        return None  # what raises shows no array
