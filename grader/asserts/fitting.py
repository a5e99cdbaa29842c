"""What `Network.fit` did with stub layers, a stub loss and a stub optimizer: its turns, one a step, its epochs, its losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.asserts.batches import find_rows, read_samples
from grader.asserts.layers import Array, find_hint, read_answer
from grader.asserts.prober import Prober
from grader.asserts.values import as_array, as_dict, as_list, as_number, assert_close, fail

STUBS = (
    {"kind": "affine", "params": {"scale": np.array(1.0), "shift": np.array(1.0)}},
    {"kind": "affine", "params": {"scale": np.array(1.0), "shift": np.array(2.5)}},
)
SHIFT = 3.5
"""Two layers, whatever their order: the loss sees x + 3.5, so samples can be told apart there."""

_ORDER = ["forward 0", "forward 1", "loss", "loss backward", "backward 1", "backward 0"]

Turn = dict[str, Any]


@dataclass(frozen=True)
class Fitted:
    """One call of fit, looked at."""

    turns: list[Turn]
    """What led to each step: `order` of the calls, `modes`, `x`, `prediction`, `target`, `value`, `gradient`, `grad_output`."""
    calls: list[Any]
    """The calls of on_epoch: steps before it, epoch, mean loss."""
    losses: list[Any]
    """What fit returned, entry by entry."""
    before: Any
    """NumPy's global random state before fit."""
    after: Any
    """The same afterwards."""


def run_fit(prober: Prober, x: Array, y: Array, *, epochs: int, batch_size: int, **more: Any) -> Fitted:
    """Call fit in the worker; `more` are `seed`, `watched` (on_epoch is given), `before` ("eval") and `global_seed`.

    Fails where fit took no step though there are epochs.
    """
    sent = [dict(stub) for stub in STUBS]
    answer = prober.probe("network_fit", sent, x, y, epochs=epochs, batch_size=batch_size, **more)
    said = read_answer(answer, "Network.fit", ("turns", "calls", "losses", "before", "after"))
    turns = [as_dict(turn, "Network.fit: a turn") for turn in as_list(said["turns"], "Network.fit: the steps")]
    if epochs and not turns:
        fail("Network.fit never called optimizer.step().", expected="a step for each batch", got="none")
    calls = as_list(said["calls"], "Network.fit: the calls of on_epoch")
    losses = [] if said["losses"] is None else as_list(said["losses"], "Network.fit's result")
    return Fitted(turns, calls, losses, said["before"], said["after"])


def assert_turns(fitted: Fitted) -> None:
    """Each step follows a forward, the loss, its backward and the layers' backward, each given what the one before returned."""
    for number, turn in enumerate(fitted.turns, 1):
        when = f"before step {number}"
        order = [str(name) for name in as_list(turn.get("order"), f"Network.fit: the calls {when}")]
        if order != _ORDER:
            fail(
                f"Network.fit: the calls {when} are not forward, loss, backward from the loss, backward through the layers.",
                expected=", ".join(_ORDER),
                got=", ".join(order[:12]) or "none",
            )
        x = as_array(turn.get("x"), f"Network.fit: the first layer's input {when}")
        assert_close(turn.get("prediction"), x + SHIFT, f"Network.fit: the prediction that the loss was given {when}")
        gradient = as_array(turn.get("gradient"), "Network.fit: the loss's gradient")
        assert_close(turn.get("grad_output"), gradient, f"Network.fit: the gradient that the last layer's backward was given {when}")


def assert_training_mode(fitted: Fitted) -> None:
    """In each forward that led to a step every layer was in training mode."""
    for number, turn in enumerate(fitted.turns, 1):
        modes = as_list(turn.get("modes"), f"Network.fit: the forward before step {number}")
        if not modes or not all(mode is True for mode in modes):
            fail(
                f"Network.fit: a layer was not in training mode in the forward before step {number}.",
                expected="training is True in every layer",
                got=f"training is {', '.join(str(mode)[:20] for mode in modes)}" if modes else "no forward before the loss",
                hint="fit calls train() before it trains, whatever mode the network was in.",
            )


def split_epochs(fitted: Fitted, epochs: int) -> list[list[Turn]]:
    """Return the turns of each epoch; fail unless all epochs have equally many."""
    each, rest = divmod(len(fitted.turns), epochs)
    if rest or not each:
        steps = f"{len(fitted.turns)} steps"
        fail(f"Network.fit with epochs={epochs} took {steps} in all.", expected="equally many steps in every epoch", got=steps)
    return [fitted.turns[start : start + each] for start in range(0, len(fitted.turns), each)]


def read_rows(turn: Turn, x: Array, what: str) -> list[int]:
    """Return which rows of x the loss saw in a turn."""
    seen = f"{what}: a batch, as the loss saw it,"
    return find_rows(read_samples(turn.get("prediction"), x, seen) - SHIFT, x, seen)


def assert_losses(fitted: Fitted, epochs: int) -> list[float]:
    """Fail unless fit returned each epoch's mean over the samples of the losses met; return these means."""
    as_list(fitted.losses, "Network.fit's list of losses", length=epochs)
    means = [_measure_epoch(turns) for turns in split_epochs(fitted, epochs)] if epochs else []
    for number, ((mean, wrong), got) in enumerate(zip(means, fitted.losses, strict=True)):
        what = f"Network.fit's loss of epoch {number}"
        seen = as_number(got, what)
        assert_close(seen, mean, what, hint=find_hint(np.asarray(seen), wrong))
    return [mean for mean, _ in means]


def _measure_epoch(turns: Sequence[Turn]) -> tuple[float, dict[str, Any]]:
    """Return the mean over the samples of the losses that the stub gave, and what likely mistakes would give."""
    values = np.array([as_number(turn.get("value"), "the stub's loss") for turn in turns])
    sizes = np.array([_count_samples(turn) for turn in turns])
    wrong = {
        "This is the mean over the batches: a short batch counts as much as a full one.": values.mean(),
        "This is the sum of the batches' losses.": values.sum(),
        "This is the last batch's loss.": values[-1],
        "This is the sum over the samples, not divided by their number.": (values * sizes).sum(),
    }
    return float((values * sizes).sum() / sizes.sum()), wrong


def _count_samples(turn: Turn) -> int:
    what = "Network.fit: the prediction that the loss was given"
    prediction = as_array(turn.get("prediction"), what)
    if prediction.ndim == 0:
        fail(f"{what} is a single number.", expected="an array with a row for each sample", got=f"{prediction}"[:40])
    return len(prediction)
