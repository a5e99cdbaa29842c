"""Families of gradient cases, by their sizes: primes first, so that one case sees every bug; smaller ones to show a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.gradients import draws
from grader.gradients.engine import Draw
from grader.gradients.shrink import Sizes

Pair = tuple[int, int]


@dataclass(frozen=True)
class Made:
    """One member of a family."""

    draw: Draw
    """Draws a point of these sizes, away from kinks."""
    args: tuple[Any, ...] = ()
    """What the object is constructed with."""
    output_shape: tuple[int, ...] | None = None
    """Demanded of forward; None where it is not known beforehand."""
    target: NDArray[Any] | None = None
    """A loss's target."""


@dataclass(frozen=True)
class Family:
    """Cases of one layer or loss."""

    sizes: Sizes
    """Those of the first cases."""
    make: Callable[[Sizes], Made | None]
    """Builds the member of some sizes; None where there is none."""
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Options, the same for all members."""
    least: Sizes = field(default_factory=dict[str, int])
    """Sizes below which it makes no sense to go; 1 where none is named."""


def dense(samples: int = 3) -> Family:
    """`Dense(inputs, outputs)`."""

    def make(sizes: Sizes) -> Made:
        n, inputs, outputs = sizes["batch_size"], sizes["input_features"], sizes["output_features"]
        return Made(lambda generator: draws.draw_dense(generator, (n, inputs, outputs)), (inputs, outputs), (n, outputs))

    return Family({"batch_size": samples, "input_features": 5, "output_features": 7}, make)


def maxout(samples: int = 3, inputs: int = 5, outputs: int = 7) -> Family:
    """`Maxout(inputs, outputs)`, two pieces."""

    def make(sizes: Sizes) -> Made | None:
        n, inputs, outputs = sizes["batch_size"], sizes["input_features"], sizes["output_features"]
        return Made(lambda generator: draws.draw_maxout(generator, (n, inputs, outputs)), (inputs, outputs), (n, outputs))

    return Family({"batch_size": samples, "input_features": inputs, "output_features": outputs}, make)


def convolution(kernel: Pair = (3, 4), outputs: int = 11, stride: Pair | None = None, padding: Pair | None = None) -> Family:
    """`Conv2D(channels, outputs, kernel, ...)` on images (samples, channels, rows, columns)."""
    n, channels, rows, columns = draws.IMAGES
    border = padding or (0, 0)

    def make(sizes: Sizes) -> Made | None:
        window = (sizes["kernel_rows"], sizes["kernel_columns"])
        shape = (sizes["batch_size"], sizes["channels"], sizes["rows"], sizes["columns"])
        if not _fits(shape[2:], window, border):
            return None
        return Made(
            lambda generator: draws.draw_convolution(generator, shape, sizes["filters"], window),
            (sizes["channels"], sizes["filters"], window),
        )

    sizes = {
        "batch_size": n,
        "channels": channels,
        "rows": rows,
        "columns": columns,
        "filters": outputs,
        "kernel_rows": kernel[0],
        "kernel_columns": kernel[1],
    }
    given = {"stride": stride, "padding": padding}
    return Family(sizes, make, {name: value for name, value in given.items() if value is not None})


def pooling(
    draw: Callable[[np.random.Generator, tuple[int, ...]], NDArray[Any]],
    kernel: Pair,
    stride: Pair | None = None,
    shape: tuple[int, ...] = draws.IMAGES,
) -> Family:
    """A pooling layer with this kernel, on images drawn by `draw(generator, shape)`."""

    def make(sizes: Sizes) -> Made | None:
        window = (sizes["kernel_rows"], sizes["kernel_columns"])
        step = stride or window
        shape = (sizes["batch_size"], sizes["channels"], sizes["rows"], sizes["columns"])
        if not _fits(shape[2:], window, (0, 0)):
            return None
        output = tuple((shape[2 + axis] - window[axis]) // step[axis] + 1 for axis in (0, 1))
        return Made(lambda generator: {"input": draw(generator, shape)}, (window,), (*shape[:2], *output))

    names: tuple[str, ...] = ("batch_size", "channels", "rows", "columns", "kernel_rows", "kernel_columns")
    return Family(dict(zip(names, (*shape, *kernel), strict=True)), make, {} if stride is None else {"stride": stride})


def batch_norm(samples: int = 7, features: int = 5) -> Family:
    """`BatchNorm(features)` on matrices."""

    def make(sizes: Sizes) -> Made:
        shape = (sizes["batch_size"], sizes["features"])
        return Made(lambda generator: draws.draw_batch_norm(generator, shape), (shape[1],), shape)

    # Of fewer than two samples nothing is left after the mean is taken away.
    return Family({"batch_size": samples, "features": features}, make, least={"batch_size": 2})


def matrix(draw: Callable[[np.random.Generator, tuple[int, int]], NDArray[Any]], shape: tuple[int, int] = (3, 5)) -> Family:
    """A function of a matrix (samples, features) that gives another of its shape, drawn by `draw(generator, shape)`."""

    def make(sizes: Sizes) -> Made:
        shape = (sizes["batch_size"], sizes["features"])
        return Made(lambda generator: {"input": draw(generator, shape)}, output_shape=shape)

    return Family({"batch_size": shape[0], "features": shape[1]}, make)


def loss(
    draw: Callable[[np.random.Generator, tuple[int, int], NDArray[Any]], NDArray[Any]],
    target: Callable[[np.random.Generator, tuple[int, int]], NDArray[Any]],
    seed: int,
    shape: tuple[int, int],
    classes: bool = False,
    **kwargs: Any,
) -> Family:
    """A loss of predictions drawn by `draw(generator, shape, target)`, each shape with a target of its own.

    `classes` says that the columns are classes, of which there are two at least.
    """
    name = "classes" if classes else "features"

    def make(sizes: Sizes) -> Made:
        shape = (sizes["batch_size"], sizes[name])
        aim = target(np.random.default_rng((seed, *shape)), shape)
        return Made(lambda generator: {"prediction": draw(generator, shape, aim)}, output_shape=(), target=aim)

    return Family({"batch_size": shape[0], name: shape[1]}, make, kwargs, {name: 2} if classes else {})


def _fits(image: tuple[int, ...], kernel: Pair, border: Pair) -> bool:
    return all(image[axis] + 2 * border[axis] >= kernel[axis] for axis in (0, 1))
