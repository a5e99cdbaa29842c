"""Network.fit, watched by stub layers, a stub loss and a stub optimizer."""

import numpy as np
import pytest

from grader.asserts.batches import assert_each_once, assert_sizes
from grader.asserts.fitting import assert_losses, assert_training_mode, assert_turns, read_rows, run_fit

# Samples that can be told apart by their first entry.
X = np.stack([np.arange(11.0), np.arange(11.0) ** 2 / 8], axis=1)
Y = np.arange(11) % 3


@pytest.mark.check("network.Network", points=0.4, holds=["fit.updates"])
def test_fit_takes_a_step_for_each_batch(submission):
    """For each batch fit calls forward, the loss, its backward, the layers' backward and step."""
    assert_turns(run_fit(submission, X, Y, epochs=2, batch_size=4, seed=1))


@pytest.mark.check("network.Network", points=0.2, holds=["fit.mode"])
def test_fit_trains_in_train_mode(submission):
    """fit trains in train mode, also where the network was in eval mode before."""
    assert_training_mode(run_fit(submission, X, Y, epochs=2, batch_size=4, seed=1, before="eval"))


@pytest.mark.check("network.Network", points=0.5, holds=["fit.epoch"])
def test_fit_visits_every_sample_once_an_epoch(submission):
    """Each epoch visits every sample exactly once, in batches of batch_size of which the last may be short."""
    for batch_size in (4, 11, 20, 1):
        fitted = run_fit(submission, X, Y, epochs=2, batch_size=batch_size, seed=1)
        what = f"Network.fit of {len(X)} samples with epochs=2 and batch_size={batch_size}"
        rows = [read_rows(turn, X, what) for turn in fitted.turns]
        assert_sizes([len(batch) for batch in rows], len(X), batch_size, 2, what)
        for epoch in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
            assert_each_once([row for batch in epoch for row in batch], len(X), f"{what}, in an epoch")


@pytest.mark.check("network.Network", points=0.5, holds=["fit.losses"])
def test_fit_returns_mean_losses(submission):
    """fit returns one loss an epoch: the mean over the samples of the losses met, the short last batch by its size."""
    fitted = run_fit(submission, X, Y, epochs=3, batch_size=4, seed=1, watched=False)
    assert_losses(fitted, 3)
