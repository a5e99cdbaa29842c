"""Batches: those that a submission's `minibatches` yields, and which samples a batch holds.

Samples are told apart by their first entry, which must be each sample's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.asserts.layers import Array, read_answer, read_answers
from grader.asserts.prober import Prober
from grader.asserts.values import as_array, as_list, assert_close, fail


def draw_batches(prober: Prober, x: Array, y: Array, batch_size: int, seeds: Sequence[int | None]) -> list[dict[str, Any]]:
    """For each seed (None: without one) the `batches`, pairs whose entries are anything, and NumPy's global state `before` and `after`."""
    answer = prober.probe("drawn_batches", x, y, batch_size, list(seeds))
    return [read_answer(drawn, "minibatches", ("batches", "before", "after")) for drawn in read_answers(answer, "minibatches", len(seeds))]


def read_batches(batches: object, x: Array, what: str) -> list[tuple[Array, object]]:
    """Return the pairs; fail unless each `x_batch` is an array of samples of x's shape, and there is one at all."""
    pairs = [as_list(pair, f"{what}: a batch", length=2) for pair in as_list(batches, f"{what}: the batches")]
    if not pairs:
        fail(f"{what} gave no batch.", expected=f"batches of {len(x)} samples", got="nothing")
    return [(read_samples(pair[0], x, f"{what}: x_batch"), pair[1]) for pair in pairs]


def read_samples(batch: object, x: Array, what: str) -> Array:
    """Return a batch as an array; fail unless its samples have the shape of x's."""
    array = as_array(batch, what)
    if array.ndim == 0 or array.shape[1:] != x.shape[1:]:
        shape = f"(n{''.join(f', {length}' for length in x.shape[1:])})"
        fail(f"{what} has the wrong shape.", expected=shape, got=str(array.shape))
    return array


def find_rows(batch: Array, x: Array, what: str) -> list[int]:
    """Return which rows of x a batch holds; fail where it holds another sample."""
    marks = x.reshape(len(x), -1)[:, 0]
    rows: list[int] = []
    for sample in batch:
        row = int(np.argmin(np.abs(marks - sample.flat[0])))
        if not np.allclose(sample, x[row], rtol=1e-5, atol=1e-5):
            fail(f"{what} holds a sample that is none of those given.", expected="rows of x", got=f"{sample.flat[0]:.8g}, ...")
        rows.append(row)
    return rows


def assert_sizes(sizes: Sequence[int], samples: int, batch_size: int, epochs: int, what: str) -> None:
    """Fail unless in each of the epochs all batches but the last are full."""
    wanted = [min(batch_size, samples - start) for start in range(0, samples, batch_size)]
    if list(sizes) != wanted * epochs:
        fail(
            f"{what}: the batches have the wrong sizes.",
            expected=f"{epochs} times {wanted}" if epochs > 1 else str(wanted),
            got=str(list(sizes)[:30]),
            hint="The last batch holds what is left; it is neither dropped nor filled up, and no batch is empty.",
        )


def assert_each_once(rows: Sequence[int], samples: int, what: str) -> None:
    """Fail unless every sample is there exactly once."""
    seen = np.bincount(rows, minlength=samples)
    if not bool(np.all(seen == 1)):
        got = f"{int(np.sum(seen == 0))} of them never, {int(np.sum(seen > 1))} more than once"
        fail(f"{what}: not every sample came exactly once.", expected=f"each of the {samples} samples once", got=got)


def assert_pair(target: object, rows: Sequence[int], y: Array, what: str) -> None:
    """Fail unless a batch's targets are y's at these rows; integers must stay integers."""
    array = as_array(target, what)
    assert_close(array, y[list(rows)], what, hint="Are x and y shuffled by the same order?")
    if y.dtype.kind in "iu" and array.dtype.kind not in "iu":
        fail(f"{what}: the labels are no integers.", expected=f"{y.dtype}, as y", got=str(array.dtype))
