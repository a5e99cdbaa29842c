import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.asserts.training import assert_trains, read_plan, try_once, watch_training
from grader.datasets import MnistSet, load_subset
from grader.faults import CheckFailed, SubmissionRaised
from grader.model.assignment import find_assignment

sys.path.insert(0, str(Path(__file__).parents[1] / "studies"))
from in_process import LocalWorker, load_submission, replace_classes
from training_bugs import concerns, plant_bugs

REFERENCE = load_submission("reference")
TRAININGS = find_assignment("pytorchnano").trainings
MLP, CNN = (read_plan(name, TRAININGS[name]) for name in ("mnist_mlp", "mnist_cnn"))
SUBSET = load_subset()
FEW = MnistSet(SUBSET.train_images[:400], SUBSET.train_labels[:400], SUBSET.test_images[:300], SUBSET.test_labels[:300])
SHORT_MLP = replace(MLP, epochs=2, threshold=0.2)
SHORT_CNN = replace(CNN, epochs=1, threshold=0.0)
BUGS = plant_bugs(REFERENCE)


def watch(package, plan=SHORT_MLP, data=FEW, seed=0):
    return watch_training(LocalWorker(package), plan, data, REFERENCE, np.random.default_rng(seed))


def replaced_sgd(step, **methods):
    """The reference with another `SGD.step(self, layers)`."""
    right = REFERENCE.optimizers.SGD

    def __init__(self, layers, lr):
        right.__init__(self, layers, lr)
        self.all_layers, self.calls = list(layers), 0

    def counted(self):
        self.calls += 1
        right.step(self)
        step(self)

    return replace_classes(REFERENCE, optimizers={"SGD": type("SGD", (right,), {"__init__": __init__, "step": counted, **methods})})


@pytest.mark.parametrize("name", ["reference", "tape", "terse", "loops"])
def test_right_perceptron_learns(name):
    result = watch(load_submission(name), MLP, SUBSET)
    assert (result.ending, result.tries, len(result.losses), len(result.epoch_losses)) == ("trained", 1, 1800, 3)
    assert result.accuracy > MLP.threshold
    assert result.confusion.sum(axis=1).tolist() == [100] * 10
    assert np.trace(result.confusion) == round(1000 * result.accuracy)
    assert result.epoch_losses[-1] < result.epoch_losses[0]
    assert result.worst is not None
    assert result.worst.ratio < 0.5


@pytest.mark.parametrize("name", ["reference", pytest.param("tape", marks=pytest.mark.slow), pytest.param("terse", marks=pytest.mark.slow)])
def test_right_convolution_learns(name):
    result = watch(load_submission(name), CNN, SUBSET)
    assert (result.ending, result.tries) == ("trained", 1)
    assert result.accuracy > CNN.threshold


def test_right_convolution_in_plain_loops_is_told_that_it_is_right_and_too_slow():
    result = watch(load_submission("loops"), replace(CNN, batch_size=4), SUBSET)
    assert (result.ending, result.tries, result.passed) == ("too_slow", 1, False)
    assert "right" in result.evidence.said
    assert "ms an image" in result.evidence.expected


@pytest.mark.parametrize("bug", [bug for bug in BUGS if concerns(bug, {"Dense", "ReLU"})])
def test_bug_in_the_perceptron_is_caught(bug):
    result = watch(BUGS[bug][1], replace(SHORT_MLP, threshold=0.0))
    assert result.ending == ("broke" if bug == "sgd_in_half" else "disagrees")
    assert result.tries == 2


@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.startswith(("conv", "pool"))])
def test_bug_in_the_convolution_is_caught(bug):
    assert watch(BUGS[bug][1], SHORT_CNN).ending == "disagrees"


def test_disagreement_names_the_parameter_and_those_that_are_right():
    result = watch(BUGS["dense_transposed"][1])
    assert result.evidence.where == "changed otherwise: W of layer 3 (Dense)"
    assert "b of layer 3 (Dense)" in result.evidence.hint
    assert result.evidence.facts["step"] == 0


@pytest.mark.parametrize("at", [1, 100, 1800])
def test_weights_that_know_the_very_secret_earn_nothing(at):
    learned = {}

    def remember(self):
        learned.update({(i, name): array.copy() for i, layer in enumerate(self.all_layers) for name, array in layer.params.items()})

    def smuggle(self):
        if self.calls == at:
            for (i, name), array in learned.items():
                self.all_layers[i].params[name] = array + np.float32(0.001)

    honest = try_once(LocalWorker(replaced_sgd(remember)), MLP, SUBSET, REFERENCE, np.random.default_rng(7))
    result = try_once(LocalWorker(replaced_sgd(smuggle)), MLP, SUBSET, REFERENCE, np.random.default_rng(7))
    assert honest.passed
    assert result.accuracy > MLP.threshold
    assert result.ending == "disagrees"


def test_parameters_exchanged_between_two_steps_earn_nothing():
    right = REFERENCE.layers.Dense

    def forward(self, x):
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls == 30:
            self.params["W"] = self.params["W"] * 0.5
        return right.forward(self, x)

    package = replace_classes(REFERENCE, layers={"Dense": type("Dense", (right,), {"forward": forward})})
    assert watch(package).ending == "disagrees"


def test_pretrained_constructors_gain_and_lose_nothing():
    right = REFERENCE.layers.Dense

    def __init__(self, *sizes):
        right.__init__(self, *sizes)
        self.params["W"] = np.full_like(self.params["W"], 123.0)

    package = replace_classes(REFERENCE, layers={"Dense": type("Dense", (right,), {"__init__": __init__})})
    assert watch(package).accuracy == watch(REFERENCE).accuracy


def test_float64_storage_is_right():
    def widen(self):
        for layer in self.all_layers:
            for name, array in layer.params.items():
                layer.params[name] = array.astype(np.float64)

    assert watch(replaced_sgd(widen)).ending == "trained"


def test_forward_that_answers_otherwise_after_training_is_told_so():
    right = REFERENCE.layers.Dense

    def forward(self, x):
        return right.forward(self, x)[:, ::-1] if len(x) > 10 else right.forward(self, x)

    package = replace_classes(REFERENCE, layers={"Dense": type("Dense", (right,), {"forward": forward})})
    result = watch(package)
    assert (result.ending, result.tries) == ("predicts_otherwise", 2)


def test_network_that_learns_too_little_is_tried_again_under_another_secret():
    result = watch(REFERENCE, replace(SHORT_MLP, threshold=1.0))
    assert (result.ending, result.tries) == ("below", 2)
    assert result.evidence.expected == "at least 100%"


def test_disagreement_under_one_secret_alone_is_forgiven():
    class FailsFirst(LocalWorker):
        started = 0

        def probe(self, name, /, *args, **kwargs):
            self.started += name == "training_start"
            answer = super().probe(name, *args, **kwargs)
            if name == "training_step" and self.started == 1:
                answer["parameters"]["0.b"] = answer["parameters"]["0.b"] + 1
            return answer

    result = watch_training(FailsFirst(REFERENCE), SHORT_MLP, FEW, REFERENCE, np.random.default_rng(0))
    assert (result.ending, result.tries) == ("trained", 2)


def test_two_tries_have_two_secrets():
    starts = []

    class Recording(LocalWorker):
        def probe(self, name, /, *args, **kwargs):
            if name == "training_start":
                starts.append(args[2]["0.W"])
            return super().probe(name, *args, **kwargs)

    watch_training(Recording(REFERENCE), replace(SHORT_MLP, threshold=1.0), FEW, REFERENCE, np.random.default_rng(0))
    assert len(starts) == 2
    assert not np.array_equal(*starts)


def test_digits_of_test_images_never_enter_the_worker_and_the_images_only_at_the_end():
    asked = []

    class Recording(LocalWorker):
        def probe(self, name, /, *args, **kwargs):
            asked.append((name, len(args), kwargs))
            return super().probe(name, *args, **kwargs)

    watch_training(Recording(REFERENCE), SHORT_MLP, FEW, REFERENCE, np.random.default_rng(0))
    assert [name for name, _, _ in asked][-3:] == ["training_step", "training_outputs", "training_outputs"]
    assert {(count, bool(kwargs)) for name, count, kwargs in asked if name == "training_outputs"} == {(2, False)}


@pytest.mark.parametrize("outputs", [None, "seven", np.zeros((300, 9)), np.full((250, 10), np.nan), np.zeros(250, dtype=np.int64)])
def test_outputs_that_are_none_fail_the_check(outputs):
    class Answers(LocalWorker):
        def probe(self, name, /, *args, **kwargs):
            return outputs if name == "training_outputs" else super().probe(name, *args, **kwargs)

    with pytest.raises(CheckFailed, match="output for test images"):
        watch_training(Answers(REFERENCE), SHORT_MLP, FEW, REFERENCE, np.random.default_rng(0))


def test_what_the_submission_raises_passes_through():
    class Raises(LocalWorker):
        def probe(self, name, /, *args, **kwargs):
            raise SubmissionRaised("the probe training_start", "TypeError", ("TypeError",), "no such argument", ())

    with pytest.raises(SubmissionRaised):
        watch_training(Raises(REFERENCE), SHORT_MLP, FEW, REFERENCE, np.random.default_rng(0))


def test_assertion_fails_with_what_was_seen():
    with pytest.raises(CheckFailed) as caught:
        assert_trains(LocalWorker(BUGS["sgd_forgets_biases"][1]), SHORT_MLP, FEW, REFERENCE, np.random.default_rng(0))
    assert "b of layer 1 (Dense)" in caught.value.evidence.where


def test_assertion_returns_what_is_drawn():
    result = assert_trains(LocalWorker(REFERENCE), SHORT_MLP, FEW, REFERENCE, np.random.default_rng(0))
    assert (len(result.losses), result.confusion.shape, result.ms_per_image > 0) == (80, (10, 10), True)
