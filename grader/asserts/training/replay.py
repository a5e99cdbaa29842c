"""Was a step of the submission the step that SGD takes? The oracle takes it again.

The oracle starts from the parameters before the step and computes in float64. Two changes of a parameter array agree when

    |submission's change - oracle's change|  <=  TOLERANCE |oracle's change|  +  ROUNDING eps32 |parameter before|

in Euclidean norms over the array. The second term is float32 storage: the nearest float32 is off by at most eps32 / 2 of an
entry, eps32 = 2**-23, so 1 covers the storage twice. The first is float32 arithmetic in forward and backward.

Arithmetic can also tip a ReLU or a maximum the other way, which changes a gradient by per cents. So a step that disagrees
is taken again from parameters nudged by a few eps32: where that tips the oracle's decision too, and its change then agrees,
the step stands. A wrong gradient is not put right by nudges. `docs/training.md` gives what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grader.asserts.training.disguise import Disguise
from grader.asserts.training.drive import Step
from grader.asserts.training.network import OracleNetwork, Parameters
from grader.asserts.values import Array
from grader.datasets import MnistSet

TOLERANCE = 0.01
ROUNDING = 1.0
NUDGED_STEPS = 3
"""Where more steps disagree, rounding is no explanation and no nudge is tried."""
NUDGES = 16
NUDGE = 8.0
"""The nudges' standard deviation, in eps32 of each entry: sums over 784 inputs err by about as much."""
_EPS32 = float(np.finfo(np.float32).eps)
_TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Disagreement:
    """The worst parameter of the replayed steps; no disagreement at all when `ratio` is at most 1."""

    ratio: float
    """The difference of the two changes, in units of what is allowed."""
    step: int
    """Counted from 0."""
    name: str
    """The parameter, "0.W"."""
    share: float
    """The difference relative to the oracle's change."""
    names: tuple[str, ...] = ()
    """Every parameter that disagrees at this step."""
    nudged: bool = False
    """Whether it took nudged parameters to agree."""


def replay(steps: list[Step], network: OracleNetwork, disguise: Disguise, data: MnistSet) -> list[Disagreement]:
    """Return the worst parameter of each step, in order."""
    batches = [(disguise.dress_images(data.train_images[step.rows]), disguise.dress_labels(data.train_labels[step.rows])) for step in steps]
    found = [compare(step, network.step_from(step.before, *batch)) for step, batch in zip(steps, batches, strict=True)]
    if sum(worst.ratio > 1 for worst in found) > NUDGED_STEPS:
        return found
    return [
        worst if worst.ratio <= 1 else _nudge(step, network, batch, worst)
        for step, batch, worst in zip(steps, batches, found, strict=True)
    ]


def _nudge(step: Step, network: OracleNetwork, batch: tuple[Array, NDArray[np.int64]], worst: Disagreement) -> Disagreement:
    rng = np.random.default_rng(step.index)
    for _ in range(NUDGES):
        start: Parameters = {
            name: array * (1 + NUDGE * _EPS32 * rng.standard_normal(array.shape)) for name, array in step.before.items()
        }
        end = network.step_from(start, *batch)
        # The change counts, not where it started: a nudge is far larger than what storage may lose.
        found = compare(step, {name: step.before[name] + (end[name] - start[name]) for name in end})
        if found.ratio <= 1:
            return replace(found, nudged=True)
    return worst


def compare(step: Step, expected: Parameters) -> Disagreement:
    """Return the parameter whose change differs most from the expected one, in units of what is allowed.

    Numbers so large that a norm overflows disagree: nothing can be said for them.
    """
    ratios: dict[str, float] = {}
    shares: dict[str, float] = {}
    for name, wanted in expected.items():
        before = step.before[name].astype(np.float64)
        change = _norm(wanted - before)
        difference = _norm(step.after[name] - wanted)
        ratio = difference / (TOLERANCE * change + ROUNDING * _EPS32 * _norm(before) + _TINY)
        ratios[name] = ratio if np.isfinite(ratio) else float("inf")
        shares[name] = difference / change if change else float("inf")
    worst = max(ratios, key=ratios.__getitem__)
    apart = tuple(name for name, ratio in ratios.items() if ratio > 1)
    return Disagreement(ratios[worst], step.index, worst, shares[worst], apart)


def _norm(array: Array) -> float:
    return float(np.linalg.norm(array.ravel()))
