"""What the structural fits say about every seeded bug of layers, activations and losses.

`python -m tests.studies.fits [ID or its beginning ...]` prints a table.

Each bug is built from the reference, called in this process at a few points, and whatever it gets wrong is given to the structural fits,
as if the catalogue of misconceptions did not hold it. `fits_expected.toml` says by hand which labels describe which bug.
"""

from __future__ import annotations

import sys
import tempfile
import time
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from grader.diagnosis.examination import call, find_wrong
from grader.diagnosis.fits import Fit
from grader.model.misconception import Misconception, apply_edits, load_misconceptions
from grader.plugin.examining import load_examination
from tests.studies.in_process import ROOT, LoadedPackage, load_submission

EXAMINATION = load_examination(ROOT / "assignments" / "pytorchnano" / "examination.py")
EXPECTED = Path(__file__).with_name("fits_expected.toml")
KINDS = ("layers.", "activations.", "losses.")
SEEDS = 3
FIRST_SEED = 0

@dataclass(frozen=True)
class Seen:
    """What was said about one wrong array."""

    point: int
    """Which of the item's points."""
    name: str
    """`dx`, `the output`."""
    fit: Fit | None
    """What explains it."""
    seconds: float
    """Of it, calls of `right_at` included."""


def run_bug(entry: Misconception, reference: Any, package: Any, seed: int) -> list[Seen]:
    """Have every array explained that the bug gets wrong."""
    generator = np.random.default_rng(seed)
    seen: list[Seen] = []
    for number, point in enumerate(EXAMINATION.draw_points(generator)[entry.item]):
        for wrong in find_wrong(point, partial(call, package), partial(call, reference), seed):
            start = time.process_time()
            fit = wrong.explain()
            seen.append(Seen(number, wrong.array.name, fit, time.process_time() - start))
    return seen


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
