"""Training is watched, not believed: what a training must show to earn its points.

1. Every replayed step is the step that SGD takes (`replay`), else the training earns nothing, whatever it recognises.
2. The last parameters, run through the oracle's forward, recognise enough of the test images.
3. The submission's own forward says the same of the test images, but for near-ties. Test images enter the worker only
   then, their labels never.

A training that fails in any of these is tried once more under another secret: float32 may tip a ReLU, and a start may be poor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.asserts.prober import Prober
from grader.asserts.training.disguise import CLASSES, Disguise, draw_disguise, draw_parameters
from grader.asserts.training.drive import Drive, drive
from grader.asserts.training.network import OracleNetwork, Parameters
from grader.asserts.training.plan import TrainingPlan
from grader.asserts.training.replay import TOLERANCE, Disagreement, replay
from grader.asserts.values import Array, as_array
from grader.datasets import MnistSet
from grader.faults import CheckFailed
from grader.model.evidence import Evidence

NEAR_TIES = 0.002
TRIES = 2
_CHUNK = 250


@dataclass(frozen=True)
class TrainingResult:
    """What became of a watched training."""

    ending: str
    """`trained`, `disagrees`, `broke`, `too_slow`, `below` or `predicts_otherwise`."""
    evidence: Evidence
    """What is said to the student."""
    losses: list[float]
    """The submission's loss at each step."""
    epoch_losses: list[float]
    """Their mean in each epoch; a started epoch counts."""
    accuracy: float
    """The share of test images that the last parameters recognise in the oracle's forward."""
    confusion: NDArray[np.int64]
    """`(10, 10)`: digit shown against digit recognised, counts."""
    cpu_s: float
    """CPU seconds of all steps."""
    ms_per_image: float
    """CPU milliseconds of training for an image."""
    replayed: int
    """How many steps the oracle took again."""
    nudged: int
    """How many of these agreed only from nudged parameters."""
    worst: Disagreement | None
    """The replayed parameter that differs most; None when nothing was replayed."""
    tries: int
    """1, or 2 when the first failed."""

    @property
    def passed(self) -> bool:
        """Whether the training earns its points."""
        return self.ending == "trained"


def assert_trains(worker: Prober, plan: TrainingPlan, data: MnistSet, oracle: Any, rng: np.random.Generator) -> TrainingResult:
    """`watch_training`, but a training that earns nothing raises `CheckFailed`."""
    result = watch_training(worker, plan, data, oracle, rng)
    if not result.passed:
        raise CheckFailed(result.evidence)
    return result


def watch_training(worker: Prober, plan: TrainingPlan, data: MnistSet, oracle: Any, rng: np.random.Generator) -> TrainingResult:
    """Train the submission in `worker` by `plan` on `data` and judge what is seen.

    `oracle` has the reference's modules as attributes; `rng` comes from the check's secret. A result that did not pass
    carries its losses for the pictures. Student faults pass through: what the submission raises, how its process ends.
    """
    result = try_once(worker, plan, data, oracle, rng)
    while not result.passed and result.ending != "too_slow" and result.tries < TRIES:
        result = try_once(worker, plan, data, oracle, rng, result.tries + 1)
    return result


def try_once(
    worker: Prober, plan: TrainingPlan, data: MnistSet, oracle: Any, rng: np.random.Generator, attempt: int = 1
) -> TrainingResult:
    """One training under one secret."""
    network = OracleNetwork(oracle, plan)
    disguise = draw_disguise(plan.disguise, rng)
    initial = draw_parameters(network.shapes, rng)
    seen = drive(worker, network, disguise, data, initial, rng)
    # Parameters that ran away overflow in the oracle, too: that is a finding, no news.
    with np.errstate(all="ignore"):
        found = replay(seen.kept, network, disguise, data)
        classes = recognise(network, seen.last, disguise, data)
    worst = max(found, key=lambda step: step.ratio, default=None)
    apart = [step for step in found if step.ratio > 1]
    confusion = confuse(disguise, classes, data.test_labels)
    accuracy = float(np.trace(confusion) / confusion.sum())
    if apart:
        ending, evidence = "disagrees", _say_disagreement(network, apart, len(found), accuracy)
    else:
        ending, evidence = _judge_right_steps(worker, plan, seen, disguise, data, classes, accuracy)
    images = max(1, len(seen.losses) * plan.batch_size)
    per_epoch = len(data.train_images) // plan.batch_size
    return TrainingResult(
        ending=ending,
        evidence=evidence,
        losses=seen.losses,
        epoch_losses=[float(np.mean(seen.losses[start : start + per_epoch])) for start in range(0, len(seen.losses), per_epoch)],
        accuracy=accuracy,
        confusion=confusion,
        cpu_s=seen.cpu_s,
        ms_per_image=1000 * seen.cpu_s / images,
        replayed=len(found),
        nudged=sum(step.nudged for step in found),
        worst=worst,
        tries=attempt,
    )


def _judge_right_steps(
    worker: Prober, plan: TrainingPlan, seen: Drive, disguise: Disguise, data: MnistSet, classes: NDArray[np.int64], accuracy: float
) -> tuple[str, Evidence]:
    if seen.broke is not None:
        return "broke", seen.broke.evidence
    if seen.too_slow:
        return "too_slow", _say_too_slow(plan, seen, len(data.train_images))
    if accuracy < plan.threshold:
        return "below", _say_below(plan, accuracy, len(seen.losses))
    differing = count_differing(worker, seen, disguise, data, classes)
    if differing > max(1, int(NEAR_TIES * len(classes))):
        return "predicts_otherwise", _say_otherwise(differing, len(classes))
    return "trained", Evidence(said=f"It recognises {accuracy:.1%} of the test images; {plan.threshold:.0%} are asked for.")


def recognise(network: OracleNetwork, parameters: Parameters, disguise: Disguise, data: MnistSet) -> NDArray[np.int64]:
    """Return the classes `(M,)` that the oracle's forward gives the test images under these parameters."""
    network.assign(parameters)
    chunks = [network.forward(images).argmax(axis=1) for images in _dressed_tests(disguise, data)]
    return np.concatenate(chunks)


def confuse(disguise: Disguise, classes: NDArray[np.int64], digits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count digits shown (rows) against digits recognised (columns), the disguise undone."""
    confusion = np.zeros((CLASSES, CLASSES), dtype=np.int64)
    np.add.at(confusion, (digits, np.argsort(disguise.classes)[classes]), 1)
    return confusion


def count_differing(worker: Prober, seen: Drive, disguise: Disguise, data: MnistSet, classes: NDArray[np.int64]) -> int:
    """Count the test images that the submission's own forward puts into another class than `classes`."""
    differing, start = 0, 0
    for images in _dressed_tests(disguise, data):
        what = "the network's output for test images"
        outputs = as_array(worker.probe("training_outputs", seen.training, images), what, shape=(len(images), CLASSES))
        differing += int((outputs.argmax(axis=1) != classes[start : start + len(images)]).sum())
        start += len(images)
    return differing


def _dressed_tests(disguise: Disguise, data: MnistSet) -> list[Array]:
    return [disguise.dress_images(data.test_images[start : start + _CHUNK]) for start in range(0, len(data.test_images), _CHUNK)]


def _say_disagreement(network: OracleNetwork, apart: list[Disagreement], replayed: int, accuracy: float) -> Evidence:
    first = apart[0]
    agreeing = [network.describe(name) for name in network.shapes if name not in first.names]
    off = f"off by {first.share:.0%}" if first.share < 100 else "very much larger"
    return Evidence(
        said=f"Step {first.step + 1} of the training is not the step that SGD takes; {len(apart)} of {replayed} steps looked at are not.",
        expected=f"every parameter changes by lr times the gradient of the mean cross-entropy, to {TOLERANCE:.0%}",
        got=f"the change of {network.describe(first.name)} is {off}",
        where="changed otherwise: " + ", ".join(map(network.describe, first.names)),
        hint=(
            "Look first at the gradient checks of the layers, then of the loss, and at SGD's step."
            + (f" These changed as they should: {', '.join(agreeing)}." if agreeing else "")
        ),
        facts={"replayed": replayed, "apart": len(apart), "step": first.step, "off_by": first.share, "accuracy": accuracy},
    )


def _say_too_slow(plan: TrainingPlan, seen: Drive, images: int) -> Evidence:
    total = images // plan.batch_size * plan.batch_size * plan.epochs
    budget_ms = 1000 * plan.budget_cpu_s / total
    done = len(seen.losses) * plan.batch_size
    needed = f"{1000 * seen.cpu_s / done:.3g} ms" if done else "more"
    right = " Its steps so far are right: what is missing is speed, not correctness." if done else ""
    return Evidence(
        said=seen.hit_limit or f"The training is too slow: an image takes {needed} of CPU time.{right}",
        expected=f"at most {budget_ms:.3g} ms an image: {plan.budget_cpu_s:g} s for {total:,} images",
        got=f"{needed} an image",
        hint="Replace the loops over samples, channels and pixels by operations on whole arrays.",
        facts={"steps": len(seen.losses), "cpu_s": round(seen.cpu_s, 3), "budget_cpu_s": plan.budget_cpu_s},
    )


def _say_below(plan: TrainingPlan, accuracy: float, steps: int) -> Evidence:
    return Evidence(
        said=f"After {steps:,} steps the network recognises {accuracy:.1%} of the test images.",
        expected=f"at least {plan.threshold:.0%}",
        got=f"{accuracy:.1%}",
        hint="Each replayed step was right, so a poor start is the likely cause; if this stays, ask the staff.",
    )


def _say_otherwise(differing: int, count: int) -> Evidence:
    return Evidence(
        said=f"The trained network's own outputs put {differing} of {count:,} test images into another class than its parameters do.",
        expected=f"the same classes, but for near-ties: {NEAR_TIES:.1%}",
        got=f"{differing / count:.1%}",
        hint="forward must compute its output from params and the input alone, whatever the number of images.",
    )
