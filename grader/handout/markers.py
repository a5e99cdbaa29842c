"""The markers that say which lines of the reference are a solution.

    # BEGIN SOLUTION dense_forward
    ...
    # END SOLUTION dense_forward

A marker is a comment token on a line of its own: the same words in a string or a docstring are text. Whatever looks like a
marker and is not exactly one is a mistake, because a region that is not recognised would give its solution away.
"""

from __future__ import annotations

import difflib
import io
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass

from grader.faults import RequestFault

_EXACT = re.compile(r"# (?P<kind>BEGIN|END) SOLUTION (?P<name>[a-z][a-z0-9_]*)")
_ANYWHERE = re.compile(r"\b(BEGIN|END)\W*SOLUTION|\bSOLUTION\W*(BEGIN|END)\b")
_VERBS = ("begin", "end", "start", "stop", "open", "close")
_LIKE_A_WORD = 0.75
_LIKE_TWO_WORDS = 0.9


@dataclass(frozen=True)
class Region:
    """A solution: the lines between its two markers."""

    name: str
    """Unique in its file, `dense_forward`."""
    begin: int
    """The line of the opening marker, counted from 1."""
    end: int
    """The line of the closing marker."""


@dataclass(frozen=True)
class _Marker:
    kind: str
    name: str
    line: int


def find_regions(source: str, path: str) -> list[Region]:
    """Return the solution regions of `source`, in order.

    Raises RequestFault that says every mistake as `path:line: sentence`: nested, stray, unclosed, mismatched and misspelt
    markers, a marker that shares its line with code, and a name used twice.
    """
    mistakes: list[str] = []
    markers = _read_markers(source, path, mistakes)
    regions = _pair_up(markers, path, mistakes)
    if mistakes:
        raise RequestFault("\n".join(mistakes))
    return regions


def _read_markers(source: str, path: str, mistakes: list[str]) -> list[_Marker]:
    markers: list[_Marker] = []
    for token in _tokenize(source, path):
        if token.type != tokenize.COMMENT:
            continue
        line, column = token.start
        exact = _EXACT.fullmatch(token.string)
        if exact is None:
            if _resembles_marker(token.string):
                mistakes.append(
                    f"{path}:{line}: {token.string!r} looks like a marker and is not one. "
                    "Write '# BEGIN SOLUTION name' or '# END SOLUTION name', the name in small letters, digits and '_'; "
                    "reword the comment if it is none."
                )
        elif token.line[:column].strip():
            mistakes.append(f"{path}:{line}: the marker {token.string!r} shares its line with code. Give it a line of its own.")
        else:
            markers.append(_Marker(exact["kind"], exact["name"], line))
    return markers


def _tokenize(source: str, path: str) -> list[tokenize.TokenInfo]:
    try:
        return list(tokenize.generate_tokens(io.StringIO(source).readline))
    except tokenize.TokenError as error:
        raise RequestFault(f"{path}:{error.args[1][0]}: this is not Python: {error.args[0]}.") from error
    except SyntaxError as error:
        raise RequestFault(f"{path}:{error.lineno}: this is not Python: {error.msg}.") from error


def _resembles_marker(comment: str) -> bool:
    if _ANYWHERE.search(comment):
        return True
    words = [*re.sub(r"[^a-z]+", " ", comment.lower()).split(), "", ""]
    pairs = ((words[0], words[1]), (words[1], words[0]))
    if any(_is_like(first, _VERBS, _LIKE_A_WORD) and _is_like(second, ("solution",), _LIKE_A_WORD) for first, second in pairs):
        return True
    return _is_like(words[0], [f"{verb}solution" for verb in _VERBS], _LIKE_TWO_WORDS)


def _is_like(word: str, known: Sequence[str], ratio: float) -> bool:
    return any(difflib.SequenceMatcher(None, word, other).ratio() >= ratio for other in known)


def _pair_up(markers: list[_Marker], path: str, mistakes: list[str]) -> list[Region]:
    regions: list[Region] = []
    first_use: dict[str, int] = {}
    opened: _Marker | None = None
    for marker in markers:
        at = f"{path}:{marker.line}:"
        if marker.kind == "BEGIN":
            if opened is not None:
                mistakes.append(
                    f"{at} the region {marker.name!r} begins inside {opened.name!r} of line {opened.line}. "
                    f"Regions don't nest: end {opened.name!r} first."
                )
            if marker.name in first_use:
                mistakes.append(f"{at} line {first_use[marker.name]} begins a region {marker.name!r} too. Give each one a name of its own.")
            first_use.setdefault(marker.name, marker.line)
            opened = marker
        elif opened is None:
            mistakes.append(f"{at} '# END SOLUTION {marker.name}' ends nothing. Put '# BEGIN SOLUTION {marker.name}' before it.")
        else:
            if marker.name != opened.name:
                mistakes.append(
                    f"{at} '# END SOLUTION {marker.name}' meets the region {opened.name!r} of line {opened.line}. "
                    "The two markers of a region carry the same name."
                )
            regions.append(Region(opened.name, opened.line, marker.line))
            opened = None
    if opened is not None:
        mistakes.append(f"{path}:{opened.line}: the region {opened.name!r} is never ended. Put '# END SOLUTION {opened.name}' after it.")
    return regions
