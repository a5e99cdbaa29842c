import numpy as np
import pytest

from grader.faults import Frame, WireViolation
from grader.wire.frames import Kind
from grader.wire.messages import Hello, Kept, Raised, Request, Value, Warned, read_reply, read_request, write_reply, write_request
from grader.wire.values import Reference, Writer

WARNED = (Warned("RuntimeWarning", "overflow"),)


@pytest.mark.parametrize(
    "reply",
    [
        Value([1, {"a": "b"}], {"[0]": "numpy.int64"}, WARNED),
        Kept(3, "pytorchnano.layers.Dense", WARNED),
        Raised("call", "KeyError", ("KeyError", "LookupError"), "'W'", (Frame("a.py", 3, "f", "x = 1"),), "m", WARNED),
        Hello(("process", "rlimits"), "no trouble"),
    ],
)
def test_reply_round_trips(reply):
    assert read_reply(*write_reply(reply)) == reply


def test_request_round_trips_with_writable_arrays():
    path = Reference("layers", (("attribute", "Dense"),))
    request = Request(Kind.CALL, path, "", (np.ones(3), (2, 3)), {"seed": None}, (4, 5))
    got = read_request(Kind.CALL, write_request(request))
    assert got.args[0].flags.writeable
    assert np.array_equal(got.args[0], np.ones(3))
    assert (got.path, got.args[1], got.kwargs, got.dropped) == (path, (2, 3), {"seed": None}, (4, 5))


def body_of(*parts):
    writer = Writer()
    for part in parts:
        writer.write(part)
    return writer.body


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (Kind.VALUE, (1, {}, [], 1)),
        (Kind.VALUE, (1, {})),
        (Kind.VALUE, (1, [], [])),
        (Kind.VALUE, (1, {"a": 1}, [])),
        (Kind.VALUE, (1, {}, [["RuntimeWarning"]])),
        (Kind.VALUE, (1, {}, [["RuntimeWarning", "x"]] * 21)),
        (Kind.HANDLE, (-1, "x", [])),
        (Kind.HANDLE, (True, "x", [])),
        (Kind.HANDLE, (1, None, [])),
        (Kind.ERROR, (["call", "E", [1], "", ""], [], [])),
        (Kind.ERROR, (["call", "E", [], ""], [], [])),
        (Kind.ERROR, ("call", [], [])),
        (Kind.ERROR, (["call", "E", [], "", ""], [["a.py", "3", "f", ""]], [])),
        (Kind.ERROR, (["call", "E", [], "", ""], [["a.py", 3, "f", ""]] * 21, [])),
        (Kind.HELLO, ("process", "", [])),
        (Kind.CALL, (1, {}, [])),
    ],
)
def test_reply_of_another_form_is_a_violation(kind, parts):
    with pytest.raises(WireViolation):
        read_reply(kind, body_of(*parts))
