"""The committed `student_template/`: what students receive."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grader.handout.template import differences
from grader.model.assignment import find_assignment

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "student_template"
MODULES = find_assignment("pytorchnano").modules
GIVEN = {"Layer.__init__"}
"""What students need not write."""


def test_template_is_a_fresh_strip_of_the_reference() -> None:
    assert differences(ROOT / "reference" / "pytorchnano", TEMPLATE / "pytorchnano") == []


def test_template_names_an_assignment_that_exists() -> None:
    settings = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))
    assert find_assignment(settings["tool"]["grader"]["assignment"]).name == "pytorchnano"


def test_pytest_finds_the_template_as_its_root_and_no_settings_of_a_folder_above() -> None:
    settings = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["pytest"]["ini_options"]


def test_template_holds_only_what_a_student_needs() -> None:
    found = {path.name for path in TEMPLATE.iterdir() if path.name not in {".grader", "__pycache__", ".pytest_cache"}}
    assert found == {"README.md", "pyproject.toml", "pytorchnano"}


def test_readme_names_every_module_of_the_assignment() -> None:
    text = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    assert [module for module in MODULES if f"`{module}.py`" not in text] == []


@pytest.fixture(scope="module")
def package() -> Iterator[ModuleType]:
    """The template, imported under another name so that no other package of that name is met."""
    spec = importlib.util.spec_from_file_location("template_under_test", TEMPLATE / "pytorchnano" / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["template_under_test"] = module
    spec.loader.exec_module(module)
    yield module
    for name in [name for name in sys.modules if name.split(".")[0] == "template_under_test"]:
        del sys.modules[name]


@pytest.mark.parametrize("name", MODULES)
def test_module_imports_cleanly_and_every_public_body_says_that_it_is_not_implemented(package: ModuleType, name: str) -> None:
    module = importlib.import_module(f"{package.__name__}.{name}")
    bodies = list(_public_bodies(module))
    assert bodies
    for title, function in bodies:
        if title in GIVEN:
            continue
        given = [item for item in inspect.signature(function).parameters.values() if item.default is item.empty]
        plain = [None for item in given if item.kind is not item.KEYWORD_ONLY]
        named = {item.name: None for item in given if item.kind is item.KEYWORD_ONLY}
        with pytest.raises(NotImplementedError) as raised:
            function(*plain, **named)
        assert str(raised.value), f"{title} raises without a sentence"


def _public_bodies(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name in module.__all__:
        item = getattr(module, name)
        if not inspect.isclass(item):
            yield name, item
            continue
        for method, function in vars(item).items():
            if inspect.isfunction(function) and (not method.startswith("_") or method == "__init__"):
                yield f"{name}.{method}", function


@pytest.mark.parametrize("name", MODULES)
def test_module_imports_nothing_that_tells_how_the_solution_is_made(name: str) -> None:
    tree = ast.parse((TEMPLATE / "pytorchnano" / f"{name}.py").read_text(encoding="utf-8"))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    bound = {alias.asname or alias.name for node in imports for alias in node.names}
    assert bound - used <= {"np"}
