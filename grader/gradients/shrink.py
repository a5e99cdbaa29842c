"""The smallest sizes that still show a fault: small enough to be worked through by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Sizes = Mapping[str, int]
"""The numbers that a case's shapes are made of, by name: batch_size, input_features, rows."""

MOST_TRIES = 40
"""Cases tried before the smallest one so far is taken as it is."""


def shrink_sizes(sizes: Sizes, shows: Callable[[Sizes], bool], least: Sizes | None = None) -> dict[str, int]:
    """Return the smallest sizes for which `shows(sizes)` holds, starting from `sizes`, for which it does.

    Each size in turn goes to its least value (1 unless `least` says otherwise), to half, to one less, until nothing moves.
    `shows` is asked at most `MOST_TRIES` times, never twice for the same sizes.
    """
    smallest = dict(sizes)
    seen: dict[tuple[int, ...], bool] = {}

    def still_shows(candidate: dict[str, int]) -> bool:
        key = tuple(candidate.values())
        if key not in seen:
            if len(seen) >= MOST_TRIES:
                return False
            seen[key] = shows(candidate)
        return seen[key]

    moved = True
    while moved:
        moved = False
        for name, size in list(smallest.items()):
            for smaller in _list_smaller(size, (least or {}).get(name, 1)):
                candidate = {**smallest, name: smaller}
                if still_shows(candidate):
                    smallest, moved = candidate, True
                    break
    return smallest


def _list_smaller(size: int, least: int) -> list[int]:
    return [smaller for smaller in dict.fromkeys((least, size // 2, size - 1)) if least <= smaller < size]
