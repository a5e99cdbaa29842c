"""BatchNorm: images, evaluation, and modes that change."""

from functools import partial

import pytest

from grader.asserts.gradient import check_layer
from grader.asserts.layers import assert_turn, read_answer, read_answers
from grader.asserts.values import as_array, as_list, assert_close
from grader.gradients.draws import IMAGES, draw_batch_norm

NORM = ("layers", "BatchNorm")
ROUGH = {"rtol": 1e-5, "atol": 1e-5}
"""The running statistics may be kept in float32."""


@pytest.mark.check("layers.BatchNorm", points=0.4, holds=["BatchNorm.forward", "BatchNorm.backward"])
def test_gradients_for_images(submission, seed):
    """For images, the gradients at the input, gamma and beta are right in training."""
    draw = partial(draw_batch_norm, shape=IMAGES)
    check_layer(submission, NORM, (2,), draw=draw, judge=("input", "gamma", "beta"), seed=seed, output_shape=IMAGES, cases=3)


@pytest.mark.check("layers.BatchNorm", points=0.3, holds=["BatchNorm.eval", "BatchNorm.backward"])
def test_gradients_in_evaluation(submission, seed, rng):
    """In evaluation the running statistics are constants for the gradients too."""
    for shape in ((7, 5), (3, 5, 2, 4)):
        attributes = {"running_mean": rng.standard_normal(5), "running_var": rng.uniform(0.2, 2, 5)}
        check_layer(
            submission,
            NORM,
            (5,),
            draw=partial(draw_batch_norm, shape=shape),
            judge=("input", "gamma", "beta"),
            seed=seed,
            training=False,
            attributes=attributes,
            cases=3,
        )


def draw_norm_turns(rng, modes, shape=(7, 5)):
    """Inputs away from mean 0 and variance 1, upstream gradients and modes."""
    return [(2 + 3 * rng.standard_normal(shape), rng.standard_normal(shape), mode) for mode in modes]


@pytest.mark.check("layers.BatchNorm", points=0.3, holds=["BatchNorm.running", "BatchNorm.eval", "BatchNorm.forward"])
def test_a_run_of_batches(submission, oracle, rng):
    """After training on features and images with its own momentum, evaluation uses what the batches have left."""
    for shape in ((7, 5), (3, 5, 2, 4)):
        turns = draw_norm_turns(rng, (True, True, True, False, True, False), shape)
        compare_modes(submission, oracle, {"momentum": 0.3}, turns, None, rng, ("output",))
        answer = submission.probe("running_statistics", NORM, [5], {}, [(x, mode) for x, _, mode in turns])
        seen = read_answer(answer, "BatchNorm", ("after",))
        layer = oracle.layers.BatchNorm(5)
        for (x, _, mode), said in zip(turns, as_list(seen["after"], "BatchNorm: the statistics", length=6), strict=True):
            layer.training = mode
            layer.forward(x)
            for key, right in (("mean", layer.running_mean), ("var", layer.running_var)):
                value = as_array(said[key], f"BatchNorm.running_{key}")
                shaped = value.reshape(-1) if value.size == 5 else value
                assert_close(shaped, right, f"BatchNorm.running_{key} after a {'training' if mode else 'evaluation'} forward", **ROUGH)


def compare_modes(submission, oracle, kwargs, turns, mode_at_backward, rng, parts):
    """Forward and backward at each turn, against the oracle's."""
    parameters = {"gamma": rng.uniform(0.5, 2, 5), "beta": rng.standard_normal(5)}
    answer = submission.probe("forwards_in_modes", NORM, [5], kwargs, turns, mode_at_backward, parameters)
    layer = oracle.layers.BatchNorm(5, **kwargs)
    layer.params.update(parameters)
    for (x, grad_output, mode), said in zip(turns, read_answers(answer, "BatchNorm", len(turns)), strict=True):
        layer.training = mode
        output = layer.forward(x)
        right = {"output": output, "returned": layer.backward(grad_output), "grads": dict(layer.grads)}
        when = f"in {'training' if mode else 'evaluation'} on input of shape {x.shape}"
        assert_turn(said, right, "BatchNorm", when, parts, **ROUGH)


@pytest.mark.check("layers.BatchNorm", points=0.2, holds=["layer.backward_uses_last_forward", "BatchNorm.backward"])
def test_mode_of_the_last_forward(submission, oracle, rng):
    """backward belongs to the mode that the last forward saw, also when training was switched since."""
    for mode in (True, False):
        compare_modes(submission, oracle, {}, draw_norm_turns(rng, [mode]), not mode, rng, ("returned",))
