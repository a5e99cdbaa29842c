"""Dropout: masks entry by entry, the edges of p, and modes that change."""

import pytest

from grader.asserts.dropout import assert_scale, infer_kept, read_forwards
from grader.asserts.values import as_array, assert_close, fail


@pytest.mark.check("layers.Dropout", points=0.3, holds=["Dropout.mask"])
def test_entry_by_entry(submission, rng):
    """Entries are dropped one by one: no two samples, channels or pixels share their fate."""
    x = rng.uniform(0.5, 2, (45, 46, 2, 23))
    [(output, _)] = read_forwards(submission, {"p": 0.5}, [(x, None, True)])
    kept = infer_kept(output, x).reshape(45, 46, 46)
    for axis, what in enumerate(("samples", "channels", "pixels")):
        # 6,300 lines of 45 or more fair coins: a right layer has one of equal coins with a probability below 4e-10.
        same = kept.all(axis=axis) | ~kept.any(axis=axis)
        if bool(same.any()):
            seen = f"{int(same.sum())} of {same.size} lines along the {what} that are dropped or kept as a whole"
            fail("Dropout does not drop entry by entry.", expected="a decision of its own for every entry", got=seen)
    x = rng.uniform(0.5, 2, (31, 65))
    counts = {int(infer_kept(output, x).sum()) for output, _ in read_forwards(submission, {"p": 0.5}, [(x, None, True)] * 7)}
    # The likeliest of the binomial numbers has a probability of 0.018, so seven equal ones have one below 4e-11.
    if len(counts) == 1:
        seen = f"{counts.pop()} of {x.size} in each of 7 forwards"
        fail("Dropout keeps the same number of entries every time.", expected="a decision of its own for every entry", got=seen)


@pytest.mark.check("layers.Dropout", points=0.2, holds=["Dropout.mask", "Dropout.scale"])
def test_nothing_dropped_and_the_default(submission, rng):
    """With p = 0 nothing is dropped or scaled; without p it is one half."""
    x, upstream = rng.uniform(0.5, 2, (2, 31, 17))
    [(output, returned)] = read_forwards(submission, {"p": 0}, [(x, upstream, True)])
    assert_close(output, x, "Dropout(p=0).forward's result in training")
    assert_close(returned, upstream, "Dropout(p=0).backward's result in training")
    [(output, _)] = read_forwards(submission, {}, [(x, None, True)])
    assert_scale(output, x, 0.5)


@pytest.mark.check("layers.Dropout", points=0.1, holds=["layer.backward_uses_last_forward", "Dropout.backward"])
def test_mode_of_the_last_forward(submission, rng):
    """backward belongs to the mode that the last forward saw, also when training was switched since."""
    x, upstream = rng.uniform(0.5, 2, (2, 31, 17))
    [(output, returned)] = read_forwards(submission, {"p": 0.4}, [(x, upstream, True)], mode_at_backward=False)
    factors = as_array(output, "Dropout.forward's result", shape=x.shape) / x
    assert_close(returned, upstream * factors, "Dropout.backward's result after a training forward")
    forwards = read_forwards(submission, {"p": 0.4}, [(x, upstream, True), (x, upstream, False)], mode_at_backward=True)
    assert_close(forwards[1][1], upstream, "Dropout.backward's result after an evaluation forward")
