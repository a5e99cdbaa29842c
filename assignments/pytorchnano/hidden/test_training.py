"""MNIST by real training: the trusted side drives, reads every step, and replays some of them in the oracle."""

import numpy as np
import pytest

from grader.asserts.drawing import draw_confusion, draw_learning_curve
from grader.asserts.training import read_plan, watch_training
from grader.datasets import load_full, load_subset
from grader.faults import CheckFailed

DENSE = [
    "layers.Dense/forward_by_hand",
    "layers.Dense/gradient_at_input",
    "layers.Dense/gradient_at_weights",
    "layers.Dense/gradient_at_bias",
]
CONVOLUTION = [
    "layers.Conv2D/channels_and_filters_by_hand",
    "layers.Conv2D/gradient_at_input",
    "layers.Conv2D/gradient_at_weights",
    "layers.Conv2D/gradient_at_bias",
    "layers.MaxPool2D/forward_by_hand",
    "layers.MaxPool2D/gradient",
    "layers.Flatten/forward_by_hand",
    "layers.Flatten/gradient",
]
THE_REST = [
    "activations.ReLU/forward",
    "activations.ReLU/gradient",
    "losses.CrossEntropyLoss/indices_gradient",
    "optimizers.SGD/one_step",
    "optimizers.SGD/every_layer",
]
CURVE_POINTS = 60
LIMITS = {"call_cpu_s": 30, "call_wall_s": 120, "check_cpu_s": 400, "check_wall_s": 1200}


def train(name, grading, submission, oracle, rng, save_artifact):
    full = grading.session.mnist == "full"
    plan = read_plan(name, grading.assignment.trainings[name], full=full)
    result = watch_training(submission.worker, plan, load_full() if full else load_subset(), oracle, rng)
    if result.losses:
        title = f"{name}: {result.accuracy:.1%} of the test images"
        width = max(1, len(result.losses) // CURVE_POINTS)
        starts = range(0, len(result.losses), width)
        means = [float(np.mean(result.losses[start : start + width])) for start in starts]
        save_artifact("learning-curve.png", lambda path: draw_learning_curve(means, path, title, width=width, unit="step"), measured=True)
        save_artifact("confusion.png", lambda path: draw_confusion(result.confusion, path, title), measured=True)
    if not result.passed:
        raise CheckFailed(result.evidence)


@pytest.mark.check(
    "training.mnist_mlp",
    points=3,
    after=[*DENSE, *THE_REST],
    limits=LIMITS,
    timed=True,
    holds=["training.mlp", "speed"],
)
def test_perceptron_learns(grading, submission, oracle, rng, save_artifact):
    """A 784-16-16-10 perceptron learns MNIST by SGD in batches of 10."""
    train("mnist_mlp", grading, submission, oracle, rng, save_artifact)


@pytest.mark.check(
    "training.mnist_cnn",
    points=3,
    after=[*CONVOLUTION, *DENSE, *THE_REST],
    limits=LIMITS,
    timed=True,
    holds=["training.cnn", "speed"],
)
def test_convolutional_network_learns(grading, submission, oracle, rng, save_artifact):
    """A small convolutional network learns MNIST by SGD in batches of 32."""
    train("mnist_cnn", grading, submission, oracle, rng, save_artifact)
