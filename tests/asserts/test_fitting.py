"""What is said of Network.fit: a right one passes, and the turn, mode, order or loss that is wrong is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.asserts.fitting import assert_losses, assert_training_mode, assert_turns, read_rows, run_fit, split_epochs
from grader.faults import CheckFailed, SubmissionRaised
from tests.asserts.workers import REFERENCE, TERSE, Worker, assert_withstands, plant

Network = REFERENCE.network.Network
RNG = np.random.default_rng(0)
X = RNG.standard_normal((7, 2))
X[:, 0] = RNG.permutation(7) + 10.0
Y = RNG.permutation(7)
GOOD = (Worker(REFERENCE), Worker(TERSE))


def fitting(
    *, order: str = "fblus", train: bool = True, steps: bool = True, scale: float = 1.0, total: Any = None, skip: Any = None
) -> Worker:
    """A network whose fit is wrong in one way; `total` makes an epoch's loss of (losses, sizes)."""

    class Faulty(Network):
        def fit(self, x: Any, y: Any, *, loss: Any, optimizer: Any, epochs: int, batch_size: int, seed: int, **more: Any) -> Any:
            result = []
            for epoch in range(epochs):
                if train:
                    self.train()
                losses, sizes = [], []
                for x_batch, y_batch in REFERENCE.data.minibatches(x, y, batch_size, seed=seed + epoch):
                    if skip and skip(epoch, len(losses)):
                        continue
                    losses.append(float(loss.forward(self.forward(x_batch) * scale, y_batch)))
                    sizes.append(len(x_batch))
                    self.turn(loss, optimizer)
                result.append(total(losses, sizes) if total else float(np.dot(losses, sizes) / sum(sizes)))
            return result

        def turn(self, loss: Any, optimizer: Any) -> None:
            gradient = loss.backward()
            if order == "forwards":
                for layer in self.layers:
                    gradient = layer.backward(gradient)
            elif order == "halved":
                self.backward(gradient / 2)
            elif order != "no backward":
                self.backward(gradient)
            if steps:
                optimizer.step()

    return plant(network={"Network": Faulty})


def fit(worker: Any, epochs: int = 2, **more: Any) -> Any:
    return run_fit(worker, X, Y, epochs=epochs, batch_size=3, seed=4, **more)


def check(worker: Any) -> None:
    """Everything that may be asked of one fit."""
    fitted = fit(worker)
    assert_turns(fitted)
    assert_training_mode(fitted)
    for turns in split_epochs(fitted, 2):
        assert sorted(row for turn in turns for row in read_rows(turn, X, "Network.fit")) == list(range(7))
    assert_losses(fitted, 2)


@pytest.mark.parametrize("worker", [*GOOD, fitting()])
def test_right_fit_passes(worker: Worker) -> None:
    check(worker)


@pytest.mark.parametrize("judge", [assert_turns, assert_training_mode, lambda fitted: assert_losses(fitted, 2)])
def test_strange_answers_are_the_students_fault(judge: Any) -> None:
    assert_withstands(lambda worker: judge(fit(worker)), GOOD[0])


def test_strange_turns_are_the_students_fault() -> None:
    def read(worker: Any) -> None:
        for turn in fit(worker).turns:
            read_rows(turn, X, "Network.fit")

    assert_withstands(read, GOOD[0])


def test_fitted_holds_calls_and_states() -> None:
    fitted = fit(GOOD[0])
    assert [call[:2] for call in fitted.calls] == [[3, 0], [6, 1]]
    assert [call[2] for call in fitted.calls] == fitted.losses
    assert all(np.array_equal(one, other) for one, other in zip(fitted.before, fitted.after, strict=True))
    assert fit(GOOD[0], watched=False).calls == []


def test_no_epoch_is_no_step() -> None:
    fitted = fit(GOOD[0], epochs=0)
    assert fitted.turns == assert_losses(fitted, 0) == []


def test_fit_that_never_steps_fails() -> None:
    with pytest.raises(CheckFailed, match=r"never called optimizer\.step"):
        fit(fitting(steps=False))


def test_exception_of_fit_passes_through() -> None:
    with pytest.raises(SubmissionRaised, match="epochs"):
        fit(GOOD[0], epochs=-1)


@pytest.mark.parametrize(
    "worker, said",
    [
        (fitting(order="forwards"), "the calls before step 1 are not forward, loss, backward from the loss"),
        (fitting(order="no backward"), "the calls before step 1 are not forward, loss, backward from the loss"),
        (fitting(order="halved"), "the gradient that the last layer's backward was given before step 1: 6 of 6"),
        (fitting(scale=2.0), "the prediction that the loss was given before step 1: 6 of 6"),
    ],
)
def test_turns_name_what_was_not_handed_on(worker: Worker, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        assert_turns(fit(worker))


def test_wrong_order_is_shown_call_by_call() -> None:
    with pytest.raises(CheckFailed) as caught:
        assert_turns(fit(fitting(order="forwards")))
    assert caught.value.evidence.expected.endswith("loss backward, backward 1, backward 0")
    assert caught.value.evidence.got.endswith("loss backward, backward 0, backward 1")


def test_evaluation_mode_while_training_fails() -> None:
    assert_training_mode(fit(fitting(), before="eval"))
    with pytest.raises(CheckFailed, match="not in training mode in the forward before step 1") as caught:
        assert_training_mode(fit(fitting(train=False), before="eval"))
    assert caught.value.evidence.got == "training is False, False"


def test_epochs_of_unequal_length_fail() -> None:
    with pytest.raises(CheckFailed, match=r"Network.fit with epochs=2 took 5 steps in all"):
        split_epochs(fit(fitting(skip=lambda epoch, batch: epoch == 1 and batch == 2)), 2)


def test_epochs_are_split_in_order() -> None:
    fitted = fit(GOOD[0])
    assert split_epochs(fitted, 2) == [fitted.turns[:3], fitted.turns[3:]]


def test_rows_are_those_that_the_loss_saw() -> None:
    fitted = fit(GOOD[0])
    for turn in fitted.turns:
        assert Y[read_rows(turn, X, "it")].tolist() == turn["target"].tolist()


def test_rows_of_a_changed_sample_fail() -> None:
    with pytest.raises(CheckFailed, match="a batch, as the loss saw it, holds a sample that is none of those given"):
        read_rows(fit(fitting(scale=2.0)).turns[0], X, "Network.fit")


@pytest.mark.parametrize(
    "total, hint",
    [
        (lambda losses, sizes: float(np.mean(losses)), "This is the mean over the batches"),
        (lambda losses, sizes: sum(losses), "This is the sum of the batches' losses."),
        (lambda losses, sizes: losses[-1], "This is the last batch's loss."),
        (lambda losses, sizes: float(np.dot(losses, sizes)), "This is the sum over the samples"),
        (lambda losses, sizes: 0.0, ""),
    ],
)
def test_wrong_mean_gets_its_cause(total: Any, hint: str) -> None:
    with pytest.raises(CheckFailed, match=r"Network.fit's loss of epoch 0") as caught:
        assert_losses(fit(fitting(total=total)), 2)
    assert caught.value.evidence.hint.startswith(hint)
    assert bool(caught.value.evidence.hint) == bool(hint)


@pytest.mark.parametrize(
    "total, said",
    [
        (lambda losses, sizes: None, "loss of epoch 0 is None, not a number"),
        (lambda losses, sizes: float("nan"), "loss of epoch 0 is nan"),
        (lambda losses, sizes: losses, "loss of epoch 0 is an object of type list"),
    ],
)
def test_loss_that_is_no_number_fails(total: Any, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        assert_losses(fit(fitting(total=total)), 2)


def test_losses_of_another_number_fail() -> None:
    with pytest.raises(CheckFailed, match=r"Network.fit's list of losses has 2 entries"):
        assert_losses(fit(GOOD[0]), 3)


def test_fit_that_returns_nothing_fails_for_its_losses() -> None:
    class Quiet(Network):
        def fit(self, *args: Any, **kwargs: Any) -> None:
            super().fit(*args, **kwargs)

    with pytest.raises(CheckFailed, match="list of losses has 0 entries"):
        assert_losses(fit(plant(network={"Network": Quiet})), 2)
