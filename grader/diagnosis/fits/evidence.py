"""How much a match is worth: the wrong entries that it explains against the freedom that it took.

A wrong entry that is hit within the tolerance `t` of the largest is worth `log2(1 / 2t)` bits, 19 for 1e-6. Entries that are
equal, such as zeros or the steps of a hinge loss, tell nothing twice: distinct numbers are counted, or, where a fit moves a
few known numbers about, the ways to lay them out. A fitted number costs as much as an entry, the search among hypotheses 10 bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import lgamma, log, log2
from typing import Any

import numpy as np

from grader.diagnosis.fits.records import WEAK, Array, Fit, WrongArray

SEARCH_BITS = 10.0
"""For the choice among about a thousand hypotheses."""
_CLEARLY = 20
"""A difference below so many tolerances may be noise, or an epsilon: nothing is said about it."""
_TINY = 100
"""What was given counts as tiny when the right array's largest entry is so many times as large."""
_GRAINS = 20
"""Two numbers count as equal when they lie within so many tolerances."""


@dataclass(frozen=True)
class Comparison:
    """A wrong array beside the right one, in float64."""

    wrong: WrongArray
    """Where both come from."""
    right: Array
    """The truth."""
    got: Array
    """What was given; every entry is finite."""
    scale: float
    """The largest |entry| of `right`, or of `got` where that is 0."""
    off: Array
    """Where they differ; all True where the shapes do."""

    @property
    def same_shape(self) -> bool:
        return self.right.shape == self.got.shape

    @cached_property
    def tolerance(self) -> float:
        """Absolute; tighter than by `scale` where all that was given is tiny beside the right one, or anything would fit it."""
        return self.wrong.tolerance * min(self.scale, _TINY * float(np.abs(self.got).max(initial=0.0)))

    @property
    def difference(self) -> Array:
        return self.got - self.right

    def accepts(self, candidate: Array, magnified: float = 1.0) -> bool:
        """Whether `candidate` is what was given; `magnified` says by how much it blew up the errors of the right one."""
        if candidate.shape != self.got.shape:
            return False
        return self.is_close(candidate, self.got, magnified)

    def is_close(self, one: Array, other: Array, magnified: float = 1.0) -> bool:
        """Whether two arrays of one shape agree within the tolerance."""
        bound = self.tolerance * max(1.0, abs(magnified))
        if one.size > 64 and not np.abs(one.flat[:16] - other.flat[:16]).max() <= bound:
            return False  # most hypotheses end here, cheaply
        return bool(np.abs(one - other).max(initial=0.0) <= bound)

    def is_right_at(self, inside: Array) -> bool:
        """Whether the entries `inside` are right, measured by themselves where they are tiny beside the others."""
        if (self.off & inside).any():
            return False
        largest = float(np.abs(self.right[inside]).max(initial=0.0))
        strict = 1.0 if largest > 1e-3 * self.scale else 1e-3
        return bool(np.abs(self.difference[inside]).max(initial=0.0) <= strict * self.tolerance)

    def count_levels(self, values: Array) -> int:
        """How many distinct numbers there are, 0 not counted."""
        grains = np.unique(np.round(values / (_GRAINS * self.tolerance or 1.0)))
        return int(np.count_nonzero(grains))

    def weigh(self, free: float = 0) -> float:
        """Bits of a fit that computed the numbers of the wrong entries with `free` fitted numbers."""
        return (self.count_levels(self.got[self.off]) - free) * self.bits_a_number - SEARCH_BITS

    def weigh_placing(self) -> float:
        """Bits of a fit that took numbers of the right array and laid them out otherwise, where they are wrong."""
        grain = _GRAINS * self.tolerance or 1.0
        grains = np.round(self.got[self.off] / grain)
        new = int(np.count_nonzero(~np.isin(grains, np.round(self.right / grain)) & (grains != 0)))
        _, counts = np.unique(grains, return_counts=True)
        layouts = lgamma(len(grains) + 1) - sum(lgamma(count + 1) for count in counts)
        # That it changes these entries and no others was no matter of course either.
        where = weigh_region(self.off.size, int(self.off.sum()), int(self.off.sum()))
        return max(layouts / log(2) + where, min(new, len(counts)) * self.bits_a_number) - SEARCH_BITS

    @property
    def bits_a_number(self) -> float:
        return max(0.0, -log2(min(0.5, 2 * self.wrong.tolerance)))

    def fit(self, label: str, sentence: str, bits: float, facts: Mapping[str, Any] | None = None, *, weak: bool = False) -> Fit | None:
        """Turn a match into a fit; None for one that chance explains as well."""
        if bits <= 1:
            return None
        certainty = 1 - 2.0 ** -min(bits, 40.0)
        return Fit(label, sentence, WEAK * certainty if weak else certainty, dict(facts or {}))


def compare(wrong: WrongArray) -> Comparison | None:
    """Lay both arrays side by side; None when there is nothing to explain, or no truth to explain it by."""
    right, got = np.asarray(wrong.right, dtype=np.float64), np.asarray(wrong.got, dtype=np.float64)
    if not np.isfinite(right).all() or not np.isfinite(got).all():
        return None
    scale = float(np.abs(right).max(initial=0.0)) or float(np.abs(got).max(initial=0.0))
    if right.shape != got.shape:
        return Comparison(wrong, right, got, scale or 1.0, np.ones(got.shape, dtype=bool))
    off = np.abs(got - right) > wrong.tolerance * scale
    clear = np.abs(got - right).max(initial=0.0) > _CLEARLY * wrong.tolerance * scale
    return Comparison(wrong, right, got, scale, off) if clear else None


def weigh_region(entries: int, inside: int, wrong: int) -> float:
    """Bits of finding all `wrong` entries among the `inside` ones of `entries`, before a search."""

    def log_choose(n: int, k: int) -> float:
        return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)

    return (log_choose(entries, wrong) - log_choose(inside, wrong)) / log(2)
