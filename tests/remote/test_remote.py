"""Remotes forward calls and attributes and refuse every question whose answer the submission could forge."""

import copy
import pickle

import numpy as np
import pytest

from grader.faults import GraderFault
from grader.remote.remote import Remote, describe, fetch, label_of, make_kept, make_module, type_name
from grader.wire.frames import Kind
from grader.wire.values import NOWHERE, Reference


class Recorder:
    """Stands for a worker: remembers what it is asked."""

    def __init__(self):
        self.asked = []
        self.dropped = []

    def ask(self, kind, label, path=NOWHERE, name="", args=(), kwargs=None):
        self.asked.append((kind, label, path, name, args, kwargs))
        return "answer"

    def drop(self, handle):
        self.dropped.append(handle)


@pytest.fixture
def worker():
    return Recorder()


@pytest.fixture
def layer(worker):
    return make_kept(worker, 5, "pytorchnano.layers.Dense", "Dense")


@pytest.mark.parametrize(
    "question",
    [
        lambda r: r == 1,
        lambda r: r != 1,
        lambda r: r < 1,
        lambda r: r >= 1,
        lambda r: bool(r),
        lambda r: not r,
        lambda r: len(r),
        lambda r: list(r),
        lambda r: 1 in r,
        lambda r: r in [1],
        lambda r: float(r),
        lambda r: int(r),
        lambda r: [1, 2][r],
        lambda r: hash(r),
        lambda r: np.asarray(r),
        lambda r: np.ones(2) == r,
        lambda r: pickle.dumps(r),
        lambda r: copy.copy(r),
        lambda r: copy.deepcopy(r),
        lambda r: delattr(r, "x"),
    ],
)
def test_question_whose_answer_could_be_forged_is_refused_and_names_fetch(worker, layer, question):
    with pytest.raises(GraderFault, match="fetch"):
        question(layer.params)
    assert worker.asked == []


def test_numpy_functions_do_not_take_a_remote(layer):
    with pytest.raises((TypeError, GraderFault)):
        np.add(np.ones(2), layer)


def test_nothing_is_asked_before_a_call_a_fetch_or_an_assignment(worker, layer):
    path = layer.a["b"].c
    repr(path)
    describe(path)
    assert worker.asked == []
    path(1, k=2)
    path.d = 3
    path["e"] = 4
    fetch(path)
    steps = (("attribute", "a"), ("item", "b"), ("attribute", "c"))
    assert [(kind, ref) for kind, _, ref, *_ in worker.asked] == [
        (Kind.CALL, Reference(5, steps)),
        (Kind.SET, Reference(5, (*steps, ("attribute", "d")))),
        (Kind.SET, Reference(5, (*steps, ("item", "e")))),
        (Kind.GET, Reference(5, steps)),
    ]


@pytest.mark.parametrize(
    "name", ["fetch", "ask", "state", "_state", "asker", "label", "root", "steps", "drop", "type_name", "close", "call"]
)
def test_every_attribute_name_belongs_to_the_student(layer, name):
    assert label_of(getattr(layer, name)) == f"Dense.{name}"


def test_unknown_protocols_are_absent(layer):
    assert not hasattr(layer, "__array_interface__")
    assert not hasattr(layer, "__fspath__")


def test_names_in_messages_come_from_the_path(worker):
    losses, data = make_module(worker, "losses"), make_module(worker, "data")
    losses.MSELoss("mean")
    data.one_hot([1], 2)
    make_kept(worker, 1, "x", "MSELoss").forward(1)
    assert [label for _, label, *_ in worker.asked] == ["MSELoss(...)", "data.one_hot", "MSELoss.forward"]
    assert label_of(make_kept(worker, 1, "x", "Dense").params["W"]) == "Dense.params['W']"


def test_fetch_returns_a_value_as_it_is():
    value = [1]
    assert fetch(value) is value


def test_handle_is_released_when_no_remote_holds_it(worker):
    layer = make_kept(worker, 5, "x", "Dense")
    params = layer.params
    del layer
    assert worker.dropped == []
    del params
    assert worker.dropped == [5]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.zeros((3, 5)), "float64 array of shape (3, 5)"),
        (None, "None"),
        (True, "True"),
        (0.25, "the float 0.25"),
        (10**100, "the int 1" + "0" * 39 + "…"),
        ("a\x1b", "the text 'a\ufffd'"),
        ({}, "an empty dict"),
        ({"W": 1, "b": 2}, "a dict with the keys 'W', 'b'"),
        ([1, 2], "a list of 2"),
        (b"abc", "3 bytes"),
    ],
)
def test_values_are_described_in_few_words(value, said):
    assert describe(value) == said


def test_remotes_are_described_by_type_or_path(layer):
    assert describe(layer) == "a Remote of type pytorchnano.layers.Dense"
    assert describe(layer.params) == "a Remote for Dense.params"
    assert repr(layer) == "<a Remote of type pytorchnano.layers.Dense>"
    assert type_name(layer.params) == ""
    assert isinstance(layer.params, Remote)
