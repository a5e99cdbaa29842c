"""The student's sentence: what likely is wrong and where the course explains it, never the edit that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from grader.model.misconception import Misconception

ALONE = "The result"
"""So begins what a fit says of an array that was looked at by itself."""


def phrase_hint(found: Sequence[Misconception], own: str = "") -> str:
    """Return the hint for misconceptions that can't be told apart; the check's own hint follows."""
    said = [_phrase_one(one) for one in found]
    if len(said) > 1:
        said = ["It looks like one of these.", *said]
    return " ".join([*said, own] if own and own not in said else said)


def _phrase_one(one: Misconception) -> str:
    return f"{one.hint} See {one.lecture.rstrip('.')}." if one.lecture else one.hint


def phrase_fit(sentence: str, own: str = "") -> str:
    """Return the hint for a structure that was found with everything around known; a fit that knew the array alone gives way to it."""
    if not own or own.startswith(ALONE):
        return sentence
    return own if sentence in own else f"{own} {sentence}"


def phrase_root(layers: Iterable[str]) -> str:
    """Return the hint of a check whose items' own checks failed: mend these first."""
    *others, last = layers
    return f"Mend {', '.join(others)} and {last} first: this uses them." if others else f"Mend {last} first: this uses it."


def find_roots(needed: Sequence[str], failed: Mapping[str, bool]) -> list[str]:
    """Return which of the items that a check uses have failed checks of their own."""
    return [item for item in dict.fromkeys(needed) if failed.get(item, False)]
