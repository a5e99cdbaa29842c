"""Exceptions of student code as plain records."""

from __future__ import annotations

import builtins
import linecache
import os
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import Any, cast

from grader.faults import Frame
from grader.wire.messages import MAX_FRAMES, Raised, Warned
from grader.worker.imports import Imports

MAX_MESSAGE = 2_000
_MAX_SOURCE = 160
_MAX_NAME = 200
_OUTERMOST_KEPT = 5

# By identity: a metaclass of the submission's decides what its classes are equal to.
_BUILTIN = {id(cls) for cls in vars(builtins).values() if type(cls) is type and issubclass(cls, BaseException)}
_traceback_of = cast("Callable[[Any], TracebackType | None]", vars(BaseException)["__traceback__"].__get__)
_getline, _relpath = linecache.getline, os.path.relpath


def record_error(error: BaseException, imports: Imports, warned: tuple[Warned, ...] = (), phase: str = "") -> Raised:
    """Return what may be told of an exception: type, builtin bases, message and the submission's own frames."""
    mro = type.__dict__["__mro__"].__get__(type(error))
    bases = tuple(cls.__name__ for cls in mro if id(cls) in _BUILTIN)
    frames, probe_place = _read_frames(error, imports)
    module = _failed_module(error, frames, imports)
    text = read_text(error)
    if probe_place and not frames:
        text = f"{text} ({probe_place})"
    if not phase:
        phase = "exit" if "SystemExit" in bases else "import" if module else "call"
    return Raised(phase, _class_name(type(error)), bases, text, frames, module, warned)


def read_text(value: object) -> str:
    """Return `str(value)`, cut; whatever student code does in `__str__`."""
    try:
        return str.__getitem__(str(value), slice(0, MAX_MESSAGE))
    except BaseException:
        return "(its message can't be shown: __str__ failed)"


def _class_name(cls: type) -> str:
    name = type.__dict__["__name__"].__get__(cls)
    return str.__getitem__(name, slice(0, _MAX_NAME))


def _read_frames(error: BaseException, imports: Imports) -> tuple[tuple[Frame, ...], str]:
    """Return the submission's frames, outermost first, and the place of the innermost probe frame ("": none)."""
    found: list[Frame] = []
    probe_place = ""
    trace = _traceback_of(error)
    while trace is not None:
        code = trace.tb_frame.f_code
        if imports.owns(code.co_filename):
            if len(found) == MAX_FRAMES - 1:
                del found[_OUTERMOST_KEPT]
            found.append(_make_frame(code.co_filename, trace.tb_lineno or 0, _name_code(code), imports))
        elif code.co_filename.startswith("probes/"):
            probe_place = f"{code.co_filename[:_MAX_NAME]}, line {trace.tb_lineno or 0}"
        trace = trace.tb_next
    if type(error) in (SyntaxError, IndentationError, TabError):
        unparsed = cast(SyntaxError, error)
        if type(unparsed.filename) is str and imports.owns(unparsed.filename) and type(unparsed.lineno) is int:
            found.append(_make_frame(unparsed.filename, unparsed.lineno, "<module>", imports))
    return tuple(found), probe_place


def _name_code(code: CodeType) -> str:
    return code.co_name if "<" in code.co_qualname else code.co_qualname


def _make_frame(filename: str, line: int, function: str, imports: Imports) -> Frame:
    source = _getline(filename, line).strip()[:_MAX_SOURCE]
    return Frame(_relpath(filename, imports.root)[:_MAX_NAME], line, function[:_MAX_NAME], source)


def _failed_module(error: BaseException, frames: tuple[Frame, ...], imports: Imports) -> str:
    """Return the dotted name of the module whose import failed; "" when student code was called and not imported."""
    if frames:
        if frames[0].function != "<module>":
            return ""
        return frames[0].path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    if isinstance(error, ImportError) and type(error.name) is str and error.name.partition(".")[0] == imports.package:
        return error.name[:_MAX_NAME]
    return ""
