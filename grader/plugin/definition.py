"""What a check says of itself: the mark `check`, read and validated once, at collection."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from grader.faults import GraderFault
from grader.model.assignment import Assignment
from grader.model.limits import Limits

_NEUTRAL = "A check without a title"


@dataclass(frozen=True)
class CheckDefinition:
    """One check, before it ran."""

    id: str
    """`group/function`, `test_` left out."""
    title: str
    """The docstring's first line."""
    group: str
    """The contract item that it is about."""
    points: float
    """What it can earn."""
    visibility: str
    """`public` or `hidden`, from its folder."""
    after: tuple[str, ...] = ()
    """Ids of the single core checks without which this one says nothing."""
    limits: dict[str, float] = field(default_factory=dict[str, float])
    """Changes of the assignment's limits."""
    scratch: str = ""
    """Non-empty: the check gets a scratch folder, named to the worker by this environment variable (`-`: by none)."""
    preload: tuple[str, ...] = ()
    """Modules that take long to import and that the submission may use here: its worker has them where its source imports their package."""
    timed: bool = False
    """Whether its message depends on the machine's speed."""
    holds: tuple[str, ...] = ()
    """Ids of the contract's sentences that it holds (`sentences.toml`)."""


def read_mark(
    group: str,
    *,
    points: float = 1.0,
    after: tuple[str, ...] | list[str] = (),
    limits: dict[str, float] | None = None,
    scratch: str = "",
    preload: tuple[str, ...] | list[str] = (),
    timed: bool = False,
    holds: tuple[str, ...] | list[str] = (),
) -> dict[str, Any]:
    """The signature of `@pytest.mark.check(...)`: a misspelt argument is a TypeError that names it."""
    return {
        "group": group,
        "points": float(points),
        "after": tuple(after),
        "limits": limits or {},
        "scratch": scratch,
        "preload": tuple(preload),
        "timed": timed,
        "holds": tuple(holds),
    }


def define(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], folder: str, assignment: Assignment
) -> CheckDefinition:
    """Build the definition of a marked function that lies in `folder`; `GraderFault` says what its author got wrong."""
    name = function.__name__.removeprefix("test_")
    try:
        mark = read_mark(*args, **kwargs)
    except TypeError as error:
        raise GraderFault(f"check {name}: the mark is wrong: {error}") from error
    group = mark["group"]
    if group not in assignment.groups:
        raise GraderFault(f"check {name}: assignment.toml has no group {group!r}")
    if folder not in ("public", "hidden"):
        raise GraderFault(f"check {name} lies in {folder!r}; checks lie in public/ or hidden/")
    unknown = sorted(set(mark["limits"]) - set(Limits.__dataclass_fields__))
    if unknown:
        raise GraderFault(f"check {name}: there is no limit {', '.join(unknown)}")
    misnamed = [name for name in mark["preload"] if not isinstance(name, str) or not name.replace(".", "_").isidentifier()]
    if misnamed or isinstance(kwargs.get("preload"), str):
        raise GraderFault(f"check {name}: preload names modules, ('matplotlib.figure',); it is {kwargs['preload']!r}")
    title = (inspect.getdoc(function) or _NEUTRAL).strip().splitlines()[0].rstrip(".")
    return CheckDefinition(
        id=f"{group}/{name}",
        title=title,
        visibility=folder,
        **mark,
    )
