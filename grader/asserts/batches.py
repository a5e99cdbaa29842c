"""The batches that a submission's `minibatches` yields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.asserts.gradient import Prober
from grader.asserts.layers import Array, read_answer, read_answers
from grader.asserts.values import as_array, as_list, assert_close, fail


def draw_batches(prober: Prober, x: Array, y: Array, batch_size: int, seeds: Sequence[int | None]) -> list[dict[str, Any]]:
    """For each seed (None: without one) the `batches`, pairs whose entries are anything, and NumPy's global state `before` and `after`."""
    answer = prober.probe("drawn_batches", x, y, batch_size, list(seeds))
    return [read_answer(drawn, "minibatches", ("batches", "before", "after")) for drawn in read_answers(answer, "minibatches", len(seeds))]


def assert_once(batches: object, x: Array, batch_size: int) -> list[int]:
    """Fail unless every row of x is in exactly one batch, and all batches but the last are full; return the rows in order.

    Each sample's first entry must be its own.
    """
    what = f"minibatches of {len(x)} samples with batch_size={batch_size}"
    pairs = [as_list(pair, f"{what}: a batch", length=2) for pair in as_list(batches, f"{what}: the batches")]
    arrays = [as_array(pair[0], f"{what}: x_batch") for pair in pairs]
    for array in arrays:
        if array.ndim == 0 or array.shape[1:] != x.shape[1:]:
            fail(f"{what}: x_batch has the wrong shape.", expected=f"(n, {', '.join(map(str, x.shape[1:]))})", got=str(array.shape))
    sizes = [len(array) for array in arrays]
    wanted = [min(batch_size, len(x) - start) for start in range(0, len(x), batch_size)]
    if sizes != wanted:
        fail(
            f"{what}: the batches have the wrong sizes.",
            expected=str(wanted),
            got=str(sizes[:30]),
            hint="The last batch holds what is left; it is neither dropped nor filled up, and no batch is empty.",
        )
    return _find_rows(np.concatenate(arrays), x, what)


def _find_rows(met: Array, x: Array, what: str) -> list[int]:
    marks = x.reshape(len(x), -1)[:, 0]
    rows: list[int] = []
    for sample in met:
        row = int(np.argmin(np.abs(marks - sample.flat[0])))
        if not np.allclose(sample, x[row], rtol=1e-6, atol=1e-6):
            fail(f"{what}: a batch holds a sample that is none of those given.", expected="rows of x", got=f"{sample.flat[0]:.8g}, ...")
        rows.append(row)
    seen = np.bincount(rows, minlength=len(x))
    if not bool(np.all(seen == 1)):
        got = f"{int(np.sum(seen == 0))} of them never, {int(np.sum(seen > 1))} more than once"
        fail(f"{what}: not every sample came exactly once.", expected=f"each of the {len(x)} samples once", got=got)
    return rows


def assert_pairs(batches: object, x: Array, y: Array, batch_size: int) -> None:
    """Fail unless, besides, each batch of x comes with the same rows of y."""
    rows = assert_once(batches, x, batch_size)
    what = f"minibatches with y of shape {y.shape}: y_batch"
    for pair in as_list(batches, "minibatches: the batches"):
        of_batch, rows = rows[: len(pair[0])], rows[len(pair[0]) :]
        target = as_array(pair[1], what)
        assert_close(target, y[of_batch], what, hint="Are x and y shuffled by the same order?")
        if y.dtype.kind in "iu" and target.dtype.kind not in "iu":
            fail(f"{what} holds no integers.", expected=f"{y.dtype}, as y", got=str(target.dtype))
