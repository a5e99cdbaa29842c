"""Gradients of a submission: blame separated, faults said in a sentence, nothing strange raises."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest

from grader.asserts.gradient import check_layer, check_loss
from grader.faults import CheckFailed
from grader.gradients import draws
from grader.worker.probes import load_probes

PROBES = Path(__file__).parents[2] / "assignments" / "pytorchnano" / "probes"


class Dense:
    """An honest layer, with a hook for each fault."""

    def __init__(self, in_features, out_features, seed=None):
        self.params = {"W": np.zeros((in_features, out_features)), "b": np.zeros(out_features)}
        self.grads = {}
        self.training = True

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, grad_output):
        self.grads = {"W": self.x.T @ grad_output, "b": grad_output.sum(axis=0)}
        return grad_output @ self.params["W"].T


class Dropout:
    """Honest, and random without a seed."""

    def __init__(self, p=0.5, seed=None):
        self.generator = np.random.default_rng(seed)
        self.p = p

    def forward(self, x):
        self.mask = (self.generator.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, grad_output):
        return grad_output * self.mask


class ReLU:
    """Honest."""

    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, grad_output):
        return grad_output * (self.x > 0)


class MSELoss:
    """Honest."""

    def forward(self, prediction, target):
        self.difference = prediction - target
        return float(np.mean(self.difference**2))

    def backward(self):
        return 2 * self.difference / self.difference.size


class FakeWorker:
    """Runs the assignment's probes in this process, and lets across what the wire would."""

    package = "pytorchnano"

    def __init__(self):
        self.probes = load_probes(str(PROBES), frozenset()).functions
        self.calls = []
        self.notes = []

    def note(self, said):
        self.notes.append(said)

    def conclude(self, said):
        self.concluded = said

    def probe(self, name, /, *args, **kwargs):
        self.calls.append(name)
        return self.cross(self.probes[name](*args, **kwargs))

    def cross(self, value):
        if isinstance(value, np.ndarray):
            copy = value.copy()
            copy.flags.writeable = False
            return copy if copy.ndim else copy.item()
        if isinstance(value, list | tuple):
            return [self.cross(one) for one in value]
        if isinstance(value, dict):
            return {key: self.cross(one) for key, one in value.items()}
        return value


@pytest.fixture
def submit(monkeypatch):
    """Put classes into a package `pytorchnano` with one module, `layers`."""

    def submit(**classes):
        module = types.ModuleType("pytorchnano.layers")
        vars(module).update(classes)
        monkeypatch.setitem(sys.modules, "pytorchnano", types.ModuleType("pytorchnano"))
        monkeypatch.setitem(sys.modules, "pytorchnano.layers", module)
        return FakeWorker()

    return submit


def check_dense(worker, judge, **options):
    options = {"draw": draws.draw_dense, "seed": 0, "output_shape": (3, 7), **options}
    return check_layer(worker, ("layers", "Dense"), (5, 7), {"seed": 1}, judge=judge, **options)


@pytest.mark.parametrize("judge", [("input",), "W", ["b"], {"input", "W", "b"}])
def test_honest_layer_passes_quietly(submit, judge):
    judgement = check_dense(submit(Dense=Dense), judge)
    assert judgement.notes == ()
    assert len(judgement.trials) == 5


def test_all_cases_of_three_arguments_cost_two_trips(submit):
    worker = submit(Dense=Dense)
    check_dense(worker, ("input", "W", "b"), cases=5)
    assert worker.calls == ["layer_points", "layer_turns"]


class WrongWeight(Dense):
    def backward(self, grad_output):
        result = super().backward(grad_output)
        self.grads["W"][2, 4] *= 1.5
        return result


def test_wrong_parameter_fails_its_own_check_and_no_other(submit):
    worker = submit(Dense=WrongWeight)
    check_dense(worker, ("input",))
    check_dense(worker, ("b",))
    with pytest.raises(CheckFailed) as failure:
        check_dense(worker, ("W",))
    evidence = failure.value.evidence
    assert 'Dense.grads["W"]' in evidence.said
    assert "(2, 4)" in evidence.where
    assert "(5, 7)" in evidence.where
    assert evidence.facts["argument"] == "W"
    assert evidence.facts["seed"] == (0, 0, 0)
    assert float(evidence.got) == pytest.approx(1.5 * float(evidence.expected.split(",")[0]), rel=1e-6)
    assert evidence.facts["analytic_directional_derivative"] != pytest.approx(evidence.facts["numeric_directional_derivative"])


def test_error_that_no_sampled_entry_shows_is_told_with_its_directional_derivative(submit):
    class OneOfMany(Dense):
        def backward(self, grad_output):
            result = super().backward(grad_output)
            self.grads["W"][3, 3] += 0.5
            return result

    def draw(generator):
        return draws.draw_dense(generator, (3, 40, 41))

    worker = submit(Dense=OneOfMany)
    with pytest.raises(CheckFailed) as failure:
        check_layer(worker, ("layers", "Dense"), (40, 41), draw=draw, judge=("W",), seed=0)
    assert "none of the 435 entries" in failure.value.evidence.where
    assert "random direction" in failure.value.evidence.said


class Stale(Dense):
    def forward(self, x):
        if not hasattr(self, "x"):
            self.x = x
        return x @ self.params["W"] + self.params["b"]


class Accumulates(Dense):
    def backward(self, grad_output):
        before = self.grads
        result = super().backward(grad_output)
        self.grads = {name: value + before.get(name, 0) for name, value in self.grads.items()}
        return result


class Transposed(Dense):
    def backward(self, grad_output):
        result = super().backward(grad_output)
        self.grads["W"] = self.grads["W"].T
        return result


@pytest.mark.parametrize("layer", [Stale, Accumulates, Transposed])
def test_fault_of_the_weight_gradient_leaves_the_input_alone(submit, layer):
    worker = submit(Dense=layer)
    check_dense(worker, ("input",))
    with pytest.raises(CheckFailed, match=r'grads\["W"\]'):
        check_dense(worker, ("W",), cases=1)


class Differences(Dense):
    def backward(self, grad_output):
        result = super().backward(grad_output)
        x, weights = self.x, self.params["W"].copy()
        for index in np.ndindex(weights.shape):
            for sign in (1, -1):
                self.params["W"] = weights.copy()
                self.params["W"][index] += sign
                self.grads["W"][index] += sign * np.sum(grad_output * self.forward(x)) / 2
        self.params["W"] = weights
        self.grads["W"] -= self.x.T @ grad_output
        return result


def test_right_gradient_by_differences_of_forward_passes_with_a_note(submit):
    worker = submit(Dense=Differences)
    check_dense(worker, ("W",))
    assert len(worker.notes) == 1
    assert "numerically" in worker.notes[0]


def returning(method, value):
    class Returns(Dense):
        pass

    setattr(Returns, method, lambda self, *args: (Dense.backward(self, *args) if method == "backward" else None, value)[1])
    return Returns


STRANGE = {
    "None": None,
    "list": [1.0, 2.0],
    "str": "no",
    "dict": {"a": 1},
    "object": object(),
    "NaN": np.full((3, 5), np.nan),
    "infinite number": float("inf"),
    "huge integer": 10**400,
    "number": 1.0,
    "wrong shape": np.ones((5, 3)),
    "complex": np.ones((3, 5)) * 1j,
    "texts": np.array([["a"]]),
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_result_of_backward_is_a_sentence_about_it_and_spares_the_parameters(submit, name):
    worker = submit(Dense=returning("backward", STRANGE[name]))
    with pytest.raises(CheckFailed, match=r"Dense\.backward"):
        check_dense(worker, ("input",))
    check_dense(worker, ("W", "b"))


@pytest.mark.parametrize("name", STRANGE)
def test_strange_result_of_forward_is_a_sentence_about_it(submit, name):
    with pytest.raises(CheckFailed, match="Dense"):
        check_dense(submit(Dense=returning("forward", STRANGE[name])), ("input",))


def test_missing_entry_of_grads_is_said(submit):
    class NoBias(Dense):
        def backward(self, grad_output):
            result = super().backward(grad_output)
            del self.grads["b"]
            return result

    worker = submit(Dense=NoBias)
    check_dense(worker, ("input", "W"))
    with pytest.raises(CheckFailed, match=r'grads\["b"\]'):
        check_dense(worker, ("b",))


def test_layer_that_ignores_its_parameter_does_not_earn_its_gradient(submit):
    class Constant(Dense):
        def forward(self, x):
            return np.ones((len(x), 7))

        def backward(self, grad_output):
            self.grads = {"W": np.zeros((5, 7)), "b": np.zeros(7)}
            return np.zeros((3, 5))

    worker = submit(Dense=Constant)
    for name in ("input", "W", "b"):
        with pytest.raises(CheckFailed, match="does not change"):
            check_dense(worker, (name,))


def test_in_place_changes_of_what_is_given_do_not_disturb_the_mathematics(submit):
    class Rude(Dense):
        def backward(self, grad_output):
            result = super().backward(grad_output)
            grad_output[:] = 0
            self.x[:] = 0
            self.params["W"][:] = 0
            return result

    check_dense(submit(Dense=Rude), ("input", "W", "b"))


def test_float32_is_named(submit):
    class Single(Dense):
        def forward(self, x):
            return super().forward(x.astype(np.float32)).astype(np.float32)

    with pytest.raises(CheckFailed, match="float32"):
        check_dense(submit(Dense=Single), ("input",))


def test_seeded_dropout_is_judged_on_fresh_layers_and_named_random_without(submit):
    worker = submit(Dropout=Dropout)

    def draw(generator):
        return {"input": draws.draw_gaussian(generator, (3, 5))}

    check_layer(worker, ("layers", "Dropout"), (0.4,), {"seed": 3}, draw=draw, seed=0, fresh=True)
    with pytest.raises(CheckFailed, match="not a function"):
        check_layer(worker, ("layers", "Dropout"), (0.4,), {"seed": 3}, draw=draw, seed=0)


def on_kinks(generator):
    return {"input": np.round(draws.draw_gaussian(generator, (3, 5), 1.0))}


def test_blind_cases_are_left_out_and_said(submit):
    judgement = check_layer(submit(ReLU=ReLU), ("layers", "ReLU"), draw=on_kinks, seed=0)
    assert judgement.left_out == {"input": 5}
    assert "left out" in judgement.notes[0]


def test_oracle_decides_what_is_blind(submit):
    worker = submit(ReLU=ReLU)

    def right(point, grad_output):
        return {"input": grad_output * (point["input"] > 0)}

    check_layer(worker, ("layers", "ReLU"), draw=on_kinks, seed=0, oracle=right)
    with pytest.raises(CheckFailed, match="differs from the right one"):
        check_layer(worker, ("layers", "ReLU"), draw=on_kinks, seed=0, oracle=lambda p, g: {"input": g})


TARGET = np.random.default_rng(3).standard_normal((3, 5))


def check_mse(worker):
    def draw(generator):
        return {"prediction": draws.draw_gaussian(generator, (3, 5))}

    return check_loss(worker, ("layers", "MSELoss"), target=TARGET, draw=draw, seed=0)


def test_honest_loss_passes_quietly(submit):
    assert check_mse(submit(MSELoss=MSELoss)).notes == ()


def test_loss_without_its_factor_is_wrong_at_its_prediction(submit):
    class NoFactor(MSELoss):
        def backward(self):
            return self.difference

    with pytest.raises(CheckFailed, match=r"MSELoss\.backward") as failure:
        check_mse(submit(MSELoss=NoFactor))
    assert failure.value.evidence.facts["argument"] == "prediction"


def test_loss_that_is_not_a_number_is_said(submit):
    class PerSample(MSELoss):
        def forward(self, prediction, target):
            super().forward(prediction, target)
            return np.mean(self.difference**2, axis=1)

    with pytest.raises(CheckFailed, match="shape"):
        check_mse(submit(MSELoss=PerSample))


class Forger:
    """A worker whose probes answer with anything."""

    package = "pytorchnano"
    note = conclude = print

    def __init__(self, answer):
        self.answer = answer

    def probe(self, name, /, *args, **kwargs):
        return self.answer


@pytest.mark.parametrize("answer", [None, [], {}, "yes", [None] * 5, {"output": 1, "gradients": 2, "again": 3}, [np.ones((3, 7))]])
def test_forged_answer_of_a_probe_fails_the_check(answer):
    with pytest.raises(CheckFailed):
        check_dense(Forger(answer), ("input",))


def test_forged_turn_of_a_probe_fails_the_check(submit):
    honest = submit(Dense=Dense)
    turn = {"output": np.ones((3, 7)), "gradients": [1], "again": np.ones((3, 7)), "beside": {}, "forward_s": 0.0, "backward_s": 0.0}
    forged = [None, {}, turn, {**turn, "gradients": {}}, {**turn, "gradients": {}, "beside": {"input": 1.0}}, {**turn, "forward_s": "x"}]
    for answer in forged:
        forger = Forger(answer)
        forger.probe = lambda name, *a, answer=answer, **k: [answer] * 5 if name == "layer_turns" else honest.probe(name, *a, **k)
        with pytest.raises(CheckFailed):
            check_dense(forger, ("input",))
