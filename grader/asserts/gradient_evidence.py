"""What a student is told of a wrong gradient: the worst place with both numbers, and what explains all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.diagnosis.fits import Fit, WrongArray, explain
from grader.gradients.case import Case
from grader.gradients.engine import Trial
from grader.gradients.entries import Slopes, find_worst, measure_slopes
from grader.gradients.findings import Finding, Kind
from grader.gradients.line import Line
from grader.gradients.questions import judge_answers
from grader.gradients.subject import Answers, Array, Subject
from grader.model.evidence import Evidence

MEMORY = frozenset({Kind.ACCUMULATES, Kind.STALE})
"""Suspicions that show only on an object that was used before."""
LEAST_ENTRIES, MOST_ENTRIES = 60, 435
"""Entries of a wrong gradient that are differenced one by one: all where there are no more, as time allows."""

_LOCALISATION_S = 1.0
_ACCURACY = 1e-6
_AXES = {
    ("input", 2): ("sample", "feature"),
    ("input", 4): ("sample", "channel", "row", "column"),
    ("prediction", 2): ("sample", "class"),
}
"""What an index counts, by the argument and its number of axes."""


@dataclass(frozen=True)
class Surroundings:
    """The numbers and arrays around a gradient, which may stand in a wrong one."""

    sizes: Mapping[str, int] = field(default_factory=dict[str, int])
    """batch_size, input_features, rows, ..."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the object was built with."""
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    """Beside the arguments themselves: a loss's target."""


def describe_finding(finding: Finding, trial: Trial) -> Evidence:
    """Tell what was wrong before any comparison."""
    facts = {**finding.facts, "kind": str(finding.kind), "seed": trial.seed, "argument": finding.argument}
    return Evidence(said=finding.said, expected=finding.expected, got=finding.got, facts=facts)


def say_wrong(subject: Subject, line: Line) -> str:
    """Tell that a gradient is wrong, in one sentence."""
    along = f"along a random direction it gives {line.analytic:.8g}, the change of forward {line.numeric:.8g}"
    return f"{subject.label(line.argument)} is not the gradient at {line.argument}: {along}."


def describe_wrong(subject: Subject, trial: Trial, line: Line, around: Surroundings) -> Evidence:
    """Tell where a gradient is wrong, by how much, and what explains it; asks forward and backward some more."""
    case, name = trial.case, line.argument
    assert case.told is not None
    assert case.turn is not None
    gradient, grad_output = case.told.gradients[name], case.turn.grad_output
    generator = np.random.default_rng(trial.seed)
    slopes = measure_slopes(subject, case.point, name, case.told.output.shape, generator, _count_affordable(case))
    entries = slopes.compare(gradient, grad_output)
    answers = subject.answer(case.point, grad_output)
    suspicions = judge_answers(subject, answers, name, entries)
    fit = _fit(case, name, slopes, answers, around)
    facts: dict[str, Any] = {
        "argument": name,
        "shape": gradient.shape,
        "slope": line.slope,
        "numeric_directional_derivative": line.numeric,
        "analytic_directional_derivative": line.analytic,
        "error": line.error,
        "bar": line.bar,
        "steps": line.steps,
        "seed": trial.seed,
        "entries_measured": len(entries),
        "suspicions": [str(finding.kind) for finding in suspicions],
        **({"fit": fit.label, "fit_certainty": fit.certainty} if fit else {}),
    }
    evidence = Evidence(
        said=say_wrong(subject, line),
        tolerance=f"{line.bar:.2g} along the direction; it is off by {line.error:.2g}",
        hint=_choose_hint(suspicions, fit),
        facts=facts,
    )
    worst = find_worst(entries)
    if worst is None:
        where = f"none of the {len(entries)} entries tried one by one, of {gradient.size} in shape {gradient.shape}"
        return replace(evidence, where=where)
    facts |= {"worst": worst.index, "worst_numeric": worst.numeric, "worst_analytic": worst.analytic}
    return replace(
        evidence,
        expected=f"{worst.numeric:.8g}, by finite differences of forward",
        got=f"{worst.analytic:.8g}",
        where=f"index {worst.index} of shape {gradient.shape}",
    )


def _choose_hint(suspicions: list[Finding], fit: Fit | None) -> str:
    """What an object remembers explains its numbers better than any structure in them."""
    if suspicions and suspicions[0].kind in MEMORY:
        return suspicions[0].said
    if fit is not None and fit.telling:
        return fit.sentence
    return suspicions[0].said if suspicions else ""


def _fit(case: Case, name: str, slopes: Slopes, answers: Answers, around: Surroundings) -> Fit | None:
    """Look for a structure, where every entry is known."""
    assert case.told is not None
    assert case.turn is not None
    if not slopes.is_whole or not slopes.places:
        return None
    grad_output = case.turn.grad_output

    def right_at(changes: Mapping[str, Any]) -> Array:
        if set(changes) != {"grad_output"}:
            raise KeyError("only another upstream gradient costs no call")
        return slopes.pull_back(_fill(changes["grad_output"], grad_output.shape)).reshape(slopes.shape)

    def got_for(other: Array) -> Array:
        if not np.array_equal(other, 2 * grad_output):
            raise KeyError("only twice the upstream gradient was asked for")
        return answers.doubled[name]

    is_loss = grad_output.ndim == 0
    arrays = {**case.point, **around.arrays, "output": case.told.output, **({} if is_loss else {"grad_output": grad_output})}
    wrong = WrongArray(
        name="dx" if name in ("input", "prediction") else f"d{name}",
        kind="gradient",
        right=slopes.pull_back(grad_output).reshape(slopes.shape),
        got=case.told.gradients[name],
        sizes=_name_sizes(case, name, around),
        arrays=arrays,
        settings=around.settings,
        axes=_AXES.get((name, len(slopes.shape)), ()),
        tolerance=_ACCURACY,
        right_at=right_at,
        got_for=got_for if name in answers.doubled else None,
        second_call=(lambda: answers.twice[name]) if name in answers.twice else None,
    )
    try:
        return explain(wrong)
    except (ValueError, KeyError, IndexError):
        return None  # a structure that can't be tried explains nothing


def _name_sizes(case: Case, name: str, around: Surroundings) -> dict[str, int]:
    assert case.told is not None
    sizes, output = dict(around.sizes), case.told.output.shape
    if {"kernel_rows", "kernel_columns"} <= sizes.keys():
        sizes["kernel_area"] = sizes["kernel_rows"] * sizes["kernel_columns"]
    if {"rows", "columns"} <= sizes.keys():
        sizes["pixels"] = sizes["rows"] * sizes["columns"]
        if len(output) == 4:
            sizes |= {"output_rows": output[2], "output_columns": output[3], "output_pixels": output[2] * output[3]}
    if not output:
        sizes["elements"] = prod(case.point[name].shape)
    return sizes


def _fill(grad_output: NDArray[Any], shape: tuple[int, ...]) -> Array:
    """Cut an upstream gradient to the output's shape, or fill it up with zeros."""
    if grad_output.ndim != len(shape):
        raise ValueError("the output has other axes")
    filled = np.zeros(shape)
    common = tuple(slice(0, min(pair)) for pair in zip(shape, grad_output.shape, strict=True))
    filled[common] = grad_output[common]
    return filled


def _count_affordable(case: Case) -> int:
    """As many entries as cost a second, by the time that one forward took, within bounds."""
    assert case.told is not None
    affordable = _LOCALISATION_S / (2 * case.told.forward_s) if case.told.forward_s > 0 else MOST_ENTRIES
    return int(min(max(affordable, LEAST_ENTRIES), MOST_ENTRIES))
