"""A CuPy for machines without a graphics card: NumPy behind CuPy's manners.

`make_module()` gives a module to be put in `sys.modules` as `cupy`. Its arrays refuse what CuPy's refuse: meeting a NumPy array
in an operator or a function, turning into one unasked, the methods of ufuncs (`multiply.at`, `maximum.reduce`), and
`errstate`. Reductions give arrays without axes, as CuPy's do, not scalars.
"""

import types
from typing import Any

import numpy as np

_FUNCTIONS = """abs arange argmax ascontiguousarray broadcast_to concatenate empty empty_like exp expm1 eye log log1p matmul maximum
minimum multiply ones ones_like pad sqrt stack sum take_along_axis tanh where zeros zeros_like"""
_METHODS = "all any argmax astype copy max mean min ravel reshape sum transpose var"
_OPERATORS = """add and eq floordiv ge gt iadd iand imul isub itruediv ixor le lt matmul mul ne or pow radd rmul rpow rsub rtruediv
sub truediv xor"""


class DeviceArray:
    """An array that only this module's functions can read."""

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, content: np.ndarray) -> None:
        self._content = content

    shape = property(lambda self: self._content.shape)
    dtype = property(lambda self: self._content.dtype)
    ndim = property(lambda self: self._content.ndim)
    size = property(lambda self: self._content.size)
    T = property(lambda self: DeviceArray(self._content.T))

    def get(self) -> np.ndarray:
        """Copy to the host: CuPy's way to say so."""
        return self._content.copy()

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`.")

    def __len__(self) -> int:
        return len(self._content)

    def __float__(self) -> float:
        return float(self._content)

    def __bool__(self) -> bool:
        return bool(self._content)

    def __neg__(self) -> "DeviceArray":
        return DeviceArray(-self._content)

    def __invert__(self) -> "DeviceArray":
        return DeviceArray(~self._content)

    def __abs__(self) -> "DeviceArray":
        return DeviceArray(abs(self._content))

    def __getitem__(self, index: Any) -> "DeviceArray":
        return _wrap(self._content[_unwrap(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._content[_unwrap(index)] = _unwrap(value)


DeviceArray.__module__ = "cupy"


def make_module() -> types.ModuleType:
    """Return the stand-in: the functions that the reference may use, and no others."""
    module = types.ModuleType("cupy")
    for name in _FUNCTIONS.split():
        setattr(module, name, _make_function(getattr(np, name)))
    module.asarray = module.array = lambda array, dtype=None: _wrap(  # type: ignore[attr-defined]
        np.array(array._content if isinstance(array, DeviceArray) else array, dtype=dtype)
    )
    module.ndarray = DeviceArray  # type: ignore[attr-defined]
    return module


def _unwrap(value: Any) -> Any:
    if isinstance(value, DeviceArray):
        return value._content
    if isinstance(value, np.ndarray | np.generic):
        raise TypeError(f"Unsupported type {type(value)}: an array of the host meets one of the device")
    if isinstance(value, tuple | list):
        return type(value)(_unwrap(item) for item in value)
    return value


def _wrap(value: Any) -> Any:
    return DeviceArray(np.asarray(value)) if isinstance(value, np.ndarray | np.generic) else value


def _make_function(function: Any) -> Any:
    def compute(*arguments: Any, **options: Any) -> Any:
        plain = {name: value if name == "dtype" else _unwrap(value) for name, value in options.items()}
        return _wrap(function(*(_unwrap(argument) for argument in arguments), **plain))

    return compute


def _make_method(name: str) -> Any:
    def method(self: DeviceArray, *arguments: Any, **options: Any) -> Any:
        return _wrap(getattr(self._content, name)(*arguments, **options))

    return method


def _make_operator(name: str) -> Any:
    def operate(self: DeviceArray, other: Any) -> Any:
        result = getattr(self._content, name)(_unwrap(other))
        if result is NotImplemented:
            return result
        return self if result is self._content else _wrap(result)

    return operate


for _name in _METHODS.split():
    setattr(DeviceArray, _name, _make_method(_name))
for _name in _OPERATORS.split():
    setattr(DeviceArray, f"__{_name}__", _make_operator(f"__{_name}__"))
