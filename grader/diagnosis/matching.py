"""Which misconceptions explain the checks that failed.

A misconception explains a failed check when the same check, run again on the reference with that edit, fails too, after the
same questions and the same answers. Of several that do, those that explain more of the item's failed checks are kept, then those
that agree most closely, then those that pass what the student passed; what is left are rivals, and are named together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from grader.diagnosis.agreement import CLOSE, is_same_question, measure_exchange
from grader.diagnosis.transcript import Exchange, Transcript

MOST_RIVALS = 3
"""More than these at once say nothing to a student."""
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
    """What the student was told."""
    transcript: Transcript
    """What led to it."""


@dataclass(frozen=True)
class Rehearsed:
    """A check that was run again on a misconception."""

    ending: Ending
    """How it ended."""
    said: str = ""
    """What a student would have been told."""


@dataclass(frozen=True)
class Named:
    """What was found for a failed check."""

    misconceptions: tuple[str, ...]
    """One id, or those that can't be told apart."""
    distance: float
    """How far the answers are apart, relative; 0.0 where nothing but words was compared."""


Rehearse = Callable[[str, str, "Follower | None"], Rehearsed]
"""Runs a check (by id) on a misconception (by id) and lets a listener hear it."""


class Departed(Exception):
    """An answer is another one than the student's: the rest of the check need not be run."""


@dataclass
class Follower:
    """Listens to a check that runs again, and stops it where an answer departs from the student's."""

    wanted: Sequence[Exchange]
    """The student's exchanges."""
    distance: float = 0.0
    """The largest distance so far."""
    departed: bool = False
    """Whether an answer, or a question, was another one."""
    heard: int = 0
    """Exchanges so far."""

    def hear(self, question: str, given: Any, answer: Any) -> None:
        """Compare one exchange with the student's; raises Departed."""
        here = Exchange(question, given, answer)
        if self.heard >= len(self.wanted) or not is_same_question(here, self.wanted[self.heard]):
            self._depart()
        distance = measure_exchange(here, self.wanted[self.heard])
        if not distance <= CLOSE:
            self._depart()
        self.distance = max(self.distance, distance)
        self.heard += 1

    def _depart(self) -> None:
        self.departed = True
        raise Departed

    @property
    def agrees(self) -> bool:
        """Whether every answer was the student's, and none is missing."""
        return not self.departed and self.heard == len(self.wanted)


@dataclass
class _Cluster:
    """Failed checks that the same misconceptions explain."""

    checks: list[str] = field(default_factory=list[str])
    distances: dict[str, float] = field(default_factory=dict[str, float])


class Matcher:
    """Explains the failed checks of one run, within a budget."""

    def __init__(self, items: Mapping[str, str], rehearse: Rehearse, passed: Mapping[str, Sequence[str]], spent: Callable[[], bool]) -> None:
        """Take the item of each misconception, a way to run a check again, the passed checks by item, and when to stop."""
        self._items = items
        self._rehearse = rehearse
        self._passed = passed
        self._spent = spent
        self._clusters: dict[str, list[_Cluster]] = {}
        self._excused: dict[tuple[str, str], bool] = {}

    def explain(self, failures: Sequence[Failure]) -> dict[str, Named]:
        """Return what was found, by check; checks that nothing explains are missing."""
        for failure in interleave(failures):
            if failure.transcript.usable:
                self._explain_one(failure)
        return {check: named for clusters in self._clusters.values() for cluster in clusters for check, named in self._name(cluster)}

    def _explain_one(self, failure: Failure) -> None:
        clusters = self._clusters.setdefault(failure.group, [])
        tried: set[str] = set()
        for cluster in clusters:
            found = self._try(failure, cluster.distances)
            tried |= cluster.distances.keys()
            if found:
                cluster.checks.append(failure.check)
                cluster.distances = {name: max(cluster.distances[name], distance) for name, distance in found.items()}
                return
        found = self._try(failure, [name for name, item in self._items.items() if item == failure.group and name not in tried])
        if found:
            clusters.append(_Cluster([failure.check], found))

    def _try(self, failure: Failure, names: Iterable[str]) -> dict[str, float]:
        found: dict[str, float] = {}
        for name in names:
            if self._spent():
                break
            follower = Follower(failure.transcript.exchanges)
            rehearsed = self._rehearse(failure.check, name, follower)
            if rehearsed.ending is Ending.FAILED and follower.agrees:
                found[name] = follower.distance
        return found

    def _name(self, cluster: _Cluster) -> Iterable[tuple[str, Named]]:
        names = keep_nearest(cluster.distances)
        if len(names) > 1:
            names = self._keep_consistent(names, cluster)
        if len(names) <= MOST_RIVALS:
            for check in cluster.checks:
                yield check, Named(tuple(names), max(cluster.distances[name] for name in names))

    def _keep_consistent(self, names: list[str], cluster: _Cluster) -> list[str]:
        """Drop rivals that fail what the student passed, unless all do."""
        group = self._items[names[0]]
        for check in self._passed.get(group, ()):
            if self._spent() or len(names) == 1:
                break
            innocent = [name for name in names if self._rehearse(check, name, None).ending is not Ending.FAILED]
            names = innocent or names
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


def reduce_sentence(said: str) -> str:
    """Return a message without its numbers and its places in the student's files."""
    return re.sub(r"[-+]?\d[\d.e+-]*", "#", said.splitlines()[0] if said else "")
