"""Activations against the oracle: every rank, large inputs, the last forward, other slopes."""

import numpy as np
import pytest

from grader.asserts.gradient import check_layer
from grader.asserts.layers import assert_turn, call_and_echo, read_answer, read_answers, spell_call, turn_of
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
        assert_turn({key: answer[key] for key in ("output", "returned")}, right, name, "at inputs of up to 1e4 in size")


@pytest.mark.parametrize("name", each({"LeakyReLU": 0.25, "ELU": 0.25}))
def test_option_gradient(submission, seed, name):
    """backward uses the slope or alpha that the object was built with."""
    keyword = {"LeakyReLU": "negative_slope", "ELU": "alpha"}[name]
    for args, kwargs in (((0.3,), {}), ((), {keyword: 0.6})):
        check_layer(
            submission,
            ("activations", name),
            args,
            kwargs,
            draw=lambda generator: {"input": draw_away_from_zero(generator, (3, 5))},
            seed=seed,
            cases=3,
        )


MAXOUT = ("activations", "Maxout")


def draw_parameters(rng, pieces, inputs, outputs):
    return {"W": rng.standard_normal((pieces, inputs, outputs)), "b": rng.standard_normal((pieces, outputs))}


def check_maxout(submission, oracle, rng, args, kwargs, sizes):
    """One turn against the oracle; `sizes` are samples, pieces, inputs, outputs."""
    samples, pieces, inputs, outputs = sizes
    parameters = draw_parameters(rng, pieces, inputs, outputs)
    x, grad_output = rng.standard_normal((samples, inputs)), rng.standard_normal((samples, outputs))
    right = turn_of(oracle.activations.Maxout(*args, **kwargs), x, grad_output, parameters)
    answer = call_and_echo(submission, MAXOUT, args, kwargs, [x], grad_output, parameters=parameters)
    assert_turn(answer, right, spell_call(MAXOUT, args, kwargs), f"on input of shape {x.shape}")


@pytest.mark.check("activations.Maxout", points=0.3, holds=["Maxout.forward", "Maxout.backward"])
def test_three_pieces(submission, oracle, rng):
    """More pieces than two, by position and by name."""
    check_maxout(submission, oracle, rng, (5, 4, 3), {}, (7, 3, 5, 4))
    check_maxout(submission, oracle, rng, (), {"in_features": 3, "out_features": 2, "pieces": 5}, (11, 5, 3, 2))


@pytest.mark.check("activations.Maxout", points=0.3, holds=["Maxout.forward", "Maxout.backward"])
def test_small_sizes(submission, oracle, rng):
    """A single piece is an affine map; a single sample, input and output are fine."""
    check_maxout(submission, oracle, rng, (5, 3), {"pieces": 1}, (4, 1, 5, 3))
    check_maxout(submission, oracle, rng, (3, 1), {}, (1, 2, 3, 1))
    check_maxout(submission, oracle, rng, (1, 4), {}, (3, 2, 1, 4))


@pytest.mark.check("activations.Maxout", points=0.25, holds=["layer.backward_uses_last_forward"])
def test_maxout_last_forward(submission, oracle, rng):
    """After two forwards in a row, backward belongs to the second."""
    parameters = draw_parameters(rng, 2, 5, 7)
    x, grad_output = rng.standard_normal((3, 5)), rng.standard_normal((3, 7))
    right = turn_of(oracle.activations.Maxout(5, 7), x, grad_output, parameters)
    for earlier in (rng.standard_normal((2, 5)), -x):
        answer = submission.probe("forward_twice", MAXOUT, [5, 7], {}, [earlier], [x], grad_output, parameters)
        assert_turn(read_answer(answer, "Maxout", ("output", "returned", "grads")), right, "Maxout", "after two forwards")


@pytest.mark.check("activations.Maxout", points=0.15, holds=["layer.params_afresh"])
def test_maxout_params_afresh(submission, rng):
    """Assigning params is enough to change the next forward."""
    x = rng.standard_normal((3, 5))
    layer = submission.activations.Maxout(5, 2)
    layer.forward(x)
    for parameters in (draw_parameters(rng, 2, 5, 2), draw_parameters(rng, 2, 5, 2)):
        layer.params["W"] = parameters["W"]
        layer.params["b"] = parameters["b"]
        expected = (np.einsum("ni,pio->pno", x, parameters["W"]) + parameters["b"][:, None]).max(axis=0)
        hint = "Is something worked out from params in the constructor and kept? Read self.params in every forward."
        assert_close(layer.forward(x), expected, "Maxout.forward's result after its params were assigned", hint=hint)


@pytest.mark.check("activations.Maxout", points=0.15, holds=["layer.grads_set"])
def test_maxout_sets_grads(submission, oracle, rng):
    """backward sets grads; it does not add to what was there."""
    parameters = draw_parameters(rng, 2, 5, 2)
    turns = [(rng.standard_normal((3, 5)), rng.standard_normal((3, 2))) for _ in range(2)]
    answer = submission.probe("grads_of_turns", MAXOUT, [5, 2], {}, [([x], grad_output) for x, grad_output in turns], parameters)
    for (x, grad_output), grads in zip(turns, read_answers(answer, "Maxout", 2), strict=True):
        right = turn_of(oracle.activations.Maxout(5, 2), x, grad_output, parameters)
        said = read_answer(grads, "Maxout", ("W", "b"))
        for key in ("W", "b"):
            hint = "Is the gradient added to that of the backward before?"
            assert_close(said[key], right["grads"][key], f'Maxout.grads["{key}"] after several backwards', hint=hint)


@pytest.mark.check("activations.Maxout", points=0.15, holds=["large.finite"])
def test_maxout_large_values(submission, oracle, rng):
    """Inputs of up to 1e4 in size give the right numbers, forward and backward."""
    x = np.array([[1e4, -1e4, 300.0], [-1e4, 1e4, 1e4]])
    parameters, grad_output = draw_parameters(rng, 2, 3, 4), rng.standard_normal((2, 4))
    right = turn_of(oracle.activations.Maxout(3, 4), x, grad_output, parameters)
    answer = call_and_echo(submission, MAXOUT, (3, 4), None, [x], grad_output, parameters=parameters)
    assert_turn(answer, right, "Maxout(3, 4)", "at inputs of up to 1e4 in size")
