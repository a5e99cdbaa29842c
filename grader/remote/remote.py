"""Remotes: objects of the trusted side that stand for something in a worker.

A remote is a path: where to start, and steps by attribute or item. Nothing happens until it is called, fetched or assigned. Every
attribute name belongs to the student, so a remote has no public method; the functions here work on it instead.
"""

from __future__ import annotations

from typing import Any, NoReturn, Protocol, cast

import numpy as np

from grader.faults import GraderFault
from grader.remote.words import describe_plain
from grader.wire.frames import Kind
from grader.wire.values import Reference


class Asker(Protocol):
    """What a remote needs of its worker."""

    def ask(self, kind: Kind, label: str, path: Reference = ..., name: str = ..., args: Any = ..., kwargs: Any = ...) -> Any:
        """Send one request and return its answer."""
        ...

    def drop(self, handle: int) -> None:
        """Note that a handle is no longer held."""
        ...


class Handle:
    """One object kept in a worker; released there when nothing holds this any more."""

    __slots__ = ("_asker", "number", "type_name")

    def __init__(self, asker: Asker, number: int, type_name: str) -> None:
        self._asker = asker
        self.number = number
        self.type_name = type_name

    def __del__(self) -> None:
        self._asker.drop(self.number)


class State:
    """A remote's own state, out of reach of attribute access."""

    __slots__ = ("asker", "label", "root", "steps")

    def __init__(self, asker: Asker, root: str | Handle, steps: tuple[tuple[str, Any], ...], label: str) -> None:
        self.asker = asker
        self.root = root
        self.steps = steps
        self.label = label

    def take_step(self, kind: str, key: Any) -> State:
        """Return the state one step further."""
        return State(self.asker, self.root, (*self.steps, (kind, key)), self._name_step(kind, key))

    def _name_step(self, kind: str, key: Any) -> str:
        if kind == "item":
            return f"{self.label}[{key!r}]"
        # A class needs no module to be recognised: "Dense.forward", but "data.one_hot".
        module_is_clear = isinstance(self.root, str) and not self.steps and key[:1].isupper()
        return key if module_is_clear else f"{self.label}.{key}"

    @property
    def reference(self) -> Reference:
        """The path as it crosses."""
        root = self.root if isinstance(self.root, str) else self.root.number
        return Reference(root, tuple((kind, lower(key, self.asker)) for kind, key in self.steps))


def _refuse(what: str) -> Any:
    def refuse(self: Remote, *args: object, **kwargs: object) -> NoReturn:
        raise GraderFault(
            f"a check used {what} on {describe(self)}, and the submission would have decided the answer; "
            "take the value first with fetch(...)"
        )

    return refuse


def _operate(sign: str, *, reflected: bool = False) -> Any:
    def operate(self: Remote, *other: Any) -> Any:
        args = (*other, self) if reflected else (self, *other)
        state = _state(self)
        return state.asker.ask(Kind.OPERATE, f"{state.label} {sign}", name=sign, args=args)

    return operate


class Remote:
    """Something in a worker. Calling it calls that; attributes and items lead further; assigning assigns there.

    Arithmetic is done in the worker. Comparisons, truth, length, iteration and conversion to numbers or arrays are refused with a
    GraderFault: the submission could forge the answer, so a check takes the value with `fetch` and looks itself.
    """

    __slots__ = ("__state",)

    def __init__(self, state: State) -> None:
        object.__setattr__(self, "_Remote__state", state)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        state = _state(self)
        label = f"{state.label}(...)" if _is_class(state) else state.label
        return state.asker.ask(Kind.CALL, label, state.reference, args=args, kwargs=kwargs)

    def __getattr__(self, name: str) -> Remote:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Remote(_state(self).take_step("attribute", name))

    def __setattr__(self, name: str, value: Any) -> None:
        _assign(_state(self).take_step("attribute", name), value)

    def __getitem__(self, key: Any) -> Remote:
        return Remote(_state(self).take_step("item", key))

    def __setitem__(self, key: Any, value: Any) -> None:
        _assign(_state(self).take_step("item", key), value)

    def __repr__(self) -> str:
        return f"<{describe(self)}>"

    __array_ufunc__ = None  # an array on the left leaves the operation to the remote

    __add__, __radd__ = _operate("+"), _operate("+", reflected=True)
    __sub__, __rsub__ = _operate("-"), _operate("-", reflected=True)
    __mul__, __rmul__ = _operate("*"), _operate("*", reflected=True)
    __truediv__, __rtruediv__ = _operate("/"), _operate("/", reflected=True)
    __pow__, __rpow__ = _operate("**"), _operate("**", reflected=True)
    __matmul__, __rmatmul__ = _operate("@"), _operate("@", reflected=True)
    __neg__ = _operate("negative")

    __eq__, __ne__ = _refuse("=="), _refuse("!=")
    __lt__, __le__, __gt__, __ge__ = _refuse("<"), _refuse("<="), _refuse(">"), _refuse(">=")
    __hash__ = _refuse("hash()")
    __bool__, __len__, __iter__, __contains__ = _refuse("a truth test"), _refuse("len()"), _refuse("iteration"), _refuse("in")
    __float__, __int__, __index__, __complex__ = _refuse("float()"), _refuse("int()"), _refuse("an index"), _refuse("complex()")
    __array__, __reduce_ex__, __delattr__, __delitem__ = _refuse("numpy"), _refuse("pickle or copy"), _refuse("del"), _refuse("del")


_slot = vars(Remote)["_Remote__state"]


def _state(remote: Remote) -> State:
    return cast(State, _slot.__get__(remote))


def _is_class(state: State) -> bool:
    return isinstance(state.root, str) and len(state.steps) == 1 and state.label[:1].isupper()


def _assign(state: State, value: Any) -> None:
    state.asker.ask(Kind.SET, f"setting {state.label}", state.reference, args=(value,))


def make_module(asker: Asker, name: str) -> Remote:
    """Return the remote of a module of the submission."""
    return Remote(State(asker, name, (), name))


def make_kept(asker: Asker, number: int, type_name: str, label: str) -> Remote:
    """Return the remote of an object that the worker keeps; `label` names it in messages."""
    return Remote(State(asker, Handle(asker, number, type_name), (), label))


def fetch(value: Any) -> Any:
    """Return the value that a remote leads to, or a remote again where it does not cross; a value is returned as it is."""
    if not isinstance(value, Remote):
        return value
    state = _state(value)
    return state.asker.ask(Kind.GET, state.label, state.reference)


def type_name(remote: Remote) -> str:
    """Return the name of the type that the worker gave for a kept object; "" for a path that leads further."""
    state = _state(remote)
    return state.root.type_name if isinstance(state.root, Handle) and not state.steps else ""


def label_of(remote: Remote) -> str:
    """Return the name of a remote in messages, "Dense.params['W']"."""
    return _state(remote).label


def describe(value: Any) -> str:
    """Say what a value or a remote is: "float64 array of shape (3, 5)", "a Remote of type pytorchnano.layers.Dense"."""
    if not isinstance(value, Remote):
        return describe_plain(value)
    known = type_name(value)
    return f"a Remote of type {known}" if known else f"a Remote for {label_of(value)}"


_PLAIN = frozenset({type(None), bool, int, float, str, bytes, np.ndarray})
"""Types of most arguments; they cross as they are and hold nothing else."""


def lower(value: Any, asker: Asker) -> Any:
    """Return an argument in the types that cross: remotes become references, NumPy's numbers Python's.

    Raises GraderFault for a remote of another worker.
    """
    cls = cast("type[Any]", type(value))
    if cls in _PLAIN:
        return value
    if cls is list:
        return [lower(item, asker) for item in value]
    if cls is tuple:
        return tuple([lower(item, asker) for item in value])
    if cls is dict:
        return {key: lower(item, asker) for key, item in value.items()}
    if isinstance(value, Remote):
        state = _state(value)
        if state.asker is not asker:
            raise GraderFault(f"a check handed {describe(value)} to another worker than its own")
        return state.reference
    return cast(Any, value).item() if isinstance(value, np.generic) else value


def modules_in(value: Any) -> set[str]:
    """Return the modules that references inside a lowered value start from."""
    found: set[str] = set()
    _collect_modules(value, found)
    return found


def _collect_modules(value: Any, found: set[str]) -> None:
    cls = cast("type[Any]", type(value))
    if cls in _PLAIN:
        return
    if cls is list or cls is tuple:
        for item in value:
            _collect_modules(item, found)
    elif cls is dict:
        for item in value.values():
            _collect_modules(item, found)
    elif cls is Reference:
        if type(value.root) is str:
            found.add(value.root)
        for _, key in value.steps:
            _collect_modules(key, found)
