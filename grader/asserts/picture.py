"""Pictures of filters: what came back from the decoder, whether every filter has its tile, whether two pictures differ."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from grader.asserts.pictures.cases import PictureCase, design_case
from grader.asserts.pictures.tiles import find_tiles, guess_mistake
from grader.asserts.values import as_array, fail
from grader.remote.remote import describe

__all__ = ["MAX_PIXELS", "PictureCase", "assert_pictures_differ", "assert_tiles", "design_case", "validate_pixels"]

MAX_PIXELS = 12_000_000
"""The largest picture that is looked at: 4000 x 3000."""
_NOTICED = 8
_CHANGED = 0.02
"""Share of pixels: other tiles change 6% and more, another title under 2%."""


def validate_pixels(value: object, what: str = "the picture") -> NDArray[np.uint8]:
    """Return the uint8 pixels `(H, W, 3)` of what the probe `decode_picture` answered, or fail the check."""
    if not isinstance(value, dict):
        fail(f"{what} could not be decoded: the answer is {describe(value)}.", expected="a PNG")
    answer = cast(dict[str, Any], value)
    error = answer.get("error")
    if isinstance(error, str):
        said = "".join(letter if letter.isprintable() else " " for letter in error[:300])
        fail(f"{what} can't be looked at: {said}.", expected=f"a PNG of at most {MAX_PIXELS} pixels")
    pixels = as_array(answer.get("pixels"), f"{what}, decoded,", dtype=np.uint8)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0 or pixels.size > 3 * MAX_PIXELS:
        fail(f"{what}, decoded, has the wrong shape.", expected=f"(height, width, 3), at most {MAX_PIXELS} pixels", got=str(pixels.shape))
    return pixels


def assert_tiles(pixels: NDArray[np.uint8], expected: NDArray[Any], what: str) -> None:
    """Fail the check unless every array of `expected (F, h, w)` has a tile of its own in `pixels (H, W, 3)`.

    Layout, order, size, colours and scale are free; in a tile, equal entries have equal colours and different entries
    colours that can be told apart, row 0 is at the top and column 0 on the left. The arrays of `expected` must not be
    functions of one another: `design_case` draws such. `what` names the picture, "plot_filters' picture".
    """
    arrays = np.asarray(expected, np.float64)
    missing = [number for number, tile in enumerate(find_tiles(pixels, arrays)) if tile is None]
    if not missing:
        return
    count, height, width = arrays.shape
    mistake = guess_mistake(pixels, arrays[missing[0]], count)
    names = ("filters " if len(missing) > 1 else "filter ") + ", ".join(str(number) for number in missing)
    fail(
        f"{what}: {count - len(missing)} of {count} tiles found; no tile for {names} (counted from 0).",
        expected=f"one tile of {height} x {width} cells for each filter, whose colour tells the value in the cell",
        got=f"for filter {missing[0]}, {mistake}" if mistake else "no rectangle whose colours follow those values",
        hint="Draw each filter's array with imshow, unchanged, in an axes of its own, and save the figure at the end.",
        facts={"pixels": list(pixels.shape), "missing": missing},
    )


def assert_pictures_differ(first: NDArray[np.uint8], second: NDArray[np.uint8], what: str) -> None:
    """Fail the check where two pictures, drawn from different weights, look the same."""
    if first.shape != second.shape:
        return
    changed = float((np.abs(first.astype(np.int16) - second.astype(np.int16)).max(axis=2) > _NOTICED).mean())
    if changed < _CHANGED:
        fail(
            f"{what} looks the same for other weights: {changed:.2%} of its pixels changed.",
            expected="a picture that is drawn from the weights given, each time",
            hint="Draw on a new figure each time, and write to the path given.",
        )
