"""A check that runs again, heard beside what the student's submission answered: stopped as soon as it can't explain anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from grader.diagnosis.agreement import CLOSE, is_alike, is_close, is_reshaped, is_same_question, measure_distance
from grader.diagnosis.transcript import Exchange, Stopped

RAISED = "SubmissionRaised"


class Agreement(IntEnum):
    """How well a transcript agrees with the student's."""

    NONE = 0
    """An answer is another one."""
    ALIKE = 1
    """The same but for what a style is free to do otherwise (its own draws, the type of an exception), or without an answer that tells."""
    SAME = 2
    """Every answer is the same, and one of them tells: it is another one than the reference's, and more than an exception."""


class Departed(Exception):
    """An answer is another one than the student's: the rest of the check need not be run."""


class Concluded(Exception):
    """The check has failed: what it would still ask only explains it."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


@dataclass
class Follower:
    """Listens to a check that runs again on a misconception."""

    wanted: Sequence[Exchange]
    """What the student's submission was asked and answered."""
    right: Sequence[Exchange]
    """What the reference answers: what is equal here tells nothing."""
    is_free: Callable[[int], bool] = lambda place: False
    """Whether the answer at a place holds draws or files that each submission makes in its own way."""
    distance: float = 0.0
    """The largest relative distance of an answer so far."""
    telling: bool = False
    """Whether an answer agreed that the reference does not give."""
    lenient: bool = False
    """Whether an answer was only alike."""
    departed: bool = False
    """Whether an answer was another one."""
    heard: int = 0
    """Exchanges so far."""
    _lost: bool = False

    def hear(self, question: str, given: Any, answer: Any) -> None:
        """Compare one exchange with the student's; raises Departed."""
        here, place = Exchange(question, given, answer), self.heard
        self.heard += 1
        if self._lost:
            return
        if place >= len(self.wanted) or not is_same_question(here, self.wanted[place]):
            # Round-off may lead a check to ask on: what was said until then can be enough.
            self._lost = self.lenient = self.telling
            if not self._lost:
                self._depart()
            return
        wanted = self.wanted[place]
        distance = measure_distance(answer, wanted.answer)
        if distance <= CLOSE:
            self.distance = max(self.distance, distance)
            self.telling = self.telling or not (isinstance(answer, Stopped) or self._is_right(place))
        elif self._is_excused(place, wanted, here):
            self.lenient = True
        else:
            self._depart()

    def conclude(self, said: str) -> None:
        """Nothing more is compared."""

    @property
    def agreement(self) -> Agreement:
        """How well the whole agrees, once the check has ended."""
        if self.departed or not (self._lost or self.heard == len(self.wanted)):
            return Agreement.NONE
        return Agreement.SAME if self.telling and not self.lenient else Agreement.ALIKE

    def _depart(self) -> None:
        self.departed = True
        raise Departed

    def _is_right(self, place: int) -> bool:
        """Whether the student's answer is the reference's."""
        return place < len(self.right) and self._is_asked_alike(place) and is_close(self.wanted[place], self.right[place])

    def _is_asked_alike(self, place: int) -> bool:
        return is_same_question(self.wanted[place], self.right[place])

    def _is_excused(self, place: int, wanted: Exchange, here: Exchange) -> bool:
        if self.is_free(place) and is_alike(wanted.answer, here.answer):
            return True
        if place < len(self.wanted) - 1:
            return False
        if _has_raised(wanted) and _has_raised(here):
            return wanted.answer.method == here.answer.method
        # A wrong shape may be wrong in another way; that both are wrong, the check's words will tell.
        if is_reshaped(wanted.answer, here.answer):
            return True
        # Where the reference refuses, what else is done instead is a style's own.
        refused = place < len(self.right) and self._is_asked_alike(place) and _has_raised(self.right[place])
        return refused and not is_close(wanted, self.right[place]) and not is_close(here, self.right[place])


def _has_raised(exchange: Exchange) -> bool:
    return isinstance(exchange.answer, Stopped) and exchange.answer.kind == RAISED
