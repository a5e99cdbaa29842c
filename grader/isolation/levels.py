"""Which layers there are, in which order a worker enters them, and the level that they reach together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from grader.faults import IsolationMissing, RequestFault
from grader.isolation import process, rlimits
from grader.isolation.launch import Layer

LAYERS: tuple[Layer, ...] = (process, rlimits)
"""Every layer, in the order it is entered: namespaces and a jail belong before `rlimits`; another uid, Landlock, seccomp after it."""


@dataclass(frozen=True)
class Level:
    """A name for a set of layers."""

    name: str
    """What a report says, `L1`."""
    title: str
    """In words."""
    adds: frozenset[str]
    """Layers, one of which this level has over the one below."""


LEVELS = (
    Level("L0", "separate process", frozenset({"process"})),
    Level("L1", "resource limits", frozenset({"rlimits"})),
    Level("L2", "system-call filter", frozenset({"seccomp"})),
    Level("L3", "file-system view", frozenset({"landlock", "jail"})),
    Level("L4", "another user", frozenset({"uid", "user_namespace"})),
    Level("L5", "namespaces", frozenset({"namespaces"})),
    Level("L5c", "control-group limits", frozenset({"cgroup"})),
)


def reached(layers: Collection[str]) -> str:
    """Return the highest level all of whose lower ones have a layer in force; "none" without a process of its own."""
    name = "none"
    for level in LEVELS:
        if not level.adds & set(layers):
            break
        name = level.name
    return name


def best() -> tuple[str, tuple[Layer, ...]]:
    """Return the highest level of this machine, with its layers in order."""
    layers = tuple(layer for layer in LAYERS if layer.available().ok)
    return reached([layer.NAME for layer in layers]), layers


def select(level: str | None) -> tuple[str, tuple[Layer, ...]]:
    """Return the layers up to a level; None asks for the best there is.

    Raises RequestFault for an unknown level and IsolationMissing for one that this machine does not reach.
    """
    top, layers = best()
    if level is None:
        if top == "none":
            raise IsolationMissing(f"no worker can be started{_explain()}")
        return top, layers
    names = [known.name for known in LEVELS]
    if level not in names:
        raise RequestFault(f"there is no isolation level {level!r}; the levels are {', '.join(names)}")
    if top == "none" or names.index(top) < names.index(level):
        raise IsolationMissing(f"isolation level {level} was asked for; this machine reaches {top}{_explain()}")
    wanted = frozenset[str]().union(*(known.adds for known in LEVELS[: names.index(level) + 1]))
    return level, tuple(layer for layer in layers if layer.NAME in wanted)


def _explain() -> str:
    answers = ((layer.NAME, layer.available()) for layer in LAYERS)
    return "".join(f"; {name}: {answer.reason} ({answer.remedy})" for name, answer in answers if not answer.ok)
