"""What the structural fits say about every seeded bug of layers, activations and losses.

`python -m tests.studies.fits [ID or its beginning ...]` prints a table.

Each bug is built from the reference, called in this process at a few points, and whatever it gets wrong is given to `explain`,
as if the catalogue of misconceptions did not hold it. `fits_expected.toml` says by hand which labels describe which bug.
"""

from __future__ import annotations

import sys
import tempfile
import time
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.diagnosis.fits import Fit, WrongArray, explain
from grader.diagnosis.fits.evidence import compare
from grader.model.misconception import Misconception, apply_edits, load_misconceptions
from tests.studies.fits_cases import Point, draw_points
from tests.studies.in_process import ROOT, LoadedPackage, load_submission

Array = NDArray[Any]
EXPECTED = Path(__file__).with_name("fits_expected.toml")
KINDS = ("layers.", "activations.", "losses.")
STEP = 2.0**-17
SEEDS = 3
FIRST_SEED = 0

Result = dict[str, Array]


@dataclass(frozen=True)
class Seen:
    """What was said about one wrong array."""

    point: int
    """Which of the item's points."""
    name: str
    """`dx`, `the output`."""
    fit: Fit | None
    """What `explain` returned."""
    seconds: float
    """Of it, calls of `right_at` included."""


def run_bug(entry: Misconception, reference: Any, package: Any, seed: int) -> list[Seen]:
    """Feed every array that the bug gets wrong to `explain`."""
    generator = np.random.default_rng(seed)
    seen: list[Seen] = []
    for number, point in enumerate(draw_points(generator)[entry.item]):
        for wrong in find_wrong(point, reference, package, seed):
            start = time.process_time()
            fit = explain(wrong)
            seen.append(Seen(number, wrong.name, fit, time.process_time() - start))
    return seen


def find_wrong(point: Point, reference: Any, package: Any, seed: int) -> Iterator[WrongArray]:
    """Every array of the point that differs from the truth: the output by the reference, gradients by the bug's own forward."""
    truth = call(reference, point, {})
    grad = np.random.default_rng([seed, 1]).standard_normal(truth["output"].shape)
    before = draw_decoy(point, seed)
    said = _try(lambda: call(package, point, {}, grad, before))
    if said is None:
        return
    known = {**point.arrays, "output": truth["output"], "grad_output": grad}
    others = draw_others(point, reference, before)
    for name in ("output", "running_mean", "running_var"):
        if name in truth and is_wrong(truth[name], said[name]):
            told = f"the {name}" if name == "output" else name
            yield _describe(point, told, "value", truth[name], said[name], known, others, _values(reference, point, name))
    if is_wrong(truth["output"], said["output"]):
        return  # the root is in forward; a gradient is asked about where forward is right
    right = call(reference, point, {}, grad)
    former = _try(lambda: call(package, before, {}, np.random.default_rng(3).standard_normal(grad.shape)))
    for name in [name for name in said if name.startswith("d:")]:
        argument = name[2:]
        ask = _gradients(package if point.smooth else reference, point, argument, grad, by_differences=point.smooth)
        wanted = ask({}) if point.smooth else right[name]
        if is_wrong(wanted, said[name]):
            piled = {"gradient_of_the_call_before": former[name]} if former is not None else {}
            told = {"input": "dx", "prediction": "dx"}.get(argument, f"d{argument}")
            yield _describe(point, told, "gradient", wanted, said[name], {**known, **piled}, others, ask)


def is_wrong(right: Array, got: Array) -> bool:
    """Whether there is anything to explain."""
    if right.shape != got.shape or not np.isfinite(got).all():
        return bool(np.isfinite(right).all())
    return compare(WrongArray("", "value", right, got)) is not None


def _describe(
    point: Point, name: str, kind: Any, right: Array, got: Array, arrays: dict[str, Array], others: Any, ask: Callable[..., Array]
) -> WrongArray:
    key = {"the output": "output", "dx": "prediction" if "prediction" in point.arrays else "input"}.get(name, name)
    axes = point.axes.get(key, point.axes.get(key[1:], ()))
    counts = ("seed", "reduction", "in_features", "out_features", "num_features", "in_channels", "out_channels")
    settings = {name: value for name, value in point.settings.items() if name not in counts}
    if kind == "value":
        arrays = {name: array for name, array in arrays.items() if name not in ("grad_output", "output")}
    else:
        arrays = {name: array for name, array in arrays.items() if not name.endswith("_before") or name.startswith("gradient")}
    return WrongArray(name, kind, right, got, point.sizes, arrays, settings, point.defaults, others, axes, right_at=ask)


def call(package: Any, point: Point, changes: Mapping[str, Any], grad: Array | None = None, before: Point | None = None) -> Result:
    """Build the function, with what is exchanged, and call forward, and backward when there is an upstream gradient."""
    changes = {name: value for name, value in changes.items() if name != "grad_output"}
    settings = {**point.settings, **{name: value for name, value in changes.items() if name in point.settings}}
    arrays = {**point.arrays, **{name: value for name, value in changes.items() if name in point.arrays}}
    if unknown := set(changes) - set(settings) - set(arrays):
        raise KeyError(unknown)
    module, name = point.item.split(".")
    training = settings.pop("training", True)
    made = getattr(getattr(package, module), name)(**settings)
    if module == "losses":
        if before is not None:
            made.forward(before.arrays["prediction"].copy(), before.arrays["target"])
        result = {"output": np.asarray(made.forward(arrays["prediction"].copy(), arrays["target"]))}
        return {**result, "d:prediction": np.asarray(made.backward()) * 1.0} if grad is not None else result
    made.training = training
    if before is not None and name not in ("Dropout", "BatchNorm"):
        _set_parameters(made, before.arrays)
        output = made.forward(before.arrays["input"].copy(order="K"))
        made.backward(np.random.default_rng(3).standard_normal(output.shape))
    _set_parameters(made, arrays)
    result = {"output": np.array(made.forward(arrays["input"].copy(order="K")))}
    if name == "BatchNorm":
        result |= {"running_mean": np.array(made.running_mean), "running_var": np.array(made.running_var)}
    if grad is not None and grad.shape == result["output"].shape:
        result["d:input"] = np.array(made.backward(grad.copy()))
        result |= {f"d:{key}": np.array(value) for key, value in made.grads.items()}
    return result


def _set_parameters(made: Any, arrays: Mapping[str, Array]) -> None:
    for name, array in arrays.items():
        if name in made.params:
            # A setting may have changed the shape: the numbers stay.
            made.params[name] = array.reshape(made.params[name].shape).copy() if array.size == made.params[name].size else array.copy()
        elif name.endswith("_before"):
            setattr(made, name.removesuffix("_before"), array.copy())


def draw_decoy(point: Point, seed: int) -> Point:
    """Another input for a call before: the same shapes, other numbers."""
    generator = np.random.default_rng([seed, 2])
    arrays = {
        name: array if name == "target" else generator.permutation(array.reshape(-1)).reshape(array.shape)
        for name, array in point.arrays.items()
    }
    return Point(point.item, point.settings, arrays, point.sizes)


def draw_others(point: Point, reference: Any, before: Point) -> dict[str, dict[str, Array]]:
    """What a stale cache would hold: the call before's arrays, and the parameters as constructed."""
    name = "prediction" if "prediction" in point.arrays else "input"
    others: dict[str, dict[str, Array]] = {name: {"of the call before": before.arrays[name]}}
    if point.item in ("layers.Dense", "layers.Conv2D", "activations.Maxout"):
        module, kind = point.item.split(".")
        made = getattr(getattr(reference, module), kind)(**point.settings)
        others |= {key: {"of the construction": np.asarray(array, dtype=np.float64)} for key, array in made.params.items() if key == "W"}
    return others


def _values(reference: Any, point: Point, name: str) -> Callable[[Mapping[str, Any]], Array]:
    return lambda changes: call(reference, point, changes)[name]


def _gradients(package: Any, point: Point, argument: str, grad: Array, *, by_differences: bool) -> Callable[[Mapping[str, Any]], Array]:
    """The truth about a gradient: differences of the bug's own forward, kept as a Jacobian for each point."""
    kept: dict[str, Array] = {}

    def ask(changes: Mapping[str, Any]) -> Array:
        changes = dict(changes)
        upstream = changes.pop("grad_output", grad)
        if not by_differences:
            return call(package, point, changes, fit_upstream(upstream, call(package, point, changes)["output"].shape))[f"d:{argument}"]
        key = "" if not changes else repr(sorted((name, np.asarray(value).tobytes(), np.shape(value)) for name, value in changes.items()))
        if key not in kept:
            if len(kept) > 3:
                kept.pop(list(kept)[-1])
            kept[key] = differentiate(package, point, changes, argument)
        jacobian = kept[key]
        upstream = fit_upstream(upstream, jacobian.shape[point.arrays[argument].ndim :])
        return np.tensordot(jacobian, upstream, axes=upstream.ndim) if upstream.ndim else jacobian

    return ask


def differentiate(package: Any, point: Point, changes: Mapping[str, Any], argument: str) -> Array:
    """The Jacobian `(*argument, *output)` by central differences."""
    at = np.asarray(changes.get(argument, point.arrays[argument]))
    rows: list[Array] = []
    for place in range(at.size):
        pair: list[Array] = []
        for sign in (1, -1):
            moved = at.copy()
            moved.flat[place] += sign * STEP
            pair.append(call(package, point, {**changes, argument: moved})["output"])
        rows.append((pair[0] - pair[1]) / (2 * STEP))
    shape = at.shape if at.shape == point.arrays[argument].shape else (at.size,)
    return np.stack(rows).reshape(*shape, *rows[0].shape)


def fit_upstream(grad: Array, shape: tuple[int, ...]) -> Array:
    """Cut an upstream gradient to another output's shape, or fill it up with zeros; a loss has none."""
    if not shape:
        return np.ones(())
    if len(shape) != grad.ndim:
        raise ValueError("another rank")
    fitted = np.zeros(shape)
    common = tuple(slice(0, min(one, other)) for one, other in zip(shape, grad.shape, strict=True))
    fitted[common] = grad[common]
    return fitted


def _try(make: Callable[[], Result]) -> Result | None:
    try:
        return make()
    except Exception:
        return None  # a bug that raises shows no array


def main(wanted: list[str]) -> None:
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    catalogue = load_misconceptions(ROOT / "assignments" / "pytorchnano" / "misconceptions")
    expected: dict[str, list[str]] = tomllib.loads(EXPECTED.read_text(encoding="utf-8")) if EXPECTED.exists() else {}
    reference = load_submission("reference")
    begin = tuple(wanted) or ""
    chosen = {name: entry for name, entry in catalogue.items() if entry.item.startswith(KINDS) and name.startswith(begin)}
    table: dict[str, list[Seen]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, entry) in enumerate(chosen.items()):
            apply_edits(entry.edits, ROOT / "reference" / "pytorchnano", Path(folder) / f"bug{number}")
            package = LoadedPackage(Path(folder) / f"bug{number}")
            table[name] = [seen for seed in range(FIRST_SEED, FIRST_SEED + SEEDS) for seen in run_bug(entry, reference, package, seed)]
            _print_bug(name, table[name], expected.get(name, []), verbose=len(chosen) == 1)
    _print_summary(table, expected)


def _print_bug(name: str, seen: list[Seen], right: list[str], *, verbose: bool) -> None:
    if not seen:
        print(f"  -    {name}: shows in no value or gradient", flush=True)
        return
    told: dict[str, tuple[int, Fit | None]] = {}
    for one in seen:
        key = f"{one.name}{f' [{one.point}]' * verbose}: {one.fit.label if one.fit else 'silent'}"
        told[key] = (told.get(key, (0, None))[0] + 1, one.fit)
    print(f"{judge(seen, right):6} {name}")
    for key, (count, fit) in sorted(told.items()):
        mark = "" if fit is None else ("right" if describes(fit, right) else "WRONG") if fit.telling else "weak"
        print(f"         {count:3} x {key:55} {mark:6} {fit.sentence if fit else ''}")


def describes(fit: Fit, right: list[str]) -> bool:
    """Whether a label is among those that describe the bug; `factor.*` stands for all of a family."""
    return any(fnmatchcase(fit.label, label) for label in right)


def judge(seen: list[Seen], right: list[str]) -> str:
    """`wrong` when anything wrong is said, `right` when at least one right thing is, else `silent`."""
    telling = [one.fit for one in seen if one.fit is not None and one.fit.telling]
    if any(not describes(fit, right) for fit in telling):
        return "wrong"
    return "right" if telling else "silent"


def _print_summary(table: Mapping[str, list[Seen]], expected: Mapping[str, list[str]]) -> None:
    showing = {name: seen for name, seen in table.items() if seen}
    verdicts = [judge(seen, expected.get(name, [])) for name, seen in showing.items()]
    arrays = [(one, expected.get(name, [])) for name, seen in showing.items() for one in seen]
    telling = [(one.fit, right) for one, right in arrays if one.fit is not None and one.fit.telling]
    wrong = sum(not describes(fit, right) for fit, right in telling)
    print(f"\n{len(table)} bugs, {len(showing)} show in values or gradients:", {v: verdicts.count(v) for v in sorted(set(verdicts))})
    print(f"right and telling: {verdicts.count('right') / max(1, len(showing)):.1%} of those that show")
    print(f"{len(arrays)} wrong arrays: {len(telling)} telling fits, {wrong} of them wrong ({wrong / max(1, len(telling)):.2%})")
    seconds = sorted(one.seconds for one, _ in arrays)
    print(f"CPU an array: median {seconds[len(seconds) // 2] * 1e3:.1f} ms, most {seconds[-1] * 1e3:.0f} ms, calls of right_at included")


if __name__ == "__main__":
    main(sys.argv[1:])
