"""Answers requests: finds what a path leads to, calls it, keeps what can't cross."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any, cast

from grader.wire.frames import Kind
from grader.wire.messages import MAX_WARNINGS, Kept, Raised, Request, Value, Warned, write_reply
from grader.wire.values import Reference, Unsendable
from grader.worker.convert import Converter, StaysHere, drain, name_type
from grader.worker.errors import read_text, record_error
from grader.worker.imports import Imports, PackageAccessor, WrongRequest

_OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "**": "pow", "@": "matmul", "negative": "neg"}
OPERATORS: Mapping[str, Callable[..., Any]] = {sign: getattr(operator, name) for sign, name in _OPERATORS.items()}
"""What a remote's arithmetic turns into."""

_MAX_WARNING = 500
_catch_warnings: Callable[[], Any] = warnings.catch_warnings
_simplefilter = warnings.simplefilter


class _Warnings:
    """Takes the place of `warnings.showwarning` during a request."""

    def __init__(self) -> None:
        self.warned: list[Warned] = []

    def __call__(self, message: object, category: type, *place: object, **more: object) -> None:
        if len(self.warned) < MAX_WARNINGS:
            name = str(type.__dict__["__name__"].__get__(category))
            self.warned.append(Warned(name[:_MAX_WARNING], read_text(message)[:_MAX_WARNING]))


class Session:
    """What one worker holds between requests."""

    def __init__(self, imports: Imports, probes: Mapping[str, Any]) -> None:
        self._imports = imports
        self._package = PackageAccessor(imports)
        self._probes = probes
        self._kept: dict[int, Any] = {}
        self._last_handle = 0
        self._answers: dict[Kind, Callable[[Request], Any]] = {
            Kind.LOAD: self._load,
            Kind.CALL: self._call,
            Kind.GET: lambda request: self._resolve(request.path),
            Kind.SET: self._set,
            Kind.PROBE: self._probe,
            Kind.LOADED: lambda request: imports.list_loaded(),
            Kind.KEEP: lambda request: self._insert(request.args[0]),
            Kind.OPERATE: lambda request: OPERATORS[request.name](*self._insert(request.args)),
        }

    def answer(self, request: Request) -> tuple[Kind, bytearray]:
        """Do what is asked and return the reply's kind and body; an exception is a reply too."""
        seen = _Warnings()
        reply: Value | Kept | Raised
        try:
            with _catch_warnings():
                _simplefilter("always")
                warnings.showwarning = seen
                for handle in request.dropped:
                    self._kept.pop(handle, None)
                reply = self._reply(self._answers[request.kind](request), request.kind, seen)
            return write_reply(reply)
        except Unsendable as refusal:
            return write_reply(Raised("send", "", (), str(refusal), (), "", tuple(seen.warned)))
        except WrongRequest as mistake:
            return write_reply(Raised("grader", "", (), str(mistake), ()))
        except BaseException as error:
            return write_reply(record_error(error, self._imports, tuple(seen.warned)))

    def _reply(self, answer: Any, kind: Kind, seen: _Warnings) -> Value | Kept:
        converter = Converter()
        if kind is not Kind.KEEP:
            type_name = name_type(answer)
            drained = drain(answer)
            if drained is not None:
                answer, converter.types[""] = drained, type_name
            try:
                return Value(converter.convert(answer), converter.types, tuple(seen.warned))
            except StaysHere:
                pass
        self._last_handle += 1
        self._kept[self._last_handle] = answer
        return Kept(self._last_handle, name_type(answer), tuple(seen.warned))

    def _load(self, request: Request) -> None:
        self._imports.load(str(request.path.root))

    def _call(self, request: Request) -> Any:
        target = self._resolve(request.path)
        return target(*self._insert(request.args), **self._insert(request.kwargs))

    def _set(self, request: Request) -> None:
        *steps, (kind, key) = request.path.steps
        holder = self._resolve(Reference(request.path.root, tuple(steps)))
        value = self._insert(request.args[0])
        if kind == "attribute":
            setattr(holder, key, value)
        else:
            holder[self._insert(key)] = value

    def _probe(self, request: Request) -> Any:
        function = self._probes.get(request.name)
        if not callable(function):
            raise WrongRequest(f"the assignment's probes have no function {request.name}")
        args = self._insert(request.args)
        code = getattr(function, "__code__", None)
        if isinstance(code, CodeType) and code.co_argcount and code.co_varnames[0] == "package":
            args = (self._package, *args)
        return function(*args, **self._insert(request.kwargs))

    def _resolve(self, path: Reference) -> Any:
        if type(path.root) is str:
            target: Any = self._imports.load(path.root)
        elif path.root in self._kept:
            target = self._kept[path.root]
        else:
            raise WrongRequest("a check used an object that the worker no longer holds")
        for kind, key in path.steps:
            target = getattr(target, key) if kind == "attribute" else target[self._insert(key)]
        return target

    def _insert(self, value: Any) -> Any:
        """Put the objects that references name in their places; the containers are the request's own."""
        cls = cast("type[Any]", type(value))
        if cls is Reference:
            return self._resolve(value)
        if cls is list:
            return [self._insert(item) for item in value]
        if cls is tuple:
            return tuple([self._insert(item) for item in value])
        if cls is dict:
            return {key: self._insert(item) for key, item in value.items()}
        return value
