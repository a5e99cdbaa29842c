"""Batches: right ones pass; lost, doubled, mixed-up and strange ones are named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from grader.asserts.batches import assert_each_once, assert_pair, assert_sizes, draw_batches, find_rows, read_batches, read_samples
from grader.faults import CheckFailed
from tests.asserts.workers import REFERENCE, STRANGE, TERSE, Answering, Worker, assert_withstands, plant

RNG = np.random.default_rng(0)
X = RNG.standard_normal((7, 2))
X[:, 0] = RNG.permutation(7) + 10.0
Y = RNG.permutation(7)
GOOD = (Worker(REFERENCE), Worker(TERSE))


def batching(*, drop: bool = False, repeat: bool = False, unpaired: bool = False, floats: bool = False, alter: Any = None) -> Worker:
    def minibatches(x: Any, y: Any, batch_size: int, seed: int | None = None) -> Iterator[Any]:
        order = np.random.default_rng(seed).permutation(len(x))
        order[0] = order[1] if repeat else order[0]
        for start in range(0, len(x) - len(x) % batch_size * drop, batch_size):
            rows = order[start : start + batch_size]
            target = y[np.sort(rows)] if unpaired else y[rows]
            yield (alter(x[rows]) if alter else x[rows]), (target.astype(float) if floats else target)

    return plant(data={"minibatches": minibatches})


def check(worker: Any) -> None:
    """Everything that may be asked of one epoch."""
    for drawn in draw_batches(worker, X, Y, 3, [1, None]):
        pairs = read_batches(drawn["batches"], X, "minibatches")
        rows = [find_rows(batch, X, "minibatches") for batch, _ in pairs]
        assert_sizes([len(part) for part in rows], 7, 3, 1, "minibatches")
        assert_each_once([row for part in rows for row in part], 7, "minibatches")
        for part, (_, target) in zip(rows, pairs, strict=True):
            assert_pair(target, part, Y, "minibatches: y_batch")


@pytest.mark.parametrize("worker", [*GOOD, batching()])
def test_right_batches_pass(worker: Worker) -> None:
    check(worker)


def test_strange_answers_are_the_students_fault() -> None:
    assert_withstands(check, GOOD[0])


@pytest.mark.parametrize(
    "faults, said",
    [
        ({"drop": True}, "minibatches: the batches have the wrong sizes"),
        ({"repeat": True}, "minibatches: not every sample came exactly once"),
        ({"unpaired": True}, "minibatches: y_batch: [123] of 3 entries are wrong"),
        ({"floats": True}, "minibatches: y_batch: the labels are no integers"),
        ({"alter": lambda batch: batch + 0.5}, "minibatches holds a sample that is none of those given"),
        ({"alter": lambda batch: batch[:, :1]}, "minibatches: x_batch has the wrong shape"),
        ({"alter": lambda batch: batch.tolist()}, "minibatches: x_batch is an object of type list"),
        ({"alter": lambda batch: None}, "minibatches: x_batch is None"),
        ({"alter": lambda batch: batch * np.nan}, "minibatches: x_batch contains nan"),
    ],
)
def test_wrong_batches_are_named(faults: dict[str, Any], said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        check(batching(**faults))


def test_drawn_batches_come_once_a_seed() -> None:
    first, again, other = draw_batches(GOOD[0], X, Y, 3, [1, 1, 2])
    orders = [[row for batch in drawn["batches"] for row in find_rows(batch[0], X, "it")] for drawn in (first, again, other)]
    assert orders[0] == orders[1] != orders[2]
    with pytest.raises(CheckFailed, match="minibatches: the answer has 1 entries"):
        draw_batches(Answering([first]), X, Y, 3, [1, 2])


def test_no_batch_at_all_fails() -> None:
    with pytest.raises(CheckFailed, match="minibatches gave no batch"):
        read_batches([], X, "minibatches")


@pytest.mark.parametrize("strange", [*STRANGE, [[X]], [[X, Y, Y]], [None], [[None, Y]]])
def test_batches_that_are_no_pairs_fail(strange: Any) -> None:
    with pytest.raises(CheckFailed):
        read_batches(strange, X, "minibatches")


def test_samples_may_be_any_number_of_the_right_shape() -> None:
    images = np.zeros((4, 1, 2, 3))
    assert len(read_samples(images[:0], images, "it")) == 0
    for wrong in (images[0], images[:, 0], images.transpose(0, 1, 3, 2), 3.0):
        with pytest.raises(CheckFailed, match="wrong shape") as caught:
            read_samples(wrong, images, "it")
        assert caught.value.evidence.expected == "(n, 1, 2, 3)"


def test_single_number_is_no_batch_of_numbers() -> None:
    assert read_samples(np.zeros(2), np.zeros(4), "it").shape == (2,)
    with pytest.raises(CheckFailed, match="wrong shape") as caught:
        read_samples(3.0, np.zeros(4), "it")
    assert (caught.value.evidence.expected, caught.value.evidence.got) == ("(n)", "()")


def test_rows_are_found_by_their_first_entry() -> None:
    assert find_rows(X[[4, 0, 4]], X, "it") == [4, 0, 4]
    assert find_rows(X[[2]].astype(np.float32), X, "it") == [2]
    swapped = X[[1]].copy()
    swapped[0, 1] = X[0, 1]
    with pytest.raises(CheckFailed, match="none of those given"):
        find_rows(swapped, X, "it")


@pytest.mark.parametrize("sizes", [[3, 3, 1], (3, 3, 1)])
def test_last_batch_holds_what_is_left(sizes: Any) -> None:
    assert_sizes(sizes, 7, 3, 1, "it")
    assert_sizes([*sizes, *sizes], 7, 3, 2, "it")
    assert_sizes([3, 3], 6, 3, 1, "it")
    assert_sizes([6], 6, 10, 1, "it")


@pytest.mark.parametrize("sizes", [[3, 3], [3, 3, 3], [3, 3, 1, 0], [1, 3, 3], [7], []])
def test_other_sizes_fail(sizes: list[int]) -> None:
    with pytest.raises(CheckFailed, match="wrong sizes") as caught:
        assert_sizes(sizes, 7, 3, 1, "it")
    assert (caught.value.evidence.expected, caught.value.evidence.got) == ("[3, 3, 1]", str(sizes))


@pytest.mark.parametrize("rows, got", [([0, 1], "1 of them never, 0"), ([0, 1, 1, 2], "0 of them never, 1"), ([], "3 of them never")])
def test_lost_and_doubled_samples_are_counted(rows: list[int], got: str) -> None:
    assert_each_once([2, 0, 1], 3, "it")
    with pytest.raises(CheckFailed, match="not every sample came exactly once") as caught:
        assert_each_once(rows, 3, "it")
    assert caught.value.evidence.got.startswith(got)


def test_targets_that_are_rows_or_reals_pass_when_they_belong() -> None:
    rows = RNG.standard_normal((7, 3))
    assert_pair(rows[[3, 1]], [3, 1], rows, "it")
    assert_pair(Y[[3, 1]].astype(np.uint8), [3, 1], Y, "it")
    with pytest.raises(CheckFailed):
        assert_pair(rows[[1, 3]], [3, 1], rows, "it")


@pytest.mark.parametrize("strange", STRANGE)
def test_strange_targets_fail(strange: Any) -> None:
    with pytest.raises(CheckFailed):
        assert_pair(strange, [3, 1], Y, "it")
