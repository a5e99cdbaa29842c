"""Dropout: the mask is read off one forward, so a check knows it without knowing how it was drawn."""

import math

import numpy as np
import pytest

from grader.asserts.dropout import assert_scale, infer_kept, read_forwards
from grader.asserts.layers import assert_forward, find_hint
from grader.asserts.values import as_array, assert_close, fail

DROPOUT = ("layers", "Dropout")


@pytest.mark.check("layers.Dropout", points=0.4, holds=["Dropout.scale"])
def test_scale(submission, rng):
    """In training every entry is either 0 or the input divided by 1 - p."""
    for p, shape in ((0.3, (31, 17)), (0.75, (5, 3, 7, 11))):
        x = rng.uniform(0.5, 2, shape)
        [(output, _)] = read_forwards(submission, {"p": p}, [(x, None, True)])
        assert_scale(output, x, p)


@pytest.mark.check("layers.Dropout", points=0.3, holds=["Dropout.mask"])
def test_share_of_dropped_entries(submission, rng):
    """The share of dropped entries is about p."""
    for p in (0.2, 0.5, 0.9):
        x = rng.uniform(0.5, 2, (151, 149))
        [(output, _)] = read_forwards(submission, {"p": p}, [(x, None, True)])
        share = 1 - float(infer_kept(output, x).mean())
        # Hoeffding: a right layer is further away with a probability below 1e-10.
        slack = math.sqrt(math.log(2e10) / (2 * x.size))
        if not abs(share - p) <= slack:
            hint = "Is p taken for the probability of keeping an entry?" if abs(share - (1 - p)) <= slack and p != 0.5 else ""
            seen = f"{share:.4f} of {x.size} entries"
            fail(f"Dropout(p={p}) drops another share of the entries.", expected=f"{p} ± {slack:.4f}", got=seen, hint=hint)


@pytest.mark.check("layers.Dropout", points=0.5, holds=["Dropout.backward", "layer.backward_uses_last_forward"])
def test_gradient(submission, rng):
    """backward sends the gradient through the mask and the scale of the last forward."""
    x = rng.uniform(0.5, 2, (3, 31, 17))
    turns = [(x[i], rng.standard_normal(x[i].shape), True) for i in range(3)]
    for (given, grad_output, _), (output, returned) in zip(turns, read_forwards(submission, {"p": 0.4}, turns), strict=True):
        # Forward multiplied each entry by 0 or the scale, so backward must do the same.
        right = grad_output * as_array(output, "Dropout.forward's result in training", shape=given.shape) / given
        assert_close(returned, right, "Dropout.backward's result", hint=_find_cause(returned, right, grad_output))


def _find_cause(returned, right, grad_output):
    return find_hint(
        returned,
        {
            "Is the scale 1 / (1 - p) missing in backward?": right * 0.6,
            "Is the mask missing in backward?": grad_output,
        },
    )


@pytest.mark.check("layers.Dropout", points=0.3, holds=["Dropout.mask"])
def test_new_mask_each_time(submission, rng):
    """Every training forward draws a new mask."""
    x = rng.uniform(0.5, 2, (31, 17))
    # Three masks of 527 fair coins: two equal ones have a probability below 1e-150.
    outputs = [output for output, _ in read_forwards(submission, {"p": 0.5, "seed": 3}, [(x, None, True)] * 3)]
    masks = [infer_kept(output, x) for output in outputs]
    if any(np.array_equal(masks[i], masks[i + 1]) for i in range(2)):
        hint = "Is the generator made anew in every forward, from the same seed?"
        fail("Dropout.forward uses the same mask twice.", expected="a new mask in every forward", got="equal masks", hint=hint)


@pytest.mark.check("layers.Dropout", points=0.3, holds=["Dropout.eval"])
def test_evaluation(submission, rng):
    """With training = False forward and backward change nothing, also after training forwards."""
    x, upstream = rng.standard_normal((2, 7, 5))
    forwards = read_forwards(submission, {"p": 0.5}, [(x, upstream, True), (x, upstream, False)])
    assert_close(forwards[1][0], x, "Dropout.forward's result in evaluation")
    assert_close(forwards[1][1], upstream, "Dropout.backward's result in evaluation")
    assert_forward(submission, DROPOUT, (0.5,), x=x, training=False, expected=x)
