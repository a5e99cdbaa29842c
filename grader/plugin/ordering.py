"""Which checks run, and in which order: prerequisites before what needs them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from grader.faults import GraderFault
from grader.plugin.definition import CheckDefinition


def select(definitions: Sequence[CheckDefinition], only: Iterable[str], visibility: str) -> tuple[set[str], set[str]]:
    """Return the ids to score and the ids to run unscored because a scored one needs them."""
    groups = set(only)
    wanted = [d for d in definitions if (not groups or d.group in groups) and (visibility == "all" or d.visibility == visibility)]
    scored = {d.id for d in wanted}
    by_id = {d.id: d for d in definitions}
    needed: set[str] = set()
    queue = [name for d in wanted for name in d.after]
    while queue:
        name = queue.pop()
        if name in by_id and name not in scored and name not in needed and (visibility == "all" or by_id[name].visibility == visibility):
            needed.add(name)
            queue += by_id[name].after
    return scored, needed


def order(definitions: Sequence[CheckDefinition], shuffle: int | None = None) -> list[str]:
    """Return ids in the given order (or one drawn from `shuffle`), each after those it names; cycles raise `GraderFault`."""
    by_id = {d.id: d for d in definitions}
    names = list(by_id)
    if shuffle is not None:
        random.Random(shuffle).shuffle(names)
    placed: dict[str, None] = {}
    open_: set[str] = set()

    def place(name: str) -> None:
        if name in placed or name not in by_id:
            return
        if name in open_:
            raise GraderFault(f"checks need each other in a circle: {' -> '.join(sorted(open_))}")
        open_.add(name)
        for needed in by_id[name].after:
            place(needed)
        open_.discard(name)
        placed[name] = None

    for name in names:
        place(name)
    return list(placed)
