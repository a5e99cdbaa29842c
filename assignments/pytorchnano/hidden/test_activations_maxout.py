"""Maxout against the oracle: other numbers of pieces, the last forward, params and grads, large inputs."""

import numpy as np
import pytest

from grader.asserts.layers import assert_turn, call_and_echo, read_answer, read_answers, spell_call, turn_of
from grader.asserts.values import assert_close

MAXOUT = ("activations", "Maxout")


def draw_parameters(rng, pieces, inputs, outputs):
    return {"W": rng.standard_normal((pieces, inputs, outputs)), "b": rng.standard_normal((pieces, outputs))}


def check_maxout(submission, oracle, rng, args, kwargs, sizes, parts):
    """The `parts` of one turn against the oracle; `sizes` are samples, pieces, inputs, outputs."""
    samples, pieces, inputs, outputs = sizes
    parameters = draw_parameters(rng, pieces, inputs, outputs)
    x, grad_output = rng.standard_normal((samples, inputs)), rng.standard_normal((samples, outputs))
    right = turn_of(oracle.activations.Maxout(*args, **kwargs), x, grad_output, parameters)
    answer = call_and_echo(submission, MAXOUT, args, kwargs, [x], grad_output, parameters=parameters)
    assert_turn(answer, right, spell_call(MAXOUT, args, kwargs), f"on input of shape {x.shape}", parts)


# Arguments, and the sizes that they mean.
MORE_PIECES = (
    ((5, 4, 3), {}, (7, 3, 5, 4)),
    ((), {"in_features": 3, "out_features": 2, "pieces": 5}, (11, 5, 3, 2)),
)
SMALL_SIZES = (
    ((5, 3), {"pieces": 1}, (4, 1, 5, 3)),
    ((3, 1), {}, (1, 2, 3, 1)),
    ((1, 4), {}, (3, 2, 1, 4)),
)
BACKWARD = ("returned", "grads")


@pytest.mark.check("activations.Maxout", points=0.15, holds=["Maxout.forward"])
def test_more_pieces_forward(submission, oracle, rng):
    """forward takes the largest of more pieces than two, given by position and by name."""
    for case in MORE_PIECES:
        check_maxout(submission, oracle, rng, *case, ("output",))


@pytest.mark.check("activations.Maxout", points=0.15, holds=["Maxout.backward"])
def test_more_pieces_backward(submission, oracle, rng):
    """backward finds the winner among more pieces than two."""
    for case in MORE_PIECES:
        check_maxout(submission, oracle, rng, *case, BACKWARD)


@pytest.mark.check("activations.Maxout", points=0.15, holds=["Maxout.forward"])
def test_small_sizes_forward(submission, oracle, rng):
    """A single piece is an affine map; a single sample, input and output are fine."""
    for case in SMALL_SIZES:
        check_maxout(submission, oracle, rng, *case, ("output",))


@pytest.mark.check("activations.Maxout", points=0.15, holds=["Maxout.backward"])
def test_small_sizes_backward(submission, oracle, rng):
    """Gradients are right for a single piece, a single sample, input and output."""
    for case in SMALL_SIZES:
        check_maxout(submission, oracle, rng, *case, BACKWARD)


@pytest.mark.check("activations.Maxout", points=0.25, holds=["layer.backward_uses_last_forward"])
def test_last_forward(submission, oracle, rng):
    """After two forwards in a row, backward belongs to the second."""
    parameters = draw_parameters(rng, 2, 5, 7)
    x, grad_output = rng.standard_normal((3, 5)), rng.standard_normal((3, 7))
    right = turn_of(oracle.activations.Maxout(5, 7), x, grad_output, parameters)
    del right["grads"]["b"]  # which depends on the winners alone, as the others do
    for earlier in (rng.standard_normal((2, 5)), -x):
        answer = submission.probe("forward_twice", MAXOUT, [5, 7], {}, [earlier], [x], grad_output, parameters)
        assert_turn(answer, right, "Maxout(5, 7)", "after two forwards", BACKWARD)


@pytest.mark.check("activations.Maxout", points=0.15, holds=["layer.params_afresh"])
def test_params_afresh(submission, rng):
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
def test_sets_grads(submission, oracle, rng):
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
def test_large_values(submission, oracle, rng):
    """Inputs of up to 1e4 in size give the right numbers, forward and backward."""
    x = np.array([[1e4, -1e4, 300.0], [-1e4, 1e4, 1e4]])
    parameters, grad_output = draw_parameters(rng, 2, 3, 4), rng.standard_normal((2, 4))
    right = turn_of(oracle.activations.Maxout(3, 4), x, grad_output, parameters)
    answer = call_and_echo(submission, MAXOUT, (3, 4), None, [x], grad_output, parameters=parameters)
    assert_turn(answer, right, "Maxout(3, 4)", "at inputs of up to 1e4 in size", ("output", "returned"))
