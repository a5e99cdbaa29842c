"""What the gradient engine does on correct code and on one small error: `python -m tests.studies.gradients --help`.

Runs in this process, without the wall, through the same probes and families as the checks; nothing here is graded.
`--out docs/gradients.md` writes the tables between that document's two `measured` markers.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from grader.asserts import families
from grader.asserts.families import Family
from grader.asserts.subjects import RemoteLayer, RemoteLoss
from grader.gradients import LocalSubject, Verdict, draws, judge_gradients
from grader.gradients.engine import CASES, Judgement
from grader.gradients.subject import Array, Subject, Told, Turn
from tests.studies.document import replace_measured
from tests.studies.in_process import LocalWorker, load_submission

STYLES = ("reference", "terse", "tape", "loops")
"""Four correct submissions of different make."""
SHARES = (0.4, 0.3, 0.2, 0.1)
"""Of all comparisons: plain loops are slow."""


def plain(draw: Any) -> Any:
    """A loss's predictions that need not know its target."""
    return lambda generator, shape, target: draw(generator, shape)


def hinge(generator: np.random.Generator, shape: tuple[int, int], labels: Array) -> Array:
    return draws.draw_hinge_scores(generator, labels, shape[1])  # type: ignore[arg-type]


ROWS = (3, 5)
FAMILIES: dict[str, tuple[tuple[str, str], Family, tuple[str, ...]]] = {
    "Dense": (("layers", "Dense"), families.dense(), ("input", "W", "b")),
    "Conv2D": (("layers", "Conv2D"), families.convolution(outputs=5), ("input", "W", "b")),
    "Conv2D, padding": (("layers", "Conv2D"), families.convolution(outputs=3, padding=(2, 1)), ("input", "W", "b")),
    "Conv2D, stride": (("layers", "Conv2D"), families.convolution(kernel=(2, 1), outputs=3, stride=(2, 3)), ("input", "W", "b")),
    "MaxPool2D": (("layers", "MaxPool2D"), families.pooling(draws.draw_permuted_grid, (2, 3)), ("input",)),
    "MaxPool2D, stride": (("layers", "MaxPool2D"), families.pooling(draws.draw_permuted_grid, (3, 2), (2, 1)), ("input",)),
    "AvgPool2D": (("layers", "AvgPool2D"), families.pooling(draws.draw_gaussian, (2, 3)), ("input",)),
    "BatchNorm": (("layers", "BatchNorm"), families.batch_norm(), ("input", "gamma", "beta")),
    "ReLU": (("activations", "ReLU"), families.matrix(draws.draw_away_from_zero), ("input",)),
    "LeakyReLU": (("activations", "LeakyReLU"), families.matrix(draws.draw_away_from_zero), ("input",)),
    "ELU": (("activations", "ELU"), families.matrix(draws.draw_away_from_zero), ("input",)),
    "Sigmoid": (("activations", "Sigmoid"), families.matrix(draws.draw_gaussian), ("input",)),
    "Tanh": (("activations", "Tanh"), families.matrix(draws.draw_gaussian), ("input",)),
    "Softmax": (("activations", "Softmax"), families.matrix(draws.draw_gaussian), ("input",)),
    "Maxout": (("activations", "Maxout"), families.maxout(), ("input", "W", "b")),
    "MSELoss": (("losses", "MSELoss"), families.loss(plain(draws.draw_gaussian), draws.draw_gaussian, 1, ROWS), ("prediction",)),
    "CrossEntropyLoss": (
        ("losses", "CrossEntropyLoss"),
        families.loss(plain(draws.draw_gaussian), draws.draw_labels, 1, ROWS, True),
        ("prediction",),
    ),
    "CrossEntropyLoss, probabilities": (
        ("losses", "CrossEntropyLoss"),
        families.loss(plain(draws.draw_probability_rows), draws.draw_labels, 1, ROWS, True, from_logits=False),
        ("prediction",),
    ),
    "BinaryCrossEntropyLoss": (
        ("losses", "BinaryCrossEntropyLoss"),
        families.loss(plain(draws.draw_gaussian), draws.draw_probabilities, 1, ROWS),
        ("prediction",),
    ),
    "HingeLoss": (("losses", "HingeLoss"), families.loss(hinge, draws.draw_labels, 1, ROWS, True), ("prediction",)),
}
"""Title: constructor, cases, arguments."""


def make_subject(worker: Any, name: str) -> Subject:
    """Build one function of the table as the checks do."""
    constructor, family, judged = FAMILIES[name]
    made = family.make(family.sizes)
    assert made is not None
    if made.target is not None:
        return RemoteLoss(worker, constructor, made.args, family.kwargs, made.target)
    return RemoteLayer(worker, constructor, made.args, family.kwargs, wanted=judged)


def judge(subject: Subject, name: str, seed: int, cases: int = CASES) -> Judgement:
    """Judge one function of the table."""
    _, family, judged = FAMILIES[name]
    made = family.make(family.sizes)
    assert made is not None
    return judge_gradients(subject, made.draw, judged, seed=seed, cases=cases, output_shape=made.output_shape)


@dataclass
class Tally:
    """What comparisons of correct code came to."""

    verdicts: Counter[str] = field(default_factory=Counter[str])
    """How many of each."""
    findings: list[str] = field(default_factory=list[str])
    """Sentences that accuse, of which there should be none."""
    ratios: list[float] = field(default_factory=list[float])
    """|R| / bar of those that could tell."""

    @property
    def comparisons(self) -> int:
        """Of all verdicts."""
        return sum(self.verdicts.values())

    @property
    def alarms(self) -> int:
        """Accusations of correct code."""
        return self.verdicts[Verdict.WRONG] + len(self.findings)

    def add(self, judgement: Judgement, name: str) -> None:
        """Count a judgement's lines."""
        if judgement.finding is not None:
            self.findings.append(f"{name}: {judgement.finding.said}")
        for trial in judgement.trials:
            for line in trial.case.lines.values():
                self.verdicts[line.verdict] += 1
                if line.verdict is Verdict.AGREE:
                    self.ratios.append(line.error / line.bar)


def compare_correct(style: str, comparisons: int, seed: int) -> Tally:
    """Judge every function of a correct submission in turn until there are enough comparisons."""
    worker, tally = LocalWorker(load_submission(style)), Tally()
    subjects = {name: make_subject(worker, name) for name in FAMILIES}
    while tally.comparisons < comparisons:
        for name, subject in subjects.items():
            tally.add(judge(subject, name, seed), name)
        seed += 1
    return tally


def miss_small_errors(checks: int, seed: int, cases: int = CASES) -> int:
    """Return how many of the checks miss 0.1 % in one entry of a dense layer's 20 x 20 weights, another entry each time."""
    missed = 0
    for number in range(checks):
        place = np.unravel_index(number % 400, (20, 20))

        def backward(g: Array, x: Array, w: Array, b: Array, place: Any = place) -> dict[str, Array]:
            gradients = {"input": g @ w.T, "W": x.T @ g, "b": g.sum(axis=0)}
            gradients["W"][place] *= 1.001
            return gradients

        subject = LocalSubject(lambda x, w, b: x @ w + b, backward)
        draw = lambda generator: draws.draw_dense(generator, (3, 20, 20))  # noqa: E731
        missed += judge_gradients(subject, draw, ("W",), seed=seed + number, cases=cases).wrong is None
    return missed


class Counting:
    """A subject that counts its trips and the calls behind them."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.title, self.label, self.answer = subject.title, subject.label, subject.answer
        self.trips = self.forwards = self.backwards = 0

    def forward(self, points: Any) -> list[Array]:
        self.trips += 1
        self.forwards += len(points)
        return self._subject.forward(points)

    def take_turns(self, turns: Any) -> list[Told]:
        self.trips += 1
        for turn in turns:
            self.forwards += count_forwards(turn)
            self.backwards += 2
        return self._subject.take_turns(turns)


def count_forwards(turn: Turn) -> int:
    """Decoy, point, point again where asked, and the places beside."""
    return 2 + turn.again + sum(len(places) for places in turn.beside.values())


def count_calls() -> Iterator[tuple[str, int, int, int, int]]:
    """Yield function, arguments, trips, forwards and backwards of a check of five cases, for the reference."""
    worker = LocalWorker(load_submission("reference"))
    for name in FAMILIES:
        subject = Counting(make_subject(worker, name))
        judge(subject, name, seed=1)
        yield name, len(FAMILIES[name][2]), subject.trips, subject.forwards, subject.backwards


def upper_bound(missed: int, tries: int) -> float:
    """Bound a rate from above at 95 %: the rule of three, and Wilson's interval once something was missed."""
    if missed == 0:
        return 3 / tries
    z, share = 1.645, missed / tries
    centre = share + z * z / (2 * tries)
    return (centre + z * np.sqrt(share * (1 - share) / tries + z * z / (4 * tries * tries))) / (1 + z * z / tries)


def write_tables(comparisons: int, checks: int, seed: int) -> str:
    """Measure, and return the tables as Markdown."""
    lines = [
        "### Correct code",
        "",
        "| submission | comparisons | false alarms | slight | can't tell, drawn again | 99.9 % of error / bar | largest |",
        "|---|---|---|---|---|---|---|",
    ]
    total = alarms = 0
    for style, share in zip(STYLES, SHARES, strict=True):
        started = time.process_time()
        tally = compare_correct(style, int(comparisons * share), seed)
        slight, blind = tally.verdicts[Verdict.SLIGHT], tally.verdicts[Verdict.BLIND] + tally.verdicts[Verdict.FLAT]
        most, largest = np.quantile(tally.ratios, 0.999), max(tally.ratios)
        lines.append(f"| {style} | {tally.comparisons:,} | {tally.alarms} | {slight} | {blind} | {most:.2f} | {largest:.2f} |")
        for sentence in tally.findings[:5]:
            print(f"FALSE ALARM in {style}: {sentence}")
        total, alarms = total + tally.comparisons, alarms + tally.alarms
        print(f"{style}: {tally.comparisons:,} comparisons, {tally.alarms} false alarms, {time.process_time() - started:.0f} s", flush=True)
    lines += ["", f"In all {total:,} comparisons with {alarms} false alarms: at most {upper_bound(alarms, total):.1e} a comparison (95 %)."]
    missed, single = miss_small_errors(checks, seed), miss_small_errors(checks, seed, cases=1)
    lines += [
        "",
        "### One entry of 400, off by 0.1 %",
        "",
        "| cases | checks | missed | found, at least (95 %) |",
        "|---|---|---|---|",
        *(
            f"| {cases} | {checks:,} | {count} | {100 * (1 - upper_bound(count, checks)):.2f} % |"
            for cases, count in ((1, single), (CASES, missed))
        ),
        "",
        "### Calls of a check of five cases",
        "",
        "| function | arguments | trips | forwards | backwards |",
        "|---|---|---|---|---|",
        *(f"| {name} | {arguments} | {trips} | {f} | {b} |" for name, arguments, trips, f, b in count_calls()),
    ]
    return "\n".join(lines)


def main() -> None:
    options = read_options()
    tables = write_tables(options.comparisons, options.checks, options.seed)
    print(tables)
    if options.out:
        replace_measured(options.out, tables)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What the gradient engine does on correct code and on one small error.")
    parser.add_argument("--comparisons", type=int, default=100_000, help="of correct code, over four submissions")
    parser.add_argument("--checks", type=int, default=4_000, help="of a layer with one small error")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="the document that gets the tables")
    return parser.parse_args()


if __name__ == "__main__":
    main()
