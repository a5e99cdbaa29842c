import sys
from pathlib import Path

import numpy as np
import pytest

from grader.asserts.training.disguise import draw_disguise, draw_parameters
from grader.asserts.training.drive import LARGEST_STEPS, SAMPLED_STEPS, Pace, batch_rows, drive
from grader.asserts.training.network import OracleNetwork
from grader.asserts.training.plan import TrainingPlan
from grader.datasets import MnistSet
from grader.faults import LimitExceeded

sys.path.insert(0, str(Path(__file__).parents[1] / "studies"))
from in_process import LocalWorker, load_submission

REFERENCE = load_submission("reference")
LAYERS = (("layers", "Dense", (784, 7)), ("activations", "ReLU", ()), ("layers", "Dense", (7, 10)))
PLAN = TrainingPlan("small", LAYERS, "permute", 2, 5, 0.1, 0.5, 60)
RNG = np.random.default_rng(0)
DATA = MnistSet(
    RNG.integers(0, 256, (203, 28, 28), dtype=np.uint8), RNG.integers(0, 10, 203), np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.int64)
)
STEPS = 2 * (203 // 5)


class Altered(LocalWorker):
    """The reference in a worker whose answers pass through `alter(answer, step)`, steps counted from 1."""

    def __init__(self, alter):
        super().__init__(REFERENCE)
        self.alter, self.asked = alter, []

    def probe(self, name, /, *args, **kwargs):
        self.asked.append((name, args))
        answer = super().probe(name, *args, **kwargs)
        return self.alter(answer, len(self.asked) - 1) if name == "training_step" else answer


def run(worker, plan=PLAN, seed=1):
    network = OracleNetwork(REFERENCE, plan)
    initial = draw_parameters(network.shapes, np.random.default_rng(2))
    rng = np.random.default_rng(seed)
    return drive(worker, network, draw_disguise("permute", rng), DATA, initial, rng)


def replaced(name, value, at=4):
    """Alter one parameter of one answer."""

    def alter(answer, step):
        return {**answer, "parameters": {**answer["parameters"], name: value(answer["parameters"][name])}} if step == at else answer

    return alter


def test_every_step_is_judged_from_what_was_read_after_the_step_before():
    seen = run(LocalWorker(REFERENCE))
    assert (len(seen.losses), seen.broke, seen.too_slow) == (STEPS, None, False)
    neighbours = [(a, b) for a, b in zip(seen.kept, seen.kept[1:], strict=False) if b.index == a.index + 1]
    assert neighbours
    assert all(b.before is a.after for a, b in neighbours)
    assert seen.kept[-1].after is seen.last


def test_next_batch_leaves_only_after_the_parameters_arrived():
    open_steps = []

    class Ordered(LocalWorker):
        def probe(self, name, /, *args, **kwargs):
            assert not open_steps
            open_steps.append(name)
            answer = super().probe(name, *args, **kwargs)
            open_steps.pop()
            return answer

    assert len(run(Ordered(REFERENCE)).losses) == STEPS


def test_no_test_image_or_digit_crosses_while_training():
    worker = Altered(lambda answer, step: answer)
    run(worker)
    assert {name for name, _ in worker.asked} == {"training_start", "training_step"}
    assert {args[1].shape for name, args in worker.asked if name == "training_step"} == {(5, 784)}


def test_each_epoch_uses_each_image_at_most_once_in_a_new_order():
    batches = list(batch_rows(PLAN, 203, np.random.default_rng(0)))
    first, second = np.concatenate(batches[:40]), np.concatenate(batches[40:])
    assert len(batches) == STEPS
    assert len(set(first.tolist())) == len(set(second.tolist())) == 200
    assert not np.array_equal(first, second)


def test_first_last_random_and_largest_steps_are_kept():
    jump = 17
    seen = run(Altered(replaced("2.b", lambda array: array + 5, at=jump)))
    indices = [step.index for step in seen.kept]
    assert indices == sorted(set(indices))
    assert {0, STEPS - 1, jump - 1} <= set(indices)
    assert SAMPLED_STEPS <= len(indices) <= SAMPLED_STEPS + 2 + 4 * LARGEST_STEPS


def test_random_steps_depend_on_the_secret():
    one, other = ({step.index for step in run(LocalWorker(REFERENCE), seed=seed).kept} for seed in (1, 2))
    assert one != other


@pytest.mark.parametrize(
    "value, said",
    [
        (lambda array: None, "is None"),
        (lambda array: array.tolist(), "is a list"),
        (lambda array: object(), "is an object"),
        (lambda array: array.T.copy(), "wrong shape"),
        (lambda array: array * np.nan, "contains nan"),
        (lambda array: array * np.inf, "contains"),
        (lambda array: array.astype(np.float16), "dtype float16"),
        (lambda array: array.astype(np.int64), "dtype int64"),
    ],
)
def test_answer_that_is_no_parameter_ends_the_training_and_names_it(value, said):
    seen = run(Altered(replaced("0.W", value)))
    assert len(seen.losses) == 3
    assert "W of layer 1 (Dense) after step 4" in str(seen.broke)
    assert said in str(seen.broke)


@pytest.mark.parametrize(
    "answer",
    [None, [], 3, {}, {"loss": 1.0}, {"loss": 1.0, "parameters": None}, {"loss": 1.0, "parameters": {}}, {"loss": "low", "parameters": {}}],
)
def test_answer_of_another_kind_ends_the_training(answer):
    seen = run(Altered(lambda given, step: answer if step == 2 else given))
    assert (len(seen.losses), "step 2" in str(seen.broke)) == (1, True)


def test_loss_that_is_no_number_ends_the_training():
    seen = run(Altered(lambda given, step: {**given, "loss": float("nan")}))
    assert str(seen.broke) == "the loss at step 1 is nan."


def test_parameters_beyond_the_contract_are_ignored():
    seen = run(Altered(lambda given, step: {**given, "parameters": {**given["parameters"], "9.W": None}}))
    assert set(seen.last) == {"0.W", "0.b", "2.W", "2.b"}


def limit(resource):
    def alter(answer, step):
        if step == 3:
            raise LimitExceeded("the probe training_step", "3.1 s", "3 s", resource)
        return answer

    return alter


def test_step_that_hits_its_time_limit_is_too_slow():
    seen = run(Altered(limit("call_cpu_s")))
    assert (seen.too_slow, len(seen.losses)) == (True, 2)
    assert "Step 3" in seen.hit_limit


def test_step_that_hits_the_memory_limit_is_a_fault_of_its_own():
    with pytest.raises(LimitExceeded):
        run(Altered(limit("memory_mb")))


class Clocked:
    """A worker whose CPU clock stands at `now`."""

    def __init__(self):
        self.now = 100.0

    def cpu_s(self):
        return self.now


@pytest.mark.parametrize(
    "first, each, stopped_after",
    [
        (0.01, 0.1, None),  # 100 steps of 0.1 s: 10 s of 20
        (1.0, 0.1, None),  # a slow first step is warm-up
        (0.01, 0.3, 68),  # 30 s of 20: within twice the budget, so it runs until that is spent
        (0.01, 1.0, 2),  # 100 s of 20: told at once
        (0.01, 0.41, 3),  # 41 s of 20, once half a second was seen
    ],
)
def test_pace_stops_what_needs_twice_the_budget_or_has_spent_it(first, each, stopped_after):
    worker = Clocked()
    plan = TrainingPlan("paced", (), "permute", 1, 10, 0.1, 0.5, 20.0)
    pace = Pace(worker, plan, 100)
    stopped = None
    for done in range(1, 101):
        worker.now += first if done == 1 else each
        if pace.is_exceeded(done):
            stopped = done
            break
    assert stopped == stopped_after
