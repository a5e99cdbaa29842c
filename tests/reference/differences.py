"""Slow and obvious ways to the numbers that the reference computes fast: central differences and loops over single pixels."""

from collections.abc import Callable, Iterator

import numpy as np


def differentiate(function: Callable[[np.ndarray], float], at: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Return the gradient of a number-valued function by central differences, entry by entry."""
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        above, below = at.copy(), at.copy()
        above[index] += step
        below[index] -= step
        gradient[index] = (function(above) - function(below)) / (2 * step)
    return gradient


def walk_windows(height: int, width: int, kernel: tuple[int, int], stride: tuple[int, int]) -> Iterator[tuple[int, int, slice, slice]]:
    """Yield each window that fits: its row and column among the windows, and its rows and columns of pixels."""
    for row, top in enumerate(range(0, height - kernel[0] + 1, stride[0])):
        for column, left in enumerate(range(0, width - kernel[1] + 1, stride[1])):
            yield row, column, slice(top, top + kernel[0]), slice(left, left + kernel[1])


def correlate(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: tuple[int, int] = (1, 1), padding: tuple[int, int] = (0, 0)
) -> np.ndarray:
    """Return the cross-correlation of `x (N, C, H, W)` with `weight (out, C, kh, kw)`, one output pixel at a time."""
    framed = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    windows = list(walk_windows(*framed.shape[2:], weight.shape[2:], stride))
    result = np.zeros((len(x), len(weight), windows[-1][0] + 1, windows[-1][1] + 1))
    for sample in range(len(x)):
        for out in range(len(weight)):
            for row, column, rows, columns in windows:
                result[sample, out, row, column] = (framed[sample, :, rows, columns] * weight[out]).sum() + bias[out]
    return result


def pool(x: np.ndarray, reduce: Callable[[np.ndarray], float], kernel: tuple[int, int], stride: tuple[int, int]) -> np.ndarray:
    """Return `reduce` of every window of `x (N, C, H, W)`, one output pixel at a time."""
    windows = list(walk_windows(*x.shape[2:], kernel, stride))
    result = np.zeros((*x.shape[:2], windows[-1][0] + 1, windows[-1][1] + 1))
    for sample, channel in np.ndindex(x.shape[:2]):
        for row, column, rows, columns in windows:
            result[sample, channel, row, column] = reduce(x[sample, channel, rows, columns])
    return result
