"""`grader.handout.markers`: which comments are markers, and which mistakes are refused."""

from __future__ import annotations

import textwrap

import pytest

from grader.faults import RequestFault
from grader.handout.markers import Region, find_regions


def _regions(source: str) -> list[Region]:
    return find_regions(textwrap.dedent(source), "layers.py")


def _refusal(source: str) -> str:
    with pytest.raises(RequestFault) as refused:
        _regions(source)
    return str(refused.value)


def test_regions_are_found_in_order_with_their_lines() -> None:
    source = """\
    def f():
        # BEGIN SOLUTION one
        return 1
        # END SOLUTION one

    # BEGIN SOLUTION two_2
    X = 1
    # END SOLUTION two_2
    """
    assert _regions(source) == [Region("one", 2, 4), Region("two_2", 6, 8)]


@pytest.mark.parametrize(
    "text",
    [
        '"""\n# BEGIN SOLUTION one\n"""',
        "x = '''\n    # END SOLUTION one\n'''",
        'x = "# BEGIN SOLUTION one"',
        'x = f"{1} # BEGIN SOLUTON one"',
        'def f():\n    """Doc.\n\n    # begin solution one\n    """',
    ],
)
def test_markers_in_strings_and_docstrings_are_text(text: str) -> None:
    assert find_regions(text + "\n", "layers.py") == []


@pytest.mark.parametrize(
    "comment",
    [
        "# the solution of the equation",
        "# begin with the last layer",
        "# end of the loop",
        "# Solution: see Goodfellow",
        "# no solution here",
        "# resolution of the image",
        "#",
    ],
)
def test_ordinary_comments_are_left_alone(comment: str) -> None:
    assert find_regions(f"x = 1\n{comment}\n", "layers.py") == []


@pytest.mark.parametrize(
    "comment",
    [
        "# BEGIN SOLUTON one",
        "# BEGN SOLUTION one",
        "# END SOLUTOIN one",
        "#BEGIN SOLUTION one",
        "#  BEGIN SOLUTION one",
        "# BEGIN  SOLUTION one",
        "## BEGIN SOLUTION one",
        "# begin solution one",
        "# Begin Solution one",
        "# BEGIN SOLUTION",
        "# END SOLUTION",
        "# BEGIN SOLUTION one two",
        "# BEGIN SOLUTION One",
        "# BEGIN SOLUTION: one",
        "# BEGINSOLUTION one",
        "# BEGIN_SOLUTION one",
        "# END-SOLUTION one",
        "# BEGIN SOLUTIONS one",
        "# START SOLUTION one",
        "# STOP SOLUTION one",
        "# SOLUTION BEGIN one",
        "# ### END SOLUTION one",
        "# --> BEGIN SOLUTION one",
        "# TODO END SOLUTION one",
    ],
)
def test_misspelt_marker_is_refused_with_its_line(comment: str) -> None:
    said = _refusal(f"x = 1\n{comment}\ny = 2\n")
    assert said.startswith(f"layers.py:2: {comment!r} looks like a marker and is not one.")


def test_misspelt_marker_after_code_is_refused() -> None:
    assert _refusal("x = 1  # begin solution one\n").startswith("layers.py:1: ")


def test_marker_beside_code_is_refused() -> None:
    said = _refusal("x = 1  # BEGIN SOLUTION one\ny = 2\n# END SOLUTION one\n")
    assert "layers.py:1: the marker '# BEGIN SOLUTION one' shares its line with code" in said


def test_unclosed_region_is_refused() -> None:
    assert _refusal("# BEGIN SOLUTION one\nx = 1\n") == ("layers.py:1: the region 'one' is never ended. Put '# END SOLUTION one' after it.")


def test_stray_end_is_refused() -> None:
    said = _refusal("x = 1\n# END SOLUTION one\n")
    assert said == "layers.py:2: '# END SOLUTION one' ends nothing. Put '# BEGIN SOLUTION one' before it."


def test_mismatched_names_are_refused() -> None:
    said = _refusal("# BEGIN SOLUTION one\nx = 1\n# END SOLUTION two\n")
    assert said.startswith("layers.py:3: '# END SOLUTION two' meets the region 'one' of line 1.")


def test_nested_regions_are_refused() -> None:
    said = _refusal("# BEGIN SOLUTION one\n# BEGIN SOLUTION two\nx = 1\n# END SOLUTION two\n# END SOLUTION one\n")
    assert said.startswith("layers.py:2: the region 'two' begins inside 'one' of line 1.")


def test_name_used_twice_is_refused() -> None:
    region = "# BEGIN SOLUTION one\nx = 1\n# END SOLUTION one\n"
    assert _refusal(region * 2) == "layers.py:4: line 1 begins a region 'one' too. Give each one a name of its own."


def test_all_mistakes_of_a_file_are_said_at_once() -> None:
    said = _refusal("# END SOLUTION one\n# BEGIN SOLUTON two\n# BEGIN SOLUTION three\n")
    assert [line.split(" ")[0] for line in said.splitlines()] == ["layers.py:2:", "layers.py:1:", "layers.py:3:"]


@pytest.mark.parametrize("source", ["x = (\n", "def f():\n    x\n  y\n", "x = '''\n"])
def test_text_that_is_not_python_is_refused(source: str) -> None:
    assert "this is not Python" in _refusal(source)
