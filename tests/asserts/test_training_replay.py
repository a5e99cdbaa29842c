import sys
from pathlib import Path

import numpy as np
import pytest

from grader.asserts.training.disguise import draw_disguise, draw_parameters
from grader.asserts.training.drive import Step
from grader.asserts.training.network import OracleNetwork
from grader.asserts.training.plan import TrainingPlan
from grader.asserts.training.replay import TOLERANCE, compare, replay
from grader.datasets import MnistSet

sys.path.insert(0, str(Path(__file__).parents[1] / "studies"))
from in_process import load_submission

LAYERS = (("layers", "Dense", (784, 7)), ("activations", "ReLU", ()), ("layers", "Dense", (7, 10)))
PLAN = TrainingPlan("small", LAYERS, "permute", 1, 5, 0.1, 0.5, 1)
RNG = np.random.default_rng(0)
DATA = MnistSet(
    RNG.integers(0, 256, (20, 28, 28), dtype=np.uint8), RNG.integers(0, 10, 20), np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.int64)
)
DISGUISE = draw_disguise("permute", np.random.default_rng(1))


@pytest.fixture
def network():
    return OracleNetwork(load_submission("reference"), PLAN)


@pytest.fixture
def step(network):
    """A right step, its parameters stored in float32."""
    before = draw_parameters(network.shapes, np.random.default_rng(2))
    rows = np.arange(5)
    images, labels = DISGUISE.dress_images(DATA.train_images[rows]), DISGUISE.dress_labels(DATA.train_labels[rows])
    after = network.step_from(before, images, labels)
    return Step(3, rows, before, {name: array.astype(np.float32) for name, array in after.items()})


def with_change(step, name, factor):
    """The step with one parameter's change multiplied."""
    changed = step.before[name] + factor * (step.after[name].astype(np.float64) - step.before[name])
    return Step(step.index, step.rows, step.before, {**step.after, name: changed})


def test_float32_storage_of_a_right_step_agrees(network, step):
    (found,) = replay([step], network, DISGUISE, DATA)
    assert (found.ratio < 0.1, found.names, found.nudged) == (True, (), False)


@pytest.mark.parametrize("name", ["0.W", "0.b", "2.W", "2.b"])
@pytest.mark.parametrize("factor, agrees", [(1 + TOLERANCE / 2, True), (1 + 2 * TOLERANCE, False), (0, False), (-1, False), (10, False)])
def test_change_of_each_parameter_counts(network, step, name, factor, agrees):
    (found,) = replay([with_change(step, name, factor)], network, DISGUISE, DATA)
    assert found.names == (() if agrees else (name,))
    assert (found.ratio <= 1) == agrees


def test_change_hidden_below_storage_rounding_is_all_that_is_granted(step):
    still = {name: np.array(array, np.float64) for name, array in step.before.items()}
    rounded = {name: array * (1 + 2.0**-24) for name, array in still.items()}
    beyond = {name: array * (1 + 2.0**-20) for name, array in still.items()}
    assert compare(Step(0, step.rows, step.before, rounded), still).ratio <= 1
    assert compare(Step(0, step.rows, step.before, beyond), still).ratio > 1


@pytest.mark.parametrize("size", [1e200, 1e300])
def test_numbers_that_overflow_a_norm_disagree(network, step, size):
    huge = Step(0, step.rows, step.before, {**step.after, "0.W": np.full((784, 7), size)})
    with np.errstate(all="ignore"):
        assert compare(huge, {**step.after, "0.W": np.full((784, 7), -size)}).ratio == np.inf
        assert replay([huge], network, DISGUISE, DATA)[0].ratio > 1


def test_relu_that_rounding_tipped_agrees_from_nudged_parameters(network, step):
    images, labels = DISGUISE.dress_images(DATA.train_images[step.rows]), DISGUISE.dress_labels(DATA.train_labels[step.rows])
    # Unit 2's bias puts sample 0 on the kink, within what float64 resolves and float32 does not.
    on_kink = {name: array.astype(np.float64) for name, array in step.before.items()}
    on_kink["0.b"][2] = -(images[0].astype(np.float64) @ on_kink["0.W"][:, 2]) + 1e-9
    tipped = {**on_kink, "0.b": on_kink["0.b"] - 2e-9 * (np.arange(7) == 2)}
    expected, other = (network.step_from(start, images, labels) for start in (on_kink, tipped))
    taken = Step(3, step.rows, on_kink, {name: on_kink[name] + other[name] - tipped[name] for name in other})
    assert compare(taken, expected).ratio > 1
    (found,) = replay([taken], network, DISGUISE, DATA)
    assert (found.ratio <= 1, found.nudged) == (True, True)


def test_parameters_are_named_for_people(network):
    assert network.describe("2.b") == "b of layer 3 (Dense)"
