"""What is tried with the pictures of filters: each is of one image, so everybody tries batches of one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image

from tests.assignments.fingerprints import Case

PLAIN, SQUARE = ("batch1", "stride1"), ("batch1", "stride1", "square")


def build_convolution(
    module: ModuleType, rng: np.random.Generator, channels: int, filters: int, kernel: tuple[int, int], **more: Any
) -> Any:
    conv = module.Conv2D(channels, filters, kernel, **more)
    conv.params["W"] = rng.standard_normal((filters, channels, *kernel))
    conv.params["b"] = rng.standard_normal(filters)
    return conv


def response_case(
    title: str, channels: int, filters: int, kernel: tuple[int, int], image: tuple[int, int], tried: Sequence[str] = PLAIN, **more: Any
) -> Case:
    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        conv = build_convolution(module, rng, channels, filters, kernel, **more)
        given = rng.standard_normal((channels, *image))
        before = given.copy()
        return {"responses": module.filter_responses(conv, given), "changed": not np.array_equal(given, before)}

    return Case(title, use, frozenset(tried))


def draw(function: Callable[[Path], Any]) -> Any:
    """The pixels of the picture that the function draws, if it does, and what it returns."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.png"
        returned = function(path)
        pixels = np.array(Image.open(path).convert("RGB")) if path.exists() else None
        return {"pixels": pixels, "returned": returned == path, "type": type(returned).__name__}


def response_picture(title: str, kernel: tuple[int, int], image: tuple[int, int], filters: int, tried: Sequence[str] = PLAIN) -> Case:
    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        conv = build_convolution(module, rng, 1, filters, kernel)
        given = rng.standard_normal((1, *image))
        return draw(lambda path: module.plot_filter_responses(conv, given, path))

    return Case(title, use, frozenset(tried))


def filter_picture(title: str, kernel: tuple[int, int], filters: int, tried: Sequence[str] = PLAIN) -> Case:
    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        conv = build_convolution(module, rng, 1, filters, kernel)
        return draw(lambda path: module.plot_filters(conv, path))

    return Case(title, use, frozenset(tried))


CASES = {
    "visualize.filter_responses": [
        response_case("plain", 1, 3, (2, 3), (5, 7)),
        response_case("channels", 2, 4, (3, 2), (6, 5)),
        response_case("square", 1, 3, (3, 3), (6, 6), SQUARE),
        response_case("square channels", 3, 2, (2, 2), (5, 5), SQUARE),
        response_case("square padded", 1, 2, (3, 3), (4, 4), SQUARE, padding=1),
        response_case("square strided", 1, 2, (3, 3), (7, 7), ("batch1", "square"), stride=2, padding=1),
        response_case("strided", 2, 3, (2, 3), (7, 9), ("batch1",), stride=(3, 2)),
        response_case("padded", 2, 3, (2, 3), (4, 5), padding=(2, 1)),
        response_case("one filter", 1, 1, (2, 3), (5, 6)),
    ],
    "visualize.plot_filter_responses": [
        response_picture("plain", (3, 2), (7, 9), 6),
        response_picture("square", (3, 3), (8, 8), 6, SQUARE),
        response_picture("one filter", (2, 2), (5, 5), 1, SQUARE),
        response_picture("eleven filters", (2, 2), (5, 6), 11),
    ],
    "visualize.plot_filters": [
        filter_picture("plain", (3, 5), 6),
        filter_picture("square", (4, 4), 6, SQUARE),
        filter_picture("one filter", (3, 3), 1, SQUARE),
        filter_picture("eleven filters", (3, 2), 11),
    ],
}
