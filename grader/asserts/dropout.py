"""Dropout's mask, read off what a forward gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.asserts.layers import Array, read_answer, read_answers
from grader.asserts.prober import Prober
from grader.asserts.values import as_array, fail


def read_forwards(
    prober: Prober, kwargs: Mapping[str, Any], turns: Sequence[tuple[Array, Array | None, bool]], mode_at_backward: bool | None = None
) -> list[tuple[Any, Any]]:
    """Forward and backward of one `Dropout(**kwargs)` at each turn (x, grad_output, training): what they returned.

    Without a grad_output there is no backward, and None in its place.
    """
    answer = prober.probe("forwards_in_modes", ("layers", "Dropout"), [], dict(kwargs), list(turns), mode_at_backward)
    said = [read_answer(turn, "Dropout", ("output",)) for turn in read_answers(answer, "Dropout", len(turns))]
    return [(turn["output"], turn.get("returned")) for turn in said]


def infer_kept(output: object, x: Array) -> NDArray[np.bool_]:
    """Return which entries of `x`, all of them far from 0, were kept: where forward's result is not 0."""
    return as_array(output, "Dropout.forward's result in training", shape=x.shape) != 0


def assert_scale(output: object, x: Array, p: float) -> None:
    """Fail unless every entry is either 0 or `x / (1 - p)`."""
    array = as_array(output, "Dropout.forward's result in training", shape=x.shape)
    kept = infer_kept(array, x)
    right = np.where(kept, x / (1 - p), 0.0)
    wrong = ~(np.abs(array - right) <= 1e-8 + 1e-6 * np.abs(right))
    if bool(wrong.any()):
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        unscaled = bool(np.allclose(array[kept], x[kept]))
        fail(
            f"Dropout(p={p}) gives entries in training that are neither 0 nor the input divided by 1 - p.",
            expected=f"0 or {1 / (1 - p):.6g} times the input",
            got=f"{float(array[place] / x[place]):.6g} times the input",
            where=f"index {place} of shape {x.shape}",
            hint="Are the kept entries not scaled? Inverted dropout scales them in training." if unscaled else "",
        )
