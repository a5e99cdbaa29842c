"""Which misconceptions explain the checks that failed.

A misconception explains a failed check when the same check, run again on the reference with that edit, fails too, after the
same questions and the same answers, and when it passes what the student passed. Of several that do, those that explain more of the
item's failed checks are kept, then those that agree most closely; what is left are rivals, and are named together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from grader.diagnosis.agreement import is_close
from grader.diagnosis.following import Agreement, Follower
from grader.diagnosis.transcript import Exchange, Listener, Stopped, Transcript

MOST_RIVALS = 3
"""More than these at once say nothing to a student."""
MOST_ALIKE = 2
"""Likewise where the answers are only alike."""
_SHARE = 2
"""A lone misconception is not named where more than this many times the checks that it explains are explained by none."""
_EXACT = 1e-10
"""Rivals that are nearer than this are told apart by nothing but round-off."""


class Ending(IntEnum):
    """How a check ended that was run again."""

    PASSED = 0
    FAILED = 1
    UNKNOWN = 2
    """The grader's own fault, the machine's, or a limit: says nothing."""


@dataclass(frozen=True)
class Failure:
    """A failed check of the submission."""

    check: str
    """Its id."""
    group: str
    """The contract item, whose misconceptions are tried."""
    said: str
    """What the student was told, as `reduce_sentence` leaves it."""
    transcript: Transcript
    """What led to it."""


@dataclass(frozen=True)
class Rehearsed:
    """A check that was run again."""

    ending: Ending
    """How it ended."""
    said: str = ""
    """What a student would have been told, as `reduce_sentence` leaves it."""


@dataclass(frozen=True)
class Named:
    """What was found for a failed check."""

    misconceptions: tuple[str, ...]
    """One id, or those that can't be told apart."""
    agreement: Agreement
    """How well the transcripts agree."""


class Rehearsing(Protocol):
    """Runs checks again."""

    def run(self, check: str, misconception: str, listener: Listener | None = None) -> Rehearsed:
        """Run a check (by id) on a misconception (by id; "": on the reference itself) and let a listener hear it."""
        ...

    def is_spent(self) -> bool:
        """Whether there is no time for more."""
        ...


@dataclass(frozen=True)
class _Fit:
    """How well one misconception explains one check."""

    agreement: Agreement
    distance: float
    worded: bool
    """Whether the student would have been told the same."""


@dataclass(frozen=True)
class _Right:
    """What the reference answers in a check."""

    exchanges: Sequence[Exchange]
    free: set[int]
    """Places of answers that hold draws: two runs of the reference differ there, or the assignment says so."""


@dataclass
class _Cluster:
    """Failed checks that the same misconceptions explain."""

    group: str
    checks: list[str]
    fits: dict[str, _Fit]

    @property
    def agreement(self) -> Agreement:
        return max(fit.agreement for fit in self.fits.values())

    def narrow(self, check: str, fits: Mapping[str, _Fit]) -> None:
        """Take one more check in: only what explains it too is left."""
        self.checks.append(check)
        self.fits = {name: _join(self.fits[name], fit) for name, fit in fits.items()}


def _join(one: _Fit, other: _Fit) -> _Fit:
    """One telling agreement is enough; the distance is the larger one."""
    return _Fit(max(one.agreement, other.agreement), max(one.distance, other.distance), one.worded and other.worded)


class Matcher:
    """Explains the failed checks of one run, as far as there is time."""

    def __init__(
        self,
        items: Mapping[str, str],
        rehearsing: Rehearsing,
        passed: Mapping[str, Sequence[str]],
        is_free: Callable[[str, str], bool] = lambda group, question: False,
    ) -> None:
        """Take each misconception's item, what runs checks again, the passed checks by item, and which questions a style is free in."""
        self._items = items
        self._rehearsing = rehearsing
        self._passed = passed
        self._is_free = is_free
        self._right: dict[str, _Right | None] = {}
        self._tried: set[tuple[str, str]] = set()
        self._failing: dict[str, list[str]] = {}
        self._unexplained: dict[str, list[str]] = {}

    def explain(self, failures: Sequence[Failure]) -> dict[str, Named]:
        """Return what was found, by check; checks that nothing explains are missing.

        What is cheap and telling comes first, lest the work run out: one explained check an item, then whether that explains the
        item's other checks too, then whether it passes what the student passed, and only then what else may be wrong.
        """
        known = set(self._items.values())
        pending = [failure for failure in failures if failure.transcript.usable and failure.group in known]
        for failure in pending:
            self._failing.setdefault(failure.group, []).append(failure.check)
        found: list[tuple[_Cluster, list[str]]] = []
        while pending and not self._rehearsing.is_spent():
            clusters, pending = self._open_clusters(pending)
            if not clusters:
                break
            pending = [failure for failure in pending if not self._widen(failure, clusters)]
            found += [(cluster, names) for cluster in clusters if (names := self._choose(cluster))]
        named: dict[str, Named] = {}
        for group in dict.fromkeys(cluster.group for cluster, _ in found):
            named |= self._name([one for one in found if one[0].group == group])
        return named

    def _name(self, found: Sequence[tuple[_Cluster, list[str]]]) -> dict[str, Named]:
        """Return what is said of one item, whose clusters these are."""
        # Beside a bug that is certain, what is merely alike is mostly its consequence.
        best = max(cluster.agreement for cluster, _ in found)
        chosen = [(cluster, names) for cluster, names in found if cluster.agreement is best]
        if len(chosen) == 1:
            [(cluster, names)] = chosen
            chosen = [(cluster, self._drop_contradicted(cluster, names))]
        return {check: Named(tuple(names), cluster.agreement) for cluster, names in chosen if names for check in cluster.checks}

    def _open_clusters(self, pending: Sequence[Failure]) -> tuple[list[_Cluster], list[Failure]]:
        """Explain one check of each item; return what was found, and the checks that were not tried or are another's."""
        clusters: dict[str, _Cluster] = {}
        left: list[Failure] = []
        for failure in interleave(pending):
            if failure.group in clusters or self._rehearsing.is_spent():
                left.append(failure)
                continue
            fits = self._try(failure, [name for name, item in self._items.items() if item == failure.group])
            if fits:
                clusters[failure.group] = _Cluster(failure.group, [failure.check], fits)
            elif self._right.get(failure.check) is not None and not self._rehearsing.is_spent():
                self._unexplained.setdefault(failure.group, []).append(failure.check)
        return list(clusters.values()), left

    def _widen(self, failure: Failure, clusters: Sequence[_Cluster]) -> bool:
        """Let the item's new cluster explain one more check; False where it does not."""
        for cluster in clusters:
            if cluster.group == failure.group:
                fits = self._try(failure, list(cluster.fits))
                if fits:
                    cluster.narrow(failure.check, fits)
                return bool(fits)
        return False

    def _learn_right(self, failure: Failure) -> _Right | None:
        """Return what the reference answers; None where there is no time, or where it does not pass."""
        if failure.check not in self._right:
            self._right[failure.check] = self._ask_reference(failure)
        return self._right[failure.check]

    def _ask_reference(self, failure: Failure) -> _Right | None:
        transcripts = Transcript(), Transcript()
        for transcript in transcripts:
            if self._rehearsing.is_spent() or self._rehearsing.run(failure.check, "", transcript).ending is not Ending.PASSED:
                return None
        one, other = (transcript.exchanges for transcript in transcripts)
        drawn = {place for place, pair in enumerate(zip(one, other, strict=False)) if not is_close(*pair)}
        asked = failure.transcript.exchanges
        return _Right(one, drawn | {place for place, exchange in enumerate(asked) if self._is_free(failure.group, exchange.question)})

    def _try(self, failure: Failure, names: Iterable[str]) -> dict[str, _Fit]:
        """Return how well each of these explains the failure, the best alone; those that don't, or were tried before, are missing."""
        right = self._learn_right(failure)
        if right is None:
            return {}
        found: dict[str, _Fit] = {}
        for name in names:
            if (failure.check, name) in self._tried:
                continue
            if self._rehearsing.is_spent():
                return {}  # a rival that was not heard may explain it as well
            self._tried.add((failure.check, name))
            fit = self._try_one(failure, right, name)
            if fit.agreement is not Agreement.NONE:
                found[name] = fit
        best = max((fit.agreement for fit in found.values()), default=Agreement.NONE)
        return {name: fit for name, fit in found.items() if fit.agreement is best}

    def _try_one(self, failure: Failure, right: _Right, name: str) -> _Fit:
        exchanges = failure.transcript.exchanges
        follower = Follower(exchanges, right.exchanges, right.free.__contains__)
        rehearsed = self._rehearsing.run(failure.check, name, follower)
        agreement = follower.agreement if rehearsed.ending is Ending.FAILED else Agreement.NONE
        worded = rehearsed.said == failure.said
        if agreement is Agreement.ALIKE and not worded and not isinstance(exchanges[-1].answer, Stopped):
            agreement = Agreement.NONE
        return _Fit(agreement, follower.distance, worded)

    def _choose(self, cluster: _Cluster) -> list[str]:
        """Return the misconceptions that are named for a cluster; none where there are too many, or where they explain too little."""
        names = keep_nearest({name: fit.distance for name, fit in cluster.fits.items() if fit.agreement is cluster.agreement})
        alike = cluster.agreement is Agreement.ALIKE
        if alike and len(cluster.checks) < len(self._failing[cluster.group]):
            return []  # what only looks alike has to account for all that failed
        worded = [name for name in names if cluster.fits[name].worded]
        names = self._keep_consistent(cluster.group, worded if alike else worded or names, certain=not alike)
        return names if len(names) <= (MOST_ALIKE if alike else MOST_RIVALS) else []

    def _drop_contradicted(self, cluster: _Cluster, names: list[str]) -> list[str]:
        """Drop what the item's other failed checks speak against: too many that it fails with other answers, or does not fail.

        Not asked where there is a second bug that explains other checks: where two meet, the answers are neither's.
        """
        explained = len(cluster.checks)
        # One agreement may be chance: nothing must speak against it.
        bearable = explained if explained > 1 else 0
        if len(self._unexplained.get(cluster.group, ())) > _SHARE * bearable:
            return []
        others = [check for check in self._failing[cluster.group] if check not in cluster.checks]

        def is_contradicted(name: str) -> bool:
            against = 0
            for check in others:
                if against > bearable or self._rehearsing.is_spent():
                    break
                against += self._rehearsing.run(check, name).ending is Ending.FAILED
            return against > bearable

        return [name for name in names if not is_contradicted(name)]

    def _keep_consistent(self, group: str, names: list[str], *, certain: bool) -> list[str]:
        """Drop what fails a check that the student passed; where there is no time to look, only what is `certain` is kept."""
        for check in self._passed.get(group, ()):
            if not names:
                break
            if self._rehearsing.is_spent():
                return names if certain else []
            names = [name for name in names if self._rehearsing.run(check, name).ending is not Ending.FAILED]
        return names


def interleave(failures: Sequence[Failure]) -> list[Failure]:
    """Sort: the first failed check of every item, then the second ones: a budget that runs out leaves no item unheard."""
    counts: dict[str, int] = {}
    ranked: list[tuple[int, int, Failure]] = []
    for place, failure in enumerate(failures):
        rank = counts.get(failure.group, 0)
        counts[failure.group] = rank + 1
        ranked.append((rank, place, failure))
    return [failure for _, _, failure in sorted(ranked, key=lambda entry: entry[:2])]


def keep_nearest(distances: Mapping[str, float]) -> list[str]:
    """Return the names whose distance is the least, up to round-off."""
    bound = max(_EXACT, 100 * min(distances.values()))
    return [name for name, distance in distances.items() if distance <= bound]


def reduce_sentence(said: str, hint: str = "") -> str:
    """Return what a student is told, without numbers: the first line and the check's own hint."""
    first = said.splitlines()[0] if said else ""
    # A method goes by the class that defines it, which is a style's own.
    first = re.sub(r"^\w+\.(?=\w+ raised )", "", first)
    return re.sub(r"[-+]?\d[\d.e+-]*|nan|inf", "#", f"{first} | {hint}")
