"""What `Network.fit` did with stub layers, a stub loss and a stub optimizer: its turns, one a step, its epochs, its losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.asserts.gradient import Prober
from grader.asserts.layers import Array, find_hint, read_answer
from grader.asserts.values import as_array, as_dict, as_list, as_number, assert_close, fail

STUBS = (
    {"kind": "affine", "params": {"scale": np.array(2.0), "shift": np.array(1.0)}},
    {"kind": "affine", "params": {"scale": np.array(0.5), "shift": np.array(3.0)}},
)
"""Two layers: the loss sees x + 3.5, so samples can be told apart there."""

_ORDER = ["forward 0", "forward 1", "loss", "loss backward", "backward 1", "backward 0"]


@dataclass(frozen=True)
class Fitted:
    """One call of fit, looked at."""

    turns: list[dict[str, Any]]
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
    """Call fit in the worker; `more` are `seed`, `watched` (on_epoch is given), `before` ("eval") and `global_seed`."""
    sent = [dict(stub) for stub in STUBS]
    answer = prober.probe("network_fit", sent, x, y, epochs=epochs, batch_size=batch_size, **more)
    said = read_answer(answer, "Network.fit", ("turns", "calls", "losses", "before", "after"))
    turns = [as_dict(turn, "Network.fit: a turn") for turn in as_list(said["turns"], "Network.fit: the steps")]
    losses = said["losses"]
    if losses is None:
        fail("Network.fit returned None.", expected=f"a list of {epochs} losses, one for each epoch", got="None")
    calls = as_list(said["calls"], "Network.fit: the calls of on_epoch")
    return Fitted(turns, calls, as_list(losses, "Network.fit's result"), said["before"], said["after"])


def assert_turns(fitted: Fitted) -> None:
    """Each step follows a forward in train mode, the loss, its backward and the layers' backward, with what each should be given."""
    _assert_steps(fitted)
    for number, turn in enumerate(fitted.turns, 1):
        when = f"before step {number}"
        order = [str(name) for name in as_list(turn.get("order"), f"Network.fit: the calls {when}")]
        if order != _ORDER:
            fail(
                f"Network.fit: the calls {when} are not forward, loss, backward from the loss, backward through the layers.",
                expected=", ".join(_ORDER),
                got=", ".join(order[:12]) or "none",
            )
        modes = as_list(turn.get("modes"), "Network.fit: the modes", length=len(STUBS))
        if not all(mode is True for mode in modes):
            fail(
                f"Network.fit: a layer was not in training mode in the forward {when}.",
                expected="training is True in every layer",
                got=f"training is {', '.join(str(mode)[:20] for mode in modes)}",
                hint="fit calls train() before it trains, whatever mode the network was in.",
            )
        x = as_array(turn.get("x"), f"Network.fit: the first layer's input {when}")
        assert_close(turn.get("prediction"), x + 3.5, f"Network.fit: the prediction that the loss was given {when}")
        gradient = as_array(turn.get("gradient"), "Network.fit: the loss's gradient")
        assert_close(turn.get("grad_output"), gradient, f"Network.fit: the gradient that the last layer's backward was given {when}")


def _assert_steps(fitted: Fitted) -> None:
    if not fitted.turns:
        fail("Network.fit never called optimizer.step().", expected="a step for each batch", got="none")


def read_epochs(fitted: Fitted, x: Array, epochs: int, batch_size: int) -> list[list[dict[str, Any]]]:
    """Return the turns of each epoch; fail unless every epoch has as many batches as it takes, all full but the last."""
    _assert_steps(fitted)
    samples = len(x)
    sizes = [min(batch_size, samples - start) for start in range(0, samples, batch_size)]
    met = [len(as_array(turn.get("prediction"), "Network.fit: the prediction")) for turn in fitted.turns]
    if met != sizes * epochs:
        fail(
            f"Network.fit: with {samples} samples, batch_size={batch_size} and epochs={epochs} the batches have the wrong sizes.",
            expected=f"{epochs} times {sizes}",
            got=str(met[:30]),
            hint="The last batch of an epoch holds what is left; it is used, too.",
        )
    return [fitted.turns[start : start + len(sizes)] for start in range(0, len(met), len(sizes))]


def read_order(turns: Sequence[Mapping[str, Any]], x: Array, what: str) -> list[int]:
    """Return which rows of x an epoch's batches hold, in order; fail unless each is there exactly once.

    Each sample's first entry must be its own.
    """
    marks = x.reshape(len(x), -1)[:, 0]
    rows: list[int] = []
    for turn in turns:
        batch = as_array(turn.get("prediction"), f"{what}: the prediction")
        if batch.shape[1:] != x.shape[1:]:
            fail(f"{what}: a batch has the wrong shape.", expected=f"(n, {', '.join(map(str, x.shape[1:]))})", got=str(batch.shape))
        for row in batch.astype(np.float64) - 3.5:
            place = int(np.argmin(np.abs(marks - row.flat[0])))
            if not np.allclose(row, x[place], atol=1e-5):
                fail(f"{what}: a batch holds a sample that is none of those given.", expected="rows of x", got=f"{row.flat[0]:.8g}, ...")
            rows.append(place)
    seen = np.bincount(rows, minlength=len(x))
    if not bool(np.all(seen == 1)):
        worst = int(np.argmax(np.abs(seen - 1)))
        fail(
            f"{what}: not every sample was met exactly once.",
            expected=f"each of the {len(x)} samples once",
            got=f"{int(np.sum(seen == 0))} never, {int(np.sum(seen > 1))} more than once; sample {worst} came {seen[worst]} times",
        )
    return rows


def assert_losses(fitted: Fitted, epochs: Sequence[Sequence[Mapping[str, Any]]]) -> list[float]:
    """Fail unless fit returned each epoch's mean over the samples of the losses met; return these means."""
    as_list(fitted.losses, "Network.fit's result", length=len(epochs))
    means: list[float] = []
    for number, (turns, got) in enumerate(zip(epochs, fitted.losses, strict=True)):
        values = np.array([as_number(turn.get("value"), "the stub loss") for turn in turns])
        sizes = np.array([len(as_array(turn.get("prediction"), "the prediction")) for turn in turns])
        wrong = {
            "This is the mean over the batches: a short batch counts as much as a full one.": values.mean(),
            "This is the sum of the batches' losses.": values.sum(),
            "This is the last batch's loss.": values[-1],
            "This is the sum over the samples, not divided by their number.": (values * sizes).sum(),
        }
        mean = float((values * sizes).sum() / sizes.sum())
        hint = find_hint(np.asarray(got, dtype=np.float64), wrong) if isinstance(got, int | float) else ""
        assert_close(as_number(got, f"Network.fit's loss of epoch {number}"), mean, f"Network.fit's loss of epoch {number}", hint=hint)
        means.append(mean)
    return means
