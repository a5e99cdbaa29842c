"""Where an array lives (NumPy or CuPy) and in which dtype.

All arithmetic of this package is done on the host in float64; `Origin` remembers what came
in so that what goes out looks the same.
"""

import numpy as np


def is_cupy(array):
    return type(array).__module__.split(".")[0] == "cupy"


def to_host(array):
    """The array as a NumPy array, dtype as it is; may share memory with the argument."""
    if is_cupy(array):
        return array.get()
    return np.asarray(array)


def numbers(array):
    """A fresh float64 copy on the host."""
    return np.array(to_host(array), dtype=np.float64, order="C")


class Origin:
    """Dtype and device of one array."""

    def __init__(self, array):
        self.on_gpu = is_cupy(array)
        dtype = array.dtype if hasattr(array, "dtype") else np.asarray(array).dtype
        self.dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)

    def send(self, values, shape=None):
        """A new array from `values`, in this dtype and on this device."""
        result = np.array(values, dtype=np.float64)
        if shape is not None:
            result = result.reshape(shape)
        with np.errstate(under="ignore"):  # 1e-300 is 0 in float32, which is as it should be
            result = result.astype(self.dtype)
        if self.on_gpu:
            import cupy

            result = cupy.asarray(result)
        return result


def pick_rows(array, rows):
    """A new array of the given rows (along the first axis), on the device of `array`."""
    if is_cupy(array):
        import cupy

        batch = cupy.empty((len(rows),) + array.shape[1:], dtype=array.dtype)
    else:
        array = np.asarray(array)
        batch = np.empty((len(rows),) + array.shape[1:], dtype=array.dtype)
    for place, row in enumerate(rows):
        batch[place] = array[row]
    return batch
