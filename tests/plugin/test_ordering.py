"""Selection and order of checks."""

from __future__ import annotations

import pytest

from grader.faults import GraderFault
from grader.plugin.definition import CheckDefinition
from grader.plugin.ordering import order, select


def check(name: str, *after: str, visibility: str = "hidden") -> CheckDefinition:
    return CheckDefinition(id=name, title=name, group=name.split("/")[0], points=1, visibility=visibility, after=after)


CHECKS = [check("t/train", "d/forward", "l/value"), check("d/forward"), check("l/value", "s/softmax"), check("s/softmax"), check("x/other")]


def test_prerequisites_come_first_in_every_shuffled_order() -> None:
    seen = set()
    for seed in range(30):
        names = order(CHECKS, seed)
        seen.add(tuple(names))
        assert sorted(names) == sorted(c.id for c in CHECKS)
        assert names.index("t/train") > max(names.index("d/forward"), names.index("l/value"))
        assert names.index("l/value") > names.index("s/softmax")
    assert len(seen) > 5


def test_circle_is_the_authors_fault() -> None:
    with pytest.raises(GraderFault, match="circle"):
        order([check("a/x", "b/y"), check("b/y", "a/x")])


def test_only_runs_the_named_prerequisites_unscored() -> None:
    scored, needed = select(CHECKS, ["t"], "all")
    assert scored == {"t/train"}
    assert needed == {"d/forward", "l/value", "s/softmax"}


def test_public_run_leaves_hidden_checks_out() -> None:
    checks = [check("a/x", visibility="public"), check("a/y")]
    assert select(checks, [], "public") == ({"a/x"}, set())
