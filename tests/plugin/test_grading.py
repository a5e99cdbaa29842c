"""Which workers get a module beforehand: those whose submission's modules import its package, if any check's mark names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.asserts.source import Scan
from grader.model.assignment import Assignment, Group
from grader.model.job import Session
from grader.model.limits import Limits
from grader.plugin.definition import CheckDefinition
from grader.plugin.grading import Grading

FIGURE = ("matplotlib.figure", "matplotlib.backends.backend_agg")
MODULES = ("layers", "losses", "visualize")


@pytest.fixture
def grade(tmp_path: Path) -> Any:
    """A session's state whose scan found these imports; the check of visualize has `preload` in its mark."""

    def grade(preload: tuple[str, ...] = FIGURE, own: dict[str, list[str]] | None = None, **packages: set[str]) -> Grading:
        groups = {f"{name}.one": Group(name, 1.0) for name in MODULES} | {"training.one": Group("training", 1.0)}
        assignment = Assignment("small", "1", "Small", tmp_path, "pytorchnano", MODULES, groups, Limits())
        session = Session(str(tmp_path), str(tmp_path), "", 1, 1, str(tmp_path / "journal"), str(tmp_path))
        grading = Grading(session, assignment)
        name = "pytorchnano.{}".format
        imports = {"pytorchnano" if module == "init" else name(module): tuple(map(name, to)) for module, to in (own or {}).items()}
        found = {"pytorchnano" if module == "init" else name(module): frozenset(those) for module, those in packages.items()}
        grading._scan = Scan((), imports, found)
        for group in groups:
            marked = preload if group == "visualize.one" else ()
            grading.definitions[f"{group}/a"] = CheckDefinition(f"{group}/a", "A", group, 1.0, "public", preload=marked)
        return grading

    return grade


def preloading(grading: Grading) -> set[str]:
    return {one.group.split(".")[0] for one in grading.definitions.values() if grading.preload_of(one)}


def test_checks_of_the_module_that_draws_alone_have_it_beforehand(grade: Any) -> None:
    grading = grade(visualize={"matplotlib", "os"}, layers={"numpy"})
    assert preloading(grading) == {"visualize", "training"}
    assert grading.preload_of(grading.definitions["visualize.one/a"]) == tuple(sorted(FIGURE))


@pytest.mark.parametrize("importing", [{"init": {"matplotlib"}}, {"own": {"init": ["visualize"]}, "visualize": {"matplotlib"}}])
def test_package_that_draws_at_its_import_has_it_for_every_check(grade: Any, importing: dict[str, Any]) -> None:
    assert preloading(grade(**importing)) == {*MODULES, "training"}


def test_module_that_leads_to_the_drawing_one_has_it_too(grade: Any) -> None:
    assert preloading(grade(own={"layers": ["visualize"]}, visualize={"matplotlib"})) == {"layers", "visualize", "training"}


def test_submission_that_does_not_import_it_never_waits_for_it(grade: Any) -> None:
    assert preloading(grade(visualize={"struct", "zlib"})) == set()


def test_nothing_is_loaded_beforehand_that_no_mark_names(grade: Any) -> None:
    assert preloading(grade(preload=(), visualize={"matplotlib"})) == set()
