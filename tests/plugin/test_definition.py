"""A check's mark, read once: what it says, and what its author got wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.faults import GraderFault
from grader.model.assignment import Assignment, Group
from grader.model.limits import Limits
from grader.plugin.definition import CheckDefinition, define, read_mark

GROUPS = {"layers.Dense": Group("Dense layer", 3.0)}
ASSIGNMENT = Assignment("small", "1", "Small", Path("small"), "pytorchnano", ("layers",), GROUPS, Limits())


def test_forward_by_hand() -> None:
    """Three samples give the numbers worked out by hand.

    More words.
    """


def make(function: Any = test_forward_by_hand, *args: Any, folder: str = "hidden", **kwargs: Any) -> CheckDefinition:
    return define(function, args or ("layers.Dense",), kwargs, folder, ASSIGNMENT)


def test_id_and_title_come_from_the_function() -> None:
    made = make()
    assert (made.id, made.group) == ("layers.Dense/forward_by_hand", "layers.Dense")
    assert made.title == "Three samples give the numbers worked out by hand"


def test_mark_without_arguments_has_plain_defaults() -> None:
    made = make()
    assert (made.points, made.after, made.limits, made.scratch, made.preload, made.timed, made.holds) == (1.0, (), {}, "", (), False, ())


def test_everything_in_the_mark_is_kept() -> None:
    more = {"points": 2, "after": ["layers.Dense/core"], "limits": {"call_cpu_s": 2}, "scratch": "MNIST_DIR", "timed": True, "holds": ["a"]}
    more["preload"] = ["matplotlib.figure"]
    made = make(**more)
    assert made.points == 2.0
    assert isinstance(made.points, float)
    assert (made.after, made.limits, made.scratch) == (("layers.Dense/core",), {"call_cpu_s": 2}, "MNIST_DIR")
    assert (made.preload, made.timed, made.holds) == (("matplotlib.figure",), True, ("a",))


@pytest.mark.parametrize("folder", ["public", "hidden"])
def test_visibility_is_the_folder(folder: str) -> None:
    assert make(folder=folder).visibility == folder


def test_check_without_a_docstring_has_a_neutral_title() -> None:
    def test_bare() -> None: ...

    def test_blank() -> None:
        """ """

    assert make(test_bare).title == make(test_blank).title == "A check without a title"


@pytest.mark.parametrize(
    "kwargs, said",
    [
        ({"point": 2}, "check forward_by_hand: the mark is wrong: .*'point'"),
        ({"folder": "secret"}, r"check forward_by_hand lies in 'secret'; checks lie in public/ or hidden/"),
        ({"preload": ["matplotlib figure"]}, r"check forward_by_hand: preload names modules, .*; it is \['matplotlib figure'\]"),
        ({"preload": "matplotlib"}, r"check forward_by_hand: preload names modules, .*; it is 'matplotlib'"),
        ({"limits": {"call_cpu": 2, "memory_mb": 9}}, r"check forward_by_hand: there is no limit call_cpu$"),
    ],
)
def test_authors_mistake_is_named(kwargs: dict[str, Any], said: str) -> None:
    with pytest.raises(GraderFault, match=said):
        make(**kwargs)


def test_unknown_group_is_named() -> None:
    with pytest.raises(GraderFault, match=r"check forward_by_hand: assignment\.toml has no group 'layers\.Dens'"):
        make(test_forward_by_hand, "layers.Dens")


@pytest.mark.parametrize("args", [(), ("layers.Dense", 3.0)])
def test_mark_takes_the_group_and_names_alone(args: tuple[Any, ...]) -> None:
    with pytest.raises(GraderFault, match="the mark is wrong"):
        define(test_forward_by_hand, args, {}, "hidden", ASSIGNMENT)


def test_default_limits_are_not_shared_between_marks() -> None:
    read_mark("layers.Dense")["limits"]["call_cpu_s"] = 1.0
    assert read_mark("layers.Dense")["limits"] == {}
