"""Gradients of a submission's layers and losses, against finite differences of its own forward."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from grader.asserts.prober import Prober
from grader.asserts.subjects import RemoteLayer, RemoteLoss
from grader.asserts.values import fail
from grader.gradients.engine import CASES, Draw, Judgement, Trial, judge_gradients
from grader.gradients.entries import find_worst, measure_entries
from grader.gradients.findings import Finding
from grader.gradients.line import FIRST_STEP, Line, Verdict
from grader.gradients.questions import ask
from grader.gradients.subject import Arguments, Array, Subject

Oracle = Callable[[Arguments, Array], Mapping[str, Array]]
"""The right gradients at a point for an upstream gradient; decides what differences can't."""

_ORACLE_RELATIVE = 1e-6


def check_layer(
    worker: Prober,
    constructor: tuple[str, str],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    draw: Draw,
    judge: Collection[str] = ("input",),
    seed: int,
    output_shape: tuple[int, ...] | None = None,
    training: bool = True,
    attributes: Mapping[str, Any] | None = None,
    fresh: bool = False,
    cases: int = CASES,
    first_step: float = FIRST_STEP,
    oracle: Oracle | None = None,
) -> Judgement:
    """Fail the check unless the gradients at `judge` of the layer `constructor`, `("layers", "Conv2D")`, are right.

    `draw(generator)` gives a point: `input`, and every parameter that is to be set, away from kinks. Other arguments'
    gradients are not fetched. `attributes` are set after construction, `training` too. `fresh` builds the layer anew for
    every evaluation, without a decoy before it (Dropout with a seed). Cases that can't tell are redrawn, then decided by
    the oracle, or left out; the judgement that is returned says so in its `notes`. Raises CheckFailed.
    """
    # Sorted, since a set's order changes from run to run and the draws would change with it.
    names = (judge,) if isinstance(judge, str) else tuple(sorted(judge))
    subject = RemoteLayer(
        worker, constructor, args, kwargs, wanted=names, training=training, attributes=attributes, fresh=fresh
    )
    judgement = judge_gradients(subject, draw, names, seed=seed, cases=cases, first_step=first_step, output_shape=output_shape)
    return conclude(subject, judgement, oracle)


def check_loss(
    worker: Prober,
    constructor: tuple[str, str],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    target: NDArray[Any],
    draw: Draw,
    seed: int,
    cases: int = CASES,
    oracle: Oracle | None = None,
) -> Judgement:
    """Fail the check unless the gradient of the loss at its prediction is right.

    `draw(generator)` gives `{"prediction": array}`, away from kinks; `target` is the same in every call. Raises CheckFailed.
    """
    subject = RemoteLoss(worker, constructor, args, kwargs, target)
    judgement = judge_gradients(subject, draw, ("prediction",), seed=seed, cases=cases, output_shape=())
    return conclude(subject, judgement, oracle)


def conclude(subject: Subject, judgement: Judgement, oracle: Oracle | None = None) -> Judgement:
    """Turn a judgement into a failed check, or return it."""
    if judgement.finding is not None:
        _fail_finding(judgement.finding, judgement.trials[-1])
    if judgement.wrong is not None:
        _fail_wrong(subject, *judgement.wrong)
    if oracle is not None:
        for trial in judgement.trials:
            _ask_oracle(subject, trial, oracle)
    if judgement.flat:
        name = judgement.flat[0]
        fail(
            f"The output of {subject.title} does not change when its {name} does, so it has no gradient to check.",
            expected=f"an output that depends on {name}",
            got=f"the same output for every {name}",
            facts={"seed": judgement.trials[-1].seed, "argument": name},
        )
    return judgement


def _fail_finding(finding: Finding, trial: Trial) -> NoReturn:
    facts = {**finding.facts, "kind": str(finding.kind), "seed": trial.seed, "argument": finding.argument}
    fail(finding.said, expected=finding.expected, got=finding.got, facts=facts)


def _fail_wrong(subject: Subject, trial: Trial, line: Line) -> NoReturn:
    case, name = trial.case, line.argument
    assert case.told is not None
    assert case.turn is not None
    gradient = case.told.gradients[name]
    generator = np.random.default_rng(trial.seed)
    entries = measure_entries(subject, case.point, name, gradient, case.turn.grad_output, generator)
    worst = find_worst(entries)
    suspicions = ask(subject, case, name, entries)
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
    }
    hint = suspicions[0].said if suspicions else ""
    along = f"along a random direction it gives {line.analytic:.8g}, the change of forward {line.numeric:.8g}"
    said = f"{subject.label(name)} is not the gradient at {name}: {along}."
    tolerance = f"{line.bar:.2g} along the direction; it is off by {line.error:.2g}"
    if worst is None:
        where = f"none of the {len(entries)} entries tried one by one, of {gradient.size} in shape {gradient.shape}"
        fail(said, where=where, tolerance=tolerance, hint=hint, facts=facts)
    facts |= {"worst": worst.index, "worst_numeric": worst.numeric, "worst_analytic": worst.analytic}
    fail(
        said,
        expected=f"{worst.numeric:.8g}, by finite differences of forward",
        got=f"{worst.analytic:.8g}",
        where=f"index {worst.index} of shape {gradient.shape}",
        tolerance=tolerance,
        hint=hint,
        facts=facts,
    )


def _ask_oracle(subject: Subject, trial: Trial, oracle: Oracle) -> None:
    """Decide by the oracle what the last draw of a case left blind."""
    case = trial.case
    blind = [name for name, line in case.lines.items() if line.verdict is Verdict.BLIND]
    if not blind or case.told is None or case.turn is None:
        return
    right = oracle(case.point, case.turn.grad_output)
    for name in blind:
        off = float(np.max(np.abs(case.told.gradients[name] - right[name]), initial=0.0))
        largest = float(np.max(np.abs(right[name]), initial=0.0))
        if not off <= _ORACLE_RELATIVE * largest + 1e-12:
            fail(
                f"{subject.label(name)} is not the gradient at {name}: it differs from the right one.",
                got=f"an entry that is off by {off:.3g}, where the largest is {largest:.3g}",
                tolerance=f"{_ORACLE_RELATIVE:g} of the largest entry",
                facts={"argument": name, "seed": trial.seed, "largest_difference": off},
            )
