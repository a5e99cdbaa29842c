"""The one place that knows where arrays live: NumPy's on the host, CuPy's on a graphics card.

Modules write `xp = array_module(x)` and then `xp.exp(x)`: the same line computes on either device. CuPy is imported only when
an array that came from it is met.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "array_module", "match", "to_host"]

Array = NDArray[Any]


def array_module(*arrays: Any) -> Any:
    """Return the module, `numpy` or `cupy`, whose functions compute with these arrays: `cupy` as soon as one is CuPy's."""
    for array in arrays:
        if type(array) is not np.ndarray and type(array).__module__.partition(".")[0] == "cupy":
            import cupy  # pyright: ignore

            return cupy  # pyright: ignore
    return np


def match(array: Any, like: Array) -> Array:
    """Return `array` with the dtype and on the device of `like`; the array itself where it already fits, else a copy."""
    if type(array) is type(like) and array.dtype == like.dtype:
        return array
    xp = array_module(like)
    return xp.asarray(to_host(array) if xp is np else array, dtype=like.dtype)


def to_host(array: Any) -> Array:
    """Return `array` as a NumPy array, copied from the graphics card when it lives there."""
    return np.asarray(array) if array_module(array) is np else array.get()
