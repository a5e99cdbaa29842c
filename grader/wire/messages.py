"""What is asked of a worker, and what it may answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from grader.faults import Frame, WireViolation
from grader.wire.frames import Kind
from grader.wire.values import NOWHERE, Reader, Reference, Writer

MAX_WARNINGS = 20
MAX_FRAMES = 20


@dataclass(frozen=True)
class Request:
    """One question; the fields that its kind does not need stay empty."""

    kind: Kind
    """LOAD, CALL, GET, SET, PROBE, LOADED, KEEP or OPERATE."""
    path: Reference = NOWHERE
    """What is called, fetched or assigned; for LOAD its root is the module, "" the package."""
    name: str = ""
    """The probe, or the operator's sign."""
    args: tuple[Any, ...] = ()
    """Positional arguments; SET and KEEP have one, the value."""
    kwargs: dict[str, Any] = field(default_factory=dict[str, Any])
    """Keyword arguments."""
    dropped: tuple[int, ...] = ()
    """Handles that the trusted side no longer holds."""


@dataclass(frozen=True)
class Warned:
    """A warning that student code gave."""

    category: str
    """Its class, `RuntimeWarning`."""
    text: str
    """What it said, cut."""


@dataclass(frozen=True)
class Value:
    """An answer that crossed."""

    value: Any
    """None, bool, int, float, str, bytes, list, dict or read-only array."""
    types: dict[str, str]
    """Where the worker turned something into one of these: its place, "" or "[0]['W']", and its type's name."""
    warned: tuple[Warned, ...] = ()
    """Warnings of this request."""


@dataclass(frozen=True)
class Kept:
    """An answer that stayed in the worker."""

    handle: int
    """Its number there."""
    type_name: str
    """What the worker says that it is."""
    warned: tuple[Warned, ...] = ()
    """Warnings of this request."""


@dataclass(frozen=True)
class Raised:
    """An exception in the worker."""

    phase: str
    """call, import, exit (SystemExit), send (the value can't cross) or grader (staff code, or a request that makes no sense)."""
    type_name: str
    """The exception's class."""
    bases: tuple[str, ...]
    """The builtin classes among its bases, itself included."""
    text: str
    """Its message, cut."""
    frames: tuple[Frame, ...]
    """The submission's own frames, outermost first."""
    module: str = ""
    """For a failed import: the module's dotted name."""
    warned: tuple[Warned, ...] = ()
    """Warnings of this request."""


@dataclass(frozen=True)
class Hello:
    """A worker's first words, before student code is loaded."""

    layers: tuple[str, ...]
    """The isolation layers that are in force."""
    trouble: str = ""
    """What went wrong, for a person of the staff."""


def write_request(request: Request) -> bytearray:
    """Return a request's body; raises Unsendable."""
    writer = Writer(requests=True)
    for part in (request.path, request.name, request.args, request.kwargs, request.dropped):
        writer.write(part)
    return writer.body


def read_request(kind: Kind, body: bytes | bytearray) -> Request:
    """Return the request in a body: arrays in it are writable copies."""
    reader = Reader(body, requests=True, writable=True)
    path, name, args, kwargs, dropped = (reader.read() for _ in range(5))
    reader.finish()
    return Request(kind, path, name, args, kwargs, dropped)


def write_reply(reply: Value | Kept | Raised | Hello) -> tuple[Kind, bytearray]:
    """Return a reply's kind and body; raises Unsendable."""
    writer = Writer()
    match reply:
        case Value():
            kind, parts = Kind.VALUE, (reply.value, reply.types, _rows(reply.warned))
        case Kept():
            kind, parts = Kind.HANDLE, (reply.handle, reply.type_name, _rows(reply.warned))
        case Raised():
            frames = [[f.path, f.line, f.function, f.source] for f in reply.frames]
            said = [reply.phase, reply.type_name, list(reply.bases), reply.text, reply.module]
            kind, parts = Kind.ERROR, (said, frames, _rows(reply.warned))
        case Hello():
            kind, parts = Kind.HELLO, (list(reply.layers), reply.trouble, list[Any]())
    for part in parts:
        writer.write(part)
    return kind, writer.body


def _rows(warned: tuple[Warned, ...]) -> list[list[str]]:
    return [[one.category, one.text] for one in warned]


def read_reply(kind: Kind, body: bytes | bytearray) -> Value | Kept | Raised | Hello:
    """Return the reply in a body.

    Raises WireViolation, whatever the bytes are.
    """
    reader = Reader(body)
    first, second, third = (reader.read() for _ in range(3))
    reader.finish()
    warned = tuple(Warned(category, text) for category, text in _read_rows(third, (str, str), MAX_WARNINGS))
    match kind:
        case Kind.VALUE:
            _expect(type(second) is dict and all(type(name) is str for name in second.values()))
            return Value(first, second, warned)
        case Kind.HANDLE:
            _expect(type(first) is int and first >= 0 and type(second) is str)
            return Kept(first, second, warned)
        case Kind.ERROR:
            frames = tuple(Frame(*row) for row in _read_rows(second, (str, int, str, str), MAX_FRAMES))
            [said] = _read_rows([first], (str, str, list, str, str), 1)
            phase, type_name, bases, text, module = said
            _expect(all(type(base) is str for base in bases))
            return Raised(phase, type_name, tuple(bases), text, frames, module, warned)
        case Kind.HELLO:
            _expect(type(first) is list and all(type(name) is str for name in first) and type(second) is str)
            return Hello(tuple(first), second)
        case _:
            raise WireViolation("the worker sent a request instead of an answer")


def _read_rows(value: Any, types: tuple[type, ...], most: int) -> list[list[Any]]:
    _expect(type(value) is list and len(value) <= most)
    for row in value:
        _expect(type(row) is list and tuple(type(entry) for entry in row) == types)
    return value


def _expect(held: bool) -> None:
    if not held:
        raise WireViolation("the worker's answer does not have the form of one")
