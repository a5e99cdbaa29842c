"""Gradients of a submission's layers and losses, against finite differences of its own forward."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.asserts.families import Family, Made
from grader.asserts.gradient_evidence import MEMORY, Surroundings, describe_finding, describe_wrong, say_wrong
from grader.asserts.prober import SubmissionProber
from grader.asserts.replay import Scene, write_replay
from grader.asserts.subjects import RemoteLayer, RemoteLoss
from grader.asserts.values import fail
from grader.faults import CheckFailed, GraderFault, StudentFault
from grader.gradients.case import Case
from grader.gradients.engine import CASES, Draw, Judgement, Trial, judge_gradients
from grader.gradients.findings import Finding
from grader.gradients.line import FIRST_STEP
from grader.gradients.questions import find_differences, is_slow
from grader.gradients.shrink import Sizes, shrink_sizes
from grader.gradients.subject import Arguments, Array, Subject
from grader.model.evidence import Evidence

Oracle = Callable[[Arguments, Array], Mapping[str, Array]]
"""The right gradients at a point for an upstream gradient; decides what differences can't."""

_ORACLE_RELATIVE = 1e-6
_CASES_OF_SMALLER = 2


def check_layer(
    worker: SubmissionProber,
    constructor: tuple[str, str],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    family: Family | None = None,
    draw: Draw | None = None,
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

    Give a `family`, whose smaller members show a fault to the student, or `draw(generator)` with what the layer is built
    with: it gives a point, `input` and every parameter that is to be set, away from kinks. Other arguments' gradients are
    not fetched. `attributes` are set after construction, `training` too. `fresh` builds the layer anew for every
    evaluation, without a decoy before it (Dropout with a seed). Cases that can't tell are redrawn, then decided by the
    oracle, or left out; the judgement that is returned says so in its `notes`. Raises CheckFailed.
    """
    # Sorted, since a set's order changes from run to run and the draws would change with it.
    names = (judge,) if isinstance(judge, str) else tuple(sorted(judge))
    options = dict(kwargs or {}) | dict(family.kwargs if family else {})

    def pose(made: Made) -> Posed:
        subject = RemoteLayer(
            worker, constructor, made.args, options, wanted=names, training=training, attributes=attributes, fresh=fresh
        )
        settings = dict(attributes or {}) | ({} if training else {"training": False})
        scene = Scene(worker.package, constructor, made.args, options, {}, "", settings=settings)
        return Posed(subject, made, scene, worker)

    check = GradientCheck(pose, names, seed, cases, first_step, oracle, family)
    return check.run(_choose(family, Made(draw, tuple(args), output_shape) if draw else None))


def check_loss(
    worker: SubmissionProber,
    constructor: tuple[str, str],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    family: Family | None = None,
    target: NDArray[Any] | None = None,
    draw: Draw | None = None,
    seed: int,
    cases: int = CASES,
    oracle: Oracle | None = None,
) -> Judgement:
    """Fail the check unless the gradient of the loss at its prediction is right.

    Give a `family`, or `draw(generator)` that gives `{"prediction": array}`, away from kinks, with the `target` of every
    call. Raises CheckFailed.
    """
    options = dict(kwargs or {}) | dict(family.kwargs if family else {})

    def pose(made: Made) -> Posed:
        assert made.target is not None
        subject = RemoteLoss(worker, constructor, made.args, options, made.target)
        scene = Scene(worker.package, constructor, made.args, options, {"target": made.target}, "")
        return Posed(subject, made, scene, worker)

    check = GradientCheck(pose, ("prediction",), seed, cases, FIRST_STEP, oracle, family)
    return check.run(_choose(family, Made(draw, tuple(args), (), target) if draw else None))


def _choose(family: Family | None, single: Made | None) -> Made:
    made = family.make(family.sizes) if family else single
    if made is None or (family and single):
        raise GraderFault("a gradient check takes either a family, whose first sizes make a case, or draw")
    return made


@dataclass(frozen=True)
class Posed:
    """One object under test."""

    subject: RemoteLayer | RemoteLoss
    """What is asked."""
    made: Made
    """Its sizes' draws."""
    scene: Scene
    """How a person would build it; arrays and argument are still to come."""
    prober: SubmissionProber
    """The submission."""

    def write_replay(self, case: Case, argument: str, *, used_before: bool) -> str | None:
        """Return lines that show the case to a person."""
        assert case.turn is not None
        grad_output = None if isinstance(self.subject, RemoteLoss) else np.round(case.turn.grad_output, 2)
        scene = replace(self.scene, arrays={**case.point, **self.scene.arrays}, argument=argument)
        return write_replay(replace(scene, grad_output=grad_output, used_before=used_before))


@dataclass(frozen=True)
class GradientCheck:
    """One check of gradients: judged on the first sizes, shown on the smallest ones that fail alike."""

    pose: Callable[[Made], Posed]
    """Builds the object of some sizes."""
    judged: tuple[str, ...]
    """The arguments whose gradients are looked at."""
    seed: int
    """Of all draws."""
    cases: int
    """How many."""
    first_step: float
    """Of every line."""
    oracle: Oracle | None
    """Decides what differences can't."""
    family: Family | None
    """Where smaller cases come from."""

    def run(self, made: Made) -> Judgement:
        """Fail the check unless the gradients are right."""
        posed = self.pose(made)
        judgement = self._judge(posed, self.cases)
        fault = _find_fault(posed.subject, judgement)
        if fault is not None:
            posed.prober.conclude(fault.said)
            raise CheckFailed(self._explain(posed, judgement, fault))
        subject = posed.subject
        if self.oracle is not None:
            for trial in judgement.trials:
                _ask_oracle(subject, trial, self.oracle)
        if judgement.flat:
            name = judgement.flat[0]
            fail(
                f"The output of {subject.title} does not change when its {name} does, so it has no gradient to check.",
                expected=f"an output that depends on {name}",
                got=f"the same output for every {name}",
                facts={"seed": judgement.trials[-1].seed, "argument": name},
            )
        for note in (*judgement.notes, *_note_differences(subject, judgement)):
            posed.prober.note(note)
        return judgement

    def _judge(self, posed: Posed, cases: int) -> Judgement:
        made = posed.made
        return judge_gradients(
            posed.subject, made.draw, self.judged, seed=self.seed, cases=cases, first_step=self.first_step, output_shape=made.output_shape
        )

    def _explain(self, posed: Posed, judgement: Judgement, fault: Fault) -> Evidence:
        if judgement.wrong is None:
            assert fault.finding is not None
            evidence = describe_finding(fault.finding, judgement.trials[-1])
        else:
            evidence = describe_wrong(posed.subject, *judgement.wrong, self._name_surroundings(posed))
        if fault.argument is None:
            return evidence
        memory = MEMORY.intersection(evidence.facts.get("suspicions", ()))
        try:
            smallest, sizes = self._find_smallest(posed, judgement, fault)
            replay = self._write_replay(*smallest, fault, used_before=bool(memory))
        except StudentFault:
            return evidence  # the worker came to its end: what is known by now must do
        facts = {**evidence.facts, **({"smallest_sizes": sizes} if sizes else {})}
        return replace(evidence, facts=facts, replay=replay or "")

    def _name_surroundings(self, posed: Posed) -> Surroundings:
        """Name the numbers and arrays that may stand in a wrong gradient."""
        target = posed.made.target
        return Surroundings(
            self.family.sizes if self.family else {},
            {name: value for name, value in posed.scene.kwargs.items() if not isinstance(value, str)},
            {} if target is None else {"target": target},
        )

    def _write_replay(self, posed: Posed, judgement: Judgement, fault: Fault, *, used_before: bool) -> str | None:
        """Write the smallest case down, in round numbers where these show the fault too."""
        assert fault.argument is not None
        point = judgement.trials[-1].case.point
        rounded = {name: np.round(array, 2) for name, array in point.items()}

        def draw(generator: np.random.Generator) -> Arguments:
            return rounded

        again = self._judge(replace(posed, made=replace(posed.made, draw=draw)), 1)
        case = again.trials[-1].case if fault.is_like(_find_fault(posed.subject, again)) else judgement.trials[-1].case
        return posed.write_replay(case, fault.argument, used_before=used_before) if case.turn is not None else None

    def _find_smallest(self, posed: Posed, judgement: Judgement, fault: Fault) -> tuple[tuple[Posed, Judgement], dict[str, int]]:
        """Return the object and judgement of the smallest sizes that fail alike, and the sizes."""
        if self.family is None:
            return (posed, judgement), {}
        found: dict[tuple[int, ...], tuple[Posed, Judgement]] = {tuple(self.family.sizes.values()): (posed, judgement)}
        make = self.family.make

        def shows(sizes: Sizes) -> bool:
            made = make(sizes)
            if made is None:
                return False
            smaller = self.pose(made)
            judged = self._judge(smaller, _CASES_OF_SMALLER)
            if not fault.is_like(_find_fault(smaller.subject, judged)):
                return False
            found[tuple(sizes.values())] = (smaller, judged)
            return True

        sizes = shrink_sizes(self.family.sizes, shows, self.family.least)
        return found[tuple(sizes.values())], sizes


def _note_differences(subject: Subject, judgement: Judgement) -> list[str]:
    """A right gradient that was found by differencing forward passes, and a person is told."""
    slow = [trial.case for trial in judgement.trials if is_slow(trial.case)]
    if len(slow) < len(judgement.trials) or slow[0].turn is None:
        return []
    finding = find_differences(subject, subject.answer(slow[0].point, slow[0].turn.grad_output))
    return [finding.said] if finding else []


@dataclass(frozen=True)
class Fault:
    """What a judgement ends with: two are alike when kind and argument are."""

    kind: str
    """The finding's kind, or "wrong"."""
    argument: str | None
    """The argument concerned; None when it is the object as a whole."""
    said: str
    """The sentence for the student."""
    finding: Finding | None = None
    """The finding; None for a gradient that differs."""

    def is_like(self, other: Fault | None) -> bool:
        """Whether another judgement ends alike."""
        return other is not None and (self.kind, self.argument) == (other.kind, other.argument)


def _find_fault(subject: Subject, judgement: Judgement) -> Fault | None:
    finding, wrong = judgement.finding, judgement.wrong
    if finding is not None:
        return Fault(str(finding.kind), finding.argument, finding.said, finding)
    return None if wrong is None else Fault("wrong", wrong[1].argument, say_wrong(subject, wrong[1]))


def _ask_oracle(subject: Subject, trial: Trial, oracle: Oracle) -> None:
    """Decide by the oracle what the last draw of a case left blind."""
    case = trial.case
    if not case.blind or case.told is None or case.turn is None:
        return
    right = oracle(case.point, case.turn.grad_output)
    for name in case.blind:
        off = float(np.max(np.abs(case.told.gradients[name] - right[name]), initial=0.0))
        largest = float(np.max(np.abs(right[name]), initial=0.0))
        if not off <= _ORACLE_RELATIVE * largest + 1e-12:
            fail(
                f"{subject.label(name)} is not the gradient at {name}: it differs from the right one.",
                got=f"an entry that is off by {off:.3g}, where the largest is {largest:.3g}",
                tolerance=f"{_ORACLE_RELATIVE:g} of the largest entry",
                facts={"argument": name, "seed": trial.seed, "largest_difference": off},
            )
