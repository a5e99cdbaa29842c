"""Network.fit: pairs, orders, on_epoch, refusals."""

import numpy as np
import pytest

from grader.asserts.batches import assert_pair
from grader.asserts.fitting import assert_losses, read_rows, run_fit, split_epochs
from grader.asserts.manners import assert_global_state
from grader.asserts.values import as_list, as_number, assert_close, assert_refuses, fail


def draw_samples(rng, shape):
    """Samples whose first entries are their own, in no order."""
    x = rng.standard_normal(shape)
    x.reshape(len(x), -1)[:, 0] = rng.permutation(len(x)) + 10.0
    return x


@pytest.mark.check("network.Network", points=0.3, holds=["fit.pairs"])
def test_fit_keeps_pairs(submission, rng):
    """Every sample meets its own target: labels or rows, dense data or images."""
    for shape, y in (
        ((13, 5), rng.permutation(13)),
        ((13, 5), rng.standard_normal((13, 3))),
        ((11, 2, 3, 4), rng.permutation(11).astype(np.int32)),
    ):
        x = draw_samples(rng, shape)
        what = f"Network.fit on x of shape {x.shape} and y of shape {y.shape}"
        for turn in run_fit(submission, x, y, epochs=2, batch_size=4, seed=3).turns:
            assert_pair(turn.get("target"), read_rows(turn, x, what), y, f"{what}: the target that the loss was given")


def orders(submission, x, y, **more):
    fitted = run_fit(submission, x, y, epochs=3, batch_size=8, **more)
    return [[row for turn in turns for row in read_rows(turn, x, "Network.fit")] for turns in split_epochs(fitted, 3)]


@pytest.mark.check("network.Network", points=0.4, holds=["fit.order", "seed.same"])
def test_fit_draws_new_orders(submission, rng):
    """Every epoch has a new order; the same seed gives the same orders, another seed others."""
    x, y = draw_samples(rng, (37, 2)), rng.permutation(37)
    first = orders(submission, x, y, seed=5, global_seed=1)
    for number, order in enumerate(first):
        if order in ([*range(37)], [*range(36, -1, -1)]):
            said = f"Network.fit: the samples of epoch {number} came in the order in which they were given."
            fail(said, expected="a shuffled order", got="no shuffling")
        if order in first[:number]:
            said = f"Network.fit: epoch {number} has the order of an earlier one."
            fail(said, expected="a new order in every epoch", got="the same order again")
    if orders(submission, x, y, seed=5, global_seed=2) != first:
        fail("Network.fit: the same seed gave other orders.", expected="equal orders for equal seeds", got="different ones")
    if orders(submission, x, y, seed=6, global_seed=1)[0] == first[0]:
        fail("Network.fit: two different seeds gave the same order.", expected="orders that depend on the seed", got="equal ones")
    unseeded = orders(submission, x, y)
    if [*range(37)] in unseeded or unseeded[0] == unseeded[1]:
        fail("Network.fit without a seed did not shuffle.", expected="a new order in every epoch", got="no shuffling")


@pytest.mark.check("network.Network", points=0.3, holds=["fit.on_epoch", "fit.losses"])
def test_on_epoch_is_called_after_each_epoch(submission, rng):
    """on_epoch gets each epoch's number, from 0, and its mean loss, after the epoch's last step."""
    x, y = draw_samples(rng, (7, 2)), rng.permutation(7)
    for epochs, batch_size in ((3, 3), (1, 10), (0, 3)):
        fitted = run_fit(submission, x, y, epochs=epochs, batch_size=batch_size, seed=2)
        said = f"Network.fit with epochs={epochs}"
        if epochs == 0 and fitted.turns:
            fail(f"{said} trained.", expected="no step", got=f"{len(fitted.turns)} steps")
        means = assert_losses(fitted, epochs)
        calls = as_list(fitted.calls, f"{said}: the calls of on_epoch", length=epochs)
        for number, (call, mean) in enumerate(zip(calls, means, strict=True)):
            steps, epoch, loss = as_list(call, "a call of on_epoch", length=3)
            assert_close(as_number(epoch, "on_epoch's epoch"), number, f"{said}: the epoch that on_epoch was given")
            assert_close(as_number(loss, "on_epoch's mean_loss"), mean, f"{said}: the mean loss that on_epoch was given")
            before = f"{said}: the number of steps before on_epoch({number}, ...)"
            assert_close(as_number(steps, before), (number + 1) * len(fitted.turns) // epochs, before)


@pytest.mark.check("network.Network", points=0.2, holds=["refuse.negative", "refuse.sizes"])
def test_fit_refuses(submission, rng):
    """epochs below 0 and a batch_size below 1 are refused with a ValueError that names the argument."""
    x, y = draw_samples(rng, (7, 2)), rng.permutation(7)
    for name, value in (("epochs", -1), ("batch_size", 0), ("batch_size", -2)):
        told = {"epochs": 1, "batch_size": 3, name: value}
        assert_refuses(lambda told=told: run_fit(submission, x, y, **told), f"Network.fit with {name}={value}", names=[name])


@pytest.mark.check("network.Network", points=0.1, holds=["seed.global"])
def test_fit_leaves_the_global_state(submission, rng):
    """fit leaves NumPy's global random state alone."""
    x, y = draw_samples(rng, (7, 2)), rng.permutation(7)
    for seed in (4, None):
        fitted = run_fit(submission, x, y, epochs=2, batch_size=3, seed=seed)
        assert_global_state(fitted.before, fitted.after, f"Network.fit with seed={seed}")
