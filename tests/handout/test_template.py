"""`grader.handout.template`: what becomes of a region, and what the template may not lose."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest

from grader.faults import RequestFault
from grader.handout.template import derive, derive_package, differences, write_template


def _derive(source: str) -> str:
    return derive(textwrap.dedent(source), "layers.py")


def _refusal(source: str) -> str:
    with pytest.raises(RequestFault) as refused:
        _derive(source)
    return str(refused.value)


def test_body_gives_way_to_a_sentence_that_names_what_to_write() -> None:
    source = '''\
    class Dense:
        """Dense."""

        def forward(self, x):
            """Return x @ W + b."""
            # BEGIN SOLUTION dense_forward
            self._x = x
            return x @ self.params["W"]
            # END SOLUTION dense_forward

        def backward(self, grad):
            """Return the gradient."""
    '''
    assert _derive(source) == textwrap.dedent('''\
        class Dense:
            """Dense."""

            def forward(self, x):
                """Return x @ W + b."""
                raise NotImplementedError("Dense.forward is not implemented yet: see its docstring.")

            def backward(self, grad):
                """Return the gradient."""
        ''')


def test_part_of_a_body_keeps_the_rest_and_the_indentation() -> None:
    source = """\
    def sort(items):
        items = list(items)
        for item in items:
            # BEGIN SOLUTION sort
            print(item)
            # END SOLUTION sort
        return items
    """
    assert _derive(source) == textwrap.dedent("""\
        def sort(items):
            items = list(items)
            for item in items:
                raise NotImplementedError("sort is not implemented yet.")
            return items
        """)


def test_function_inside_a_function_is_said_by_the_outer_name() -> None:
    source = '''\
    def fit(x):
        """Fit."""
        def step():
            # BEGIN SOLUTION step
            return x
            # END SOLUTION step
        return step
    '''
    assert '        raise NotImplementedError("fit is not implemented yet: see its docstring.")\n' in _derive(source)


def test_private_helper_of_the_module_goes_without_a_trace() -> None:
    source = '''\
    def f():
        """Do f."""
        # BEGIN SOLUTION f
        return _help() + _SIZE
        # END SOLUTION f


    # BEGIN SOLUTION helpers
    _SIZE = 3


    def _help():
        return 1
    # END SOLUTION helpers


    def g():
        """Do g."""
    '''
    assert _derive(source) == textwrap.dedent('''\
        def f():
            """Do f."""
            raise NotImplementedError("f is not implemented yet: see its docstring.")


        def g():
            """Do g."""
        ''')


def test_region_at_the_end_of_a_file_leaves_one_line_end() -> None:
    assert _derive("X = 1\n\n\n# BEGIN SOLUTION a\ndef _f(): ...\n# END SOLUTION a\n\n") == "X = 1\n"


def test_private_method_goes_from_its_class() -> None:
    source = '''\
    class Net:
        """Net."""

        # BEGIN SOLUTION collect
        def _collect(self):
            return []
        # END SOLUTION collect

        def save(self):
            """Save."""
    '''
    assert _derive(source) == 'class Net:\n    """Net."""\n\n    def save(self):\n        """Save."""\n'


def test_marker_in_a_docstring_stays_where_it_is() -> None:
    source = '"""A module.\n\n# BEGIN SOLUTION one\nx\n# END SOLUTION one\n"""\n'
    assert derive(source, "layers.py") == source


def test_source_without_regions_stays_as_it_is() -> None:
    source = "import os\nfrom typing import Any\n\nX: Any = 1\n"
    assert derive(source, "layers.py") == source


def test_imports_that_only_solutions_used_go() -> None:
    source = """\
    import numpy as np
    from math import prod, sqrt
    from typing import Any
    from .windows import gather


    def f(x: Any) -> float:
        # BEGIN SOLUTION f
        import itertools
        return gather(np.sum(x)) * prod(x) * sqrt(2) + len(list(itertools.count()))
        # END SOLUTION f


    def g():
        return sqrt(2)
    """
    lines = _derive(source).splitlines()
    assert lines[:3] == ["import numpy as np", "from math import sqrt", "from typing import Any"]
    assert "gather" not in _derive(source)
    assert "itertools" not in _derive(source)


def test_import_that_nobody_uses_or_that_is_exported_stays() -> None:
    source = """\
    from __future__ import annotations
    from .layers import Dense as Dense
    from .losses import MSELoss

    __all__ = ["MSELoss"]


    def f():
        # BEGIN SOLUTION f
        return MSELoss
        # END SOLUTION f
    """
    text = _derive(source)
    assert "from .layers import Dense as Dense" in text
    assert "from .losses import MSELoss" in text
    assert "from __future__ import annotations" in text


def test_import_over_several_lines_keeps_the_names_in_use() -> None:
    source = """\
    from math import (
        prod,  # for windows
        sqrt,
    )

    X = sqrt(2)


    def f():
        # BEGIN SOLUTION f
        return prod([])
        # END SOLUTION f
    """
    assert _derive(source).startswith("from math import sqrt\n\nX = sqrt(2)\n")


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    # BEGIN SOLUTION a\n    # END SOLUTION a\n    return 1\n",
        "X = [\n    # BEGIN SOLUTION a\n    1,\n    # END SOLUTION a\n]\n",
        "def f(\n    # BEGIN SOLUTION a\n    x,\n    # END SOLUTION a\n): ...\n",
    ],
    ids=["comments_only", "inside_a_list", "inside_a_signature"],
)
def test_region_without_a_whole_statement_is_refused(source: str) -> None:
    assert "layers.py:2: the region 'a' holds no whole statement" in _refusal(source)


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    if 1:\n        # BEGIN SOLUTION a\n        x = 1\n    y = 2\n    # END SOLUTION a\n",
        "def f():\n    x = 1\n    # BEGIN SOLUTION a\n    y = (\n        2\n    # END SOLUTION a\n    )\n",
        "# BEGIN SOLUTION a\nX = 1\n@cache\n# END SOLUTION a\ndef _f(): ...\n",
    ],
    ids=["two_blocks", "open_bracket", "decorator"],
)
def test_region_that_cuts_code_in_two_is_refused(source: str) -> None:
    assert "cuts the code of line" in _refusal(source)


def test_region_that_swallows_an_else_is_refused() -> None:
    source = "def f():\n    if 1:\n        x = 1\n        # BEGIN SOLUTION a\n    else:\n        x = 2\n        # END SOLUTION a\n"
    assert "layers.py:4: the region 'a' is not a run of whole statements" in _refusal(source)


def test_lost_public_function_is_refused() -> None:
    said = _refusal("# BEGIN SOLUTION a\ndef f(): ...\n# END SOLUTION a\n")
    assert said.startswith("layers.py:2: f is public and would be missing from the template.")


def test_lost_public_method_is_refused() -> None:
    said = _refusal('class A:\n    """A."""\n    # BEGIN SOLUTION a\n    def f(self): ...\n    # END SOLUTION a\n')
    assert said.startswith("layers.py:4: A.f is public and would be missing from the template.")


def test_lost_public_constant_is_refused() -> None:
    assert "MARGIN is public" in _refusal("# BEGIN SOLUTION a\nMARGIN: float = 1.0\n# END SOLUTION a\n")


def test_docstring_inside_a_region_is_refused() -> None:
    said = _refusal('def f():\n    # BEGIN SOLUTION a\n    """Doc."""\n    return 1\n    # END SOLUTION a\n')
    assert said.startswith("layers.py:1: f has another docstring in the template.")


def test_module_docstring_inside_a_region_is_refused() -> None:
    said = _refusal('# BEGIN SOLUTION a\n"""Doc."""\n# END SOLUTION a\nX = 1\n')
    assert said.startswith("layers.py:1: the module has another docstring in the template.")


def test_private_name_that_the_template_still_uses_is_refused() -> None:
    said = _refusal("# BEGIN SOLUTION a\n_Size = int\n# END SOLUTION a\n\n\ndef f(x: _Size): ...\n")
    assert said == "layers.py: _Size lies in a region, but the template still uses it: 'def f(x: _Size): ...'. Keep both or neither."


def test_class_left_empty_is_refused() -> None:
    said = _refusal("class _A:\n    # BEGIN SOLUTION a\n    x = 1\n    # END SOLUTION a\n\n\nX = 1\n")
    assert "layers.py: without its regions the module does not compile" in said


def test_text_that_is_not_python_is_refused_with_its_line() -> None:
    assert _refusal("x = 1\nx = = 2\n").startswith("layers.py:2: this is not Python")


def test_line_numbers_hold_beside_form_feeds_and_windows_line_ends() -> None:
    source = 'X = "a\x0cb"\r\n\r\n\r\ndef f():\r\n    # BEGIN SOLUTION a\r\n    return 1\r\n    # END SOLUTION a\r\n'
    assert derive(source, "layers.py") == 'X = "a\x0cb"\n\n\ndef f():\n    raise NotImplementedError("f is not implemented yet.")\n'


SOLVED = 'def f():\n    """Do f."""\n    # BEGIN SOLUTION f\n    return 1\n    # END SOLUTION f\n'


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    folder = tmp_path / "reference" / "pytorchnano"
    (folder / "parts").mkdir(parents=True)
    (folder / "__init__.py").write_text('"""A package."""\n')
    (folder / "layers.py").write_text(SOLVED)
    (folder / "parts" / "more.py").write_text(SOLVED)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "stale.py").write_text("x = 1\n")
    return folder


def test_written_template_has_every_module_and_no_difference(reference: Path, tmp_path: Path) -> None:
    template = tmp_path / "template" / "pytorchnano"
    assert write_template(reference, template) == ["__init__.py", "layers.py", "parts/more.py"]
    assert differences(reference, template) == []
    assert "return 1" not in (template / "parts" / "more.py").read_text()


def test_module_that_the_reference_dropped_leaves_the_template(reference: Path, tmp_path: Path) -> None:
    write_template(reference, tmp_path / "template")
    (reference / "layers.py").unlink()
    (tmp_path / "template" / "notes.txt").write_text("mine")
    write_template(reference, tmp_path / "template")
    assert sorted(path.name for path in (tmp_path / "template").iterdir()) == ["__init__.py", "notes.txt", "parts"]


def test_drift_is_said_for_each_module(reference: Path, tmp_path: Path) -> None:
    template = tmp_path / "template"
    write_template(reference, template)
    (template / "__init__.py").unlink()
    (template / "extra.py").write_text("x = 1\n")
    layers = template / "layers.py"
    layers.write_text(layers.read_text().replace("Do f", "Do g"))
    assert differences(reference, template) == [
        "__init__.py is missing from the template.",
        "extra.py is in the template, and the reference has no such module.",
        "layers.py differs from a fresh strip, first in line 2.",
    ]


def test_line_ends_are_drift_too(reference: Path, tmp_path: Path) -> None:
    write_template(reference, tmp_path / "template")
    layers = tmp_path / "template" / "layers.py"
    layers.write_bytes(layers.read_bytes().replace(b"\n", b"\r\n"))
    assert differences(reference, tmp_path / "template") == ["layers.py differs from a fresh strip, first in line 1."]


def test_nothing_is_written_when_one_module_is_refused(reference: Path, tmp_path: Path) -> None:
    (reference / "layers.py").write_text("# BEGIN SOLUTION a\nx = 1\n")
    (reference / "parts" / "more.py").write_bytes(b"x = '\xff'\n")
    with pytest.raises(RequestFault) as refused:
        write_template(reference, tmp_path / "template")
    assert "pytorchnano/layers.py:1: the region 'a' is never ended" in str(refused.value)
    assert "pytorchnano/parts/more.py: this is not UTF-8" in str(refused.value)
    assert not (tmp_path / "template").exists()


def test_missing_reference_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestFault, match="There is no reference package"):
        derive_package(tmp_path / "nowhere")


def test_every_region_of_the_reference_leaves_no_statement_behind() -> None:
    """The strip of the real reference: no marker, and no function body that a region filled has anything but its raise."""
    folder = Path(__file__).resolve().parents[2] / "reference" / "pytorchnano"
    for name, text in derive_package(folder).items():
        assert "SOLUTION" not in text, name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and _raises(node.body[-1]):
                assert len(node.body) <= 2, f"{name}: {node.name} says more than its docstring and the raise"


def _raises(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Raise) and "NotImplementedError" in ast.dump(statement)
