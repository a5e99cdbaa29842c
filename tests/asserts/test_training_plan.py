import pytest

from grader.asserts.training import read_plan
from grader.faults import RequestFault
from grader.model.assignment import find_assignment

TABLE = {
    "layers": [["layers.Dense", 784, 16], ["activations.ReLU"], ["layers.Dense", 16, 10]],
    "disguise": "permute",
    "epochs": 3,
    "batch_size": 10,
    "lr": 0.05,
    "threshold": 0.8,
    "budget_cpu_s": 15,
    "full": {"epochs": 1, "threshold": 0.88},
}


def test_table_becomes_a_plan():
    plan = read_plan("mnist_mlp", TABLE)
    assert plan.layers == (("layers", "Dense", (784, 16)), ("activations", "ReLU", ()), ("layers", "Dense", (16, 10)))
    assert (plan.name, plan.epochs, plan.threshold, plan.budget_cpu_s) == ("mnist_mlp", 3, 0.8, 15.0)


def test_full_replaces_what_it_names_and_keeps_the_rest():
    plan = read_plan("mnist_mlp", TABLE, full=True)
    assert (plan.epochs, plan.threshold, plan.lr) == (1, 0.88, 0.05)


def test_full_without_a_table_is_said():
    with pytest.raises(RequestFault, match=r"trainings\.mnist_mlp\.full is missing"):
        read_plan("mnist_mlp", {key: value for key, value in TABLE.items() if key != "full"}, full=True)


def test_every_mistake_is_said_at_once():
    wrong = {**TABLE, "epochs": 0, "disguise": "rotate", "treshold": 0.8}
    with pytest.raises(RequestFault) as caught:
        read_plan("mnist_mlp", wrong)
    assert all(key in str(caught.value) for key in ("mnist_mlp", "epochs", "disguise", "treshold"))


@pytest.mark.parametrize("entry", [["Dense", 784, 16], [784, 16], ["layers.Dense", "wide"], ["layers.Dense.forward"]])
def test_layer_that_names_no_class_is_refused(entry):
    with pytest.raises(RequestFault, match=r"layers: .* is not \[\"module\.Class\""):
        read_plan("mnist_mlp", {**TABLE, "layers": [entry]})


def test_epochs_change_the_budget_in_proportion():
    plan = read_plan("mnist_mlp", TABLE).with_epochs(1)
    assert (plan.epochs, plan.budget_cpu_s) == (1, 5.0)


@pytest.mark.parametrize("full", [False, True])
def test_assignments_trainings_are_right(full):
    trainings = find_assignment("pytorchnano").trainings
    assert set(trainings) == {"mnist_mlp", "mnist_cnn"}
    for name, table in trainings.items():
        assert 0.5 < read_plan(name, table, full=full).threshold < 1
