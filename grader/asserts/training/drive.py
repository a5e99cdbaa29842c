"""The trusted side drives the submission's training, one batch at a time.

A step is one trip over the wall: a batch goes in, the parameters after the step come out. The next batch leaves only
when they have arrived, and they are what the next step is judged from: the chain of parameters has no gap in which a
submission could exchange them, for whatever it does between two trips shows as part of a step.

The steps to be replayed are chosen here, where the submission can't look: a random sample, drawn from the secret, and
for each parameter the steps that changed it most. Only those are kept, so a long training needs no more memory.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.asserts.prober import Prober
from grader.asserts.training.disguise import Disguise
from grader.asserts.training.network import OracleNetwork, Parameters
from grader.asserts.training.plan import TrainingPlan
from grader.asserts.values import as_array, as_dict, as_number, fail
from grader.datasets import MnistSet
from grader.faults import CheckFailed, LimitExceeded

SAMPLED_STEPS = 24
LARGEST_STEPS = 3
_PACE_AFTER_CPU_S = 0.5


@dataclass(frozen=True)
class Step:
    """One step of the submission's training."""

    index: int
    """Counted from 0."""
    rows: NDArray[np.int64]
    """The training images of its batch."""
    before: Parameters
    """As read after the step before."""
    after: Parameters
    """As read after this step."""


@dataclass
class Drive:
    """What was seen of a training."""

    training: Any
    """The submission's network: a handle."""
    last: Parameters
    """The parameters as last read."""
    losses: list[float] = field(default_factory=list[float])
    """The submission's loss at each step."""
    kept: list[Step] = field(default_factory=list[Step])
    """The steps to be replayed, in order."""
    cpu_s: float = 0.0
    """CPU seconds of all steps."""
    too_slow: bool = False
    """It was stopped, because it would have used more than its budget, or did."""
    hit_limit: str = ""
    """The sentence, where a single step hit the limit of a call."""
    broke: CheckFailed | None = None
    """What was wrong with the answer that ended it, NaN say."""


def drive(
    worker: Prober, network: OracleNetwork, disguise: Disguise, data: MnistSet, initial: Parameters, rng: np.random.Generator
) -> Drive:
    """Train the submission's network from `initial`; student faults pass through."""
    plan = network.plan
    batches = list(batch_rows(plan, len(data.train_images), rng))
    keeper = _Keeper(len(batches), rng)
    layers = [[[module, name], list(args)] for module, name, args in plan.layers]
    seen = Drive(worker.probe("training_start", layers, plan.lr, initial), initial)
    pace = Pace(worker, plan, len(batches))
    for index, rows in enumerate(batches):
        images = disguise.dress_images(data.train_images[rows])
        labels = disguise.dress_labels(data.train_labels[rows])
        try:
            answer = worker.probe("training_step", seen.training, images, labels)
        except LimitExceeded as fault:
            if "memory" in fault.resource:
                raise
            seen.too_slow, seen.hit_limit = True, f"Step {index + 1} of {len(batches)} did not end: {fault}."
            break
        try:
            loss, after = read_step(answer, network, index)
        except CheckFailed as fault:
            seen.broke = fault
            break
        keeper.consider(Step(index, rows, seen.last, after))
        seen.losses.append(loss)
        seen.last = after
        if pace.is_exceeded(index + 1):
            seen.too_slow = True
            break
    seen.cpu_s = pace.used_s()
    seen.kept = keeper.kept()
    return seen


def batch_rows(plan: TrainingPlan, count: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield the images of each batch: every epoch in a new order, full batches only."""
    for _ in range(plan.epochs):
        order = rng.permutation(count)
        for start in range(0, count - plan.batch_size + 1, plan.batch_size):
            yield order[start : start + plan.batch_size]


def read_step(answer: object, network: OracleNetwork, index: int) -> tuple[float, Parameters]:
    """Return the loss and the parameters that a step's answer holds, or fail the check: the answer can be anything."""
    fields = as_dict(answer, f"the answer to step {index + 1}", keys=("loss", "parameters"))
    loss = as_number(fields["loss"], f"the loss at step {index + 1}")
    given = as_dict(fields["parameters"], f"the parameters after step {index + 1}")
    parameters: Parameters = {}
    for name, shape in network.shapes.items():
        what = f"{network.describe(name)} after step {index + 1}"
        if name not in given:
            fail(f"{what} is missing from the layer's params.", expected=f"an array of shape {shape}", got="no such entry")
        array = as_array(given[name], what, shape=shape)
        if array.dtype.kind != "f" or array.dtype.itemsize < 4:
            # Half precision would round away, or hide, more than a step changes.
            fail(f"{what} has dtype {array.dtype}.", expected="the dtype it had, float32 or wider", got=str(array.dtype))
        parameters[name] = array
    return loss, parameters


class Pace:
    """How fast the submission trains, in the CPU seconds of its worker (of the clock, where a worker doesn't say)."""

    def __init__(self, worker: Prober, plan: TrainingPlan, steps: int) -> None:
        self._clock = getattr(worker, "cpu_s", time.perf_counter)
        self._budget_s = plan.budget_cpu_s
        self._steps = steps
        self._start = float(self._clock())
        self._first_s = 0.0

    def used_s(self) -> float:
        """Return the seconds used so far."""
        return float(self._clock()) - self._start

    def is_exceeded(self, done: int) -> bool:
        """Whether the budget is spent after `done` steps, or twice the budget in sight.

        The first step warms up and is not projected; nothing is projected from less than half a second.
        """
        used = self.used_s()
        if done == 1:
            self._first_s = used
        if used > self._budget_s:
            return True
        steady = used - self._first_s
        if done < 2 or steady < _PACE_AFTER_CPU_S:
            return False
        return self._first_s + steady / (done - 1) * (self._steps - 1) > 2 * self._budget_s


class _Keeper:
    """Chooses the steps to be replayed as they pass."""

    def __init__(self, steps: int, rng: np.random.Generator) -> None:
        sample = rng.choice(steps, size=min(SAMPLED_STEPS, steps), replace=False)
        self._chosen = {0, steps - 1, *(int(index) for index in sample)}
        self._sampled: list[Step] = []
        self._largest: dict[str, list[tuple[float, int, Step]]] = {}

    def consider(self, step: Step) -> None:
        if step.index in self._chosen:
            self._sampled.append(step)
        for name, after in step.after.items():
            # Parameters that run away overflow here; their size is then infinite, and they are kept.
            with np.errstate(all="ignore"):
                size = float(np.linalg.norm((after - step.before[name]).ravel()))
            largest = self._largest.setdefault(name, [])
            if len(largest) < LARGEST_STEPS or size > largest[-1][0]:
                largest.append((size, step.index, step))
                largest.sort(key=lambda entry: entry[:2], reverse=True)
                del largest[LARGEST_STEPS:]

    def kept(self) -> list[Step]:
        """Return the chosen steps, each once, in order."""
        steps = {step.index: step for step in self._sampled}
        steps |= {index: step for largest in self._largest.values() for _, index, step in largest}
        return [steps[index] for index in sorted(steps)]
