"""Activations against the oracle: every rank, large inputs, the last forward, other slopes."""

import numpy as np
import pytest

from grader.asserts.layers import call_and_echo, find_hint, read_answer, read_answers, spell_call, turn_of
from grader.asserts.values import assert_close
from grader.gradients.draws import draw_away_from_zero

SHAPES = ((7,), (1,), (1, 6), (5, 3), (2, 3, 5), (2, 3, 5, 4))
LARGE = np.array([[-1e4, 1e4, -800.0, 800.0], [-100.0, 100.0, -30.0, 30.0], [-1.0, 1.0, 1e3, -1e3]])


def each(points, *holds):
    """One item for each activation: its name, with a mark of its own."""
    own = {"Softmax": "Softmax.backward"}
    return [
        pytest.param(name, id=name, marks=pytest.mark.check(f"activations.{name}", points=worth, holds=[own.get(name, name), *holds]))
        for name, worth in points.items()
    ]


@pytest.mark.parametrize("name", each({"ReLU": 0.2, "Sigmoid": 0.2, "Tanh": 0.2, "LeakyReLU": 0.1, "ELU": 0.1}, "ranks"))
def test_forward_ranks(submission, oracle, rng, name):
    """forward takes arrays of any rank from 1, batches of 1 too."""
    inputs = [draw_away_from_zero(rng, shape, 1.5) for shape in SHAPES]
    answer = submission.probe("layer_points", ("activations", name), [], {}, [{"input": x} for x in inputs])
    for x, output in zip(inputs, read_answers(answer, name, len(inputs)), strict=True):
        assert_close(output, getattr(oracle.activations, name)().forward(x), f"{name}.forward's result on input of shape {x.shape}")


@pytest.mark.parametrize(
    "name", each({"ReLU": 0.2, "Sigmoid": 0.2, "Tanh": 0.2, "LeakyReLU": 0.1, "ELU": 0.1, "Softmax": 0.4}, "ranks")
)
def test_backward_ranks(submission, oracle, rng, name):
    """backward gives the gradient for arrays of any rank from 1, batches of 1 too."""
    for shape in SHAPES:
        x, grad_output = draw_away_from_zero(rng, shape, 1.5), rng.standard_normal(shape)
        right = turn_of(getattr(oracle.activations, name)(), x, grad_output)
        returned = call_and_echo(submission, ("activations", name), (), None, [x], grad_output)["returned"]
        assert_close(returned, right["returned"], f"{name}.backward's result on input of shape {shape}")


@pytest.mark.parametrize(
    "name",
    each(
        {"ReLU": 0.2, "Sigmoid": 0.2, "Tanh": 0.2, "LeakyReLU": 0.15, "ELU": 0.15, "Softmax": 0.2},
        "layer.backward_uses_last_forward",
    ),
)
def test_last_forward(submission, oracle, rng, name):
    """After two forwards in a row, backward belongs to the second."""
    earlier, x = draw_away_from_zero(rng, (2, 4)), draw_away_from_zero(rng, (3, 5))
    grad_output = rng.standard_normal(x.shape)
    right = turn_of(getattr(oracle.activations, name)(), x, grad_output)
    for first in (earlier, -x):
        answer = submission.probe("forward_twice", ("activations", name), [], {}, [first], [x], grad_output)
        returned = read_answer(answer, name, ("returned",))["returned"]
        assert_close(returned, right["returned"], f"{name}.backward's result after two forwards")


@pytest.mark.parametrize(
    "name", each({"ReLU": 0.2, "Sigmoid": 0.2, "Tanh": 0.2, "LeakyReLU": 0.15, "ELU": 0.15, "Softmax": 0.3}, "large.finite")
)
def test_large_values(submission, oracle, rng, name):
    """Inputs of up to 1e4 in size give the right numbers, forward and backward, and no NaN."""
    for x in (LARGE, LARGE[0], LARGE[2:], -LARGE[:1]):
        grad_output = rng.standard_normal(x.shape)
        right = turn_of(getattr(oracle.activations, name)(), x, grad_output)
        answer = call_and_echo(submission, ("activations", name), (), None, [x], grad_output)
        for key, what in (("output", "forward's result"), ("returned", "backward's result")):
            assert_close(answer[key], right[key], f"{name}.{what} at inputs of up to 1e4 in size")


@pytest.mark.parametrize("name", each({"LeakyReLU": 0.25, "ELU": 0.25}))
def test_option_gradient(submission, oracle, rng, name):
    """backward uses the slope or alpha that the object was built with."""
    keyword = {"LeakyReLU": "negative_slope", "ELU": "alpha"}[name]
    for args, kwargs in (((0.3,), {}), ((), {keyword: 0.6})):
        x, grad_output = draw_away_from_zero(rng, (3, 5)), rng.standard_normal((3, 5))
        right = turn_of(getattr(oracle.activations, name)(*args, **kwargs), x, grad_output)
        returned = call_and_echo(submission, ("activations", name), args, kwargs, [x], grad_output)["returned"]
        default = turn_of(getattr(oracle.activations, name)(), x, grad_output)["returned"]
        wrong = {"This is the gradient for the default: the constructor's argument is ignored.": default}
        what = f"{spell_call(('activations', name), args, kwargs)}.backward's result"
        assert_close(returned, right["returned"], what, hint=find_hint(returned, wrong))
