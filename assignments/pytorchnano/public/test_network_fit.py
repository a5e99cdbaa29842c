"""Network.fit, watched by stub layers, a stub loss and a stub optimizer."""

import numpy as np
import pytest

from grader.asserts.fitting import assert_losses, assert_turns, read_epochs, read_order, run_fit

# Samples that can be told apart by their first entry.
X = np.stack([np.arange(11.0), np.arange(11.0) ** 2 / 8], axis=1)
Y = np.arange(11) % 3


@pytest.mark.check("network.Network", points=0.6, holds=["fit.updates", "fit.mode"])
def test_fit_takes_a_step_for_each_batch(submission):
    """For each batch fit calls forward in train mode, the loss, its backward, the layers' backward and step."""
    assert_turns(run_fit(submission, X, Y, epochs=2, batch_size=4, seed=1, before="eval"))


@pytest.mark.check("network.Network", points=0.5, holds=["fit.epoch"])
def test_fit_visits_every_sample_once_an_epoch(submission):
    """Each epoch visits every sample exactly once, in batches of batch_size of which the last may be short."""
    for batch_size in (4, 11, 20, 1):
        fitted = run_fit(submission, X, Y, epochs=2, batch_size=batch_size, seed=1)
        for number, turns in enumerate(read_epochs(fitted, X, 2, batch_size)):
            read_order(turns, X, f"Network.fit with batch_size={batch_size}, epoch {number}")


@pytest.mark.check("network.Network", points=0.5, holds=["fit.losses"])
def test_fit_returns_mean_losses(submission):
    """fit returns one loss an epoch: the mean over the samples of the losses met, the short last batch by its size."""
    fitted = run_fit(submission, X, Y, epochs=3, batch_size=4, seed=1, watched=False)
    assert_losses(fitted, read_epochs(fitted, X, 3, 4))
