"""Requests and answers: what crosses, what stays, and how student code's errors are told."""

import gc
import textwrap

import numpy as np
import pytest

from grader.faults import CheckFailed, GraderFault, ModuleUnavailable, NotImplementedYet, SubmissionDied, SubmissionRaised
from grader.remote.remote import Remote, describe, fetch, type_name
from grader.remote.worker import Loaded
from grader.wire.messages import Warned

LAYERS = textwrap.dedent("""
    import numpy as np

    class Dense:
        def __init__(self, n, m, seed=None):
            self.params = {"W": np.full((n, m), 0.5), "b": np.zeros(m)}
            self.training = True

        def forward(self, x):
            return x @ self.params["W"] + self.params["b"]

    def spoil(x):
        x[...] = 7

    def echo(*args, **kwargs):
        return [list(args), kwargs]
""")


def test_object_stays_and_its_values_cross(start):
    layer = start(layers=LAYERS).module("layers").Dense(3, m=5)
    assert type_name(layer) == "pytorchnano.layers.Dense"
    assert np.array_equal(layer.forward(np.ones((2, 3))), np.full((2, 5), 1.5))
    layer.params["W"] = np.ones((3, 5))
    layer.training = False
    assert np.array_equal(fetch(layer.params)["W"], np.ones((3, 5)))
    assert fetch(layer.training) is False


def test_array_in_the_worker_is_a_writable_copy_and_the_checks_own_is_untouched(start):
    worker = start(layers=LAYERS)
    given = np.zeros(3)
    kept = worker.keep(given)
    worker.module("layers").spoil(kept)
    assert np.array_equal(fetch(kept), [7, 7, 7])
    assert np.array_equal(given, [0, 0, 0])


def test_arguments_cross_with_their_types_and_remotes_inside_containers(start):
    worker = start(layers=LAYERS + "\ndef look(layers, pair):\n    return [type(layers[0]).__name__, type(pair).__name__, layers[1]]\n")
    layers = worker.module("layers")
    dense = layers.Dense(1, 2)
    assert layers.look([dense, np.float64(2)], (1, 2)) == ["Dense", "tuple", 2.0]
    assert np.array_equal(layers.look([dense, dense.params["b"]], (1, 2))[2], [0, 0])
    assert layers.echo(1, None, "x", b"y", k=[True]) == [[1, None, "x", b"y"], {"k": [True]}]
    assert layers.echo(layers.Dense, dense) is not None


ODD = """
    import collections, pathlib
    import numpy as np

    class Sub(np.ndarray): pass
    class Liar(float): pass
    class Both(list): pass
    Pair = collections.namedtuple("Pair", "a b")

    scalar = lambda: np.float32(0.5)
    zero_d = lambda: np.array(3)
    pair = lambda: (1, np.bool_(True))
    named = lambda: Pair(1, 2)
    ordered = lambda: collections.OrderedDict(a=np.int64(1))
    path = lambda: pathlib.Path("a/b")
    def count():
        yield from range(3)
    def for_ever():
        while True: yield 1
    def objects():
        yield from (object(), object())
    sub = lambda: np.zeros(2).view(Sub)
    liar = lambda: Liar(1)
    both = lambda: Both([1])
    text = lambda: np.array(["a"])
    mixed = lambda: (count(), object())
    big = lambda: np.zeros((1 << 24) + 1)
    many = lambda: [0] * 20_001
    huge = lambda: 10 ** 400
    long = lambda: "x" * 70_000
    swapped = lambda: np.arange(3, dtype=">i4")
    surrogate = lambda: "a" + chr(0xd800)
"""


@pytest.fixture
def odd(share):
    with share("odd", odd=ODD).worker() as worker:
        yield worker


@pytest.mark.parametrize(
    ("name", "value", "types"),
    [
        ("scalar", 0.5, {"": "numpy.float32"}),
        ("zero_d", 3, {"": "numpy.ndarray of dtype int64"}),
        ("pair", [1, True], {"": "tuple", "[1]": "numpy.bool" if np.__version__ >= "2" else "numpy.bool_"}),
        ("named", [1, 2], {"": "pytorchnano.odd.Pair"}),
        ("ordered", {"a": 1}, {"": "collections.OrderedDict", "['a']": "numpy.int64"}),
        ("path", "a/b", {"": "pathlib.PosixPath"}),
        ("count", [0, 1, 2], {"": "generator"}),
        ("surrogate", "a\\ud800", {}),
    ],
)
def test_value_of_another_type_is_converted_and_its_type_told(odd, name, value, types):
    got = getattr(odd.module("odd"), name)()
    assert got == value
    assert type(got) is type(value)
    assert odd.last_types == types


def test_foreign_byte_order_is_converted(odd):
    assert np.array_equal(odd.module("odd").swapped(), [0, 1, 2])
    assert odd.last_types == {"": "numpy.ndarray of dtype >i4"}


@pytest.mark.parametrize(
    ("name", "type_said"),
    [
        ("sub", "pytorchnano.odd.Sub"),
        ("liar", "pytorchnano.odd.Liar"),
        ("both", "pytorchnano.odd.Both"),
        ("text", "numpy.ndarray of dtype <U1"),
        ("objects", "list"),
    ],
)
def test_subclass_or_unknown_object_stays_as_a_handle(odd, name, type_said):
    got = getattr(odd.module("odd"), name)()
    assert isinstance(got, Remote)
    assert type_name(got) == type_said


def test_generator_inside_an_answer_that_stays_is_not_used_up(odd):
    pair = odd.module("odd").mixed()
    assert fetch(pair[0]) == [0, 1, 2]


@pytest.mark.parametrize(("name", "said"), [("for_ever", "10000"), ("big", "MB"), ("many", "20000"), ("huge", "integer"), ("long", "text")])
def test_answer_too_large_to_look_at_fails_the_check_and_the_worker_lives(odd, name, said):
    with pytest.raises(CheckFailed, match=said):
        getattr(odd.module("odd"), name)()
    assert odd.module("odd").scalar() == 0.5


def test_released_handle_is_dropped_in_the_worker(start):
    worker = start(
        layers="""
        import weakref
        class Thing: pass
        seen = []
        def make():
            thing = Thing()
            seen.append(weakref.ref(thing))
            return thing
        def alive():
            return sum(ref() is not None for ref in seen)
    """
    )
    layers = worker.module("layers")
    first, second = layers.make(), layers.make()
    assert layers.alive() == 2
    del first
    gc.collect()
    assert layers.alive() == 1
    del second


def test_arithmetic_is_done_in_the_worker(start):
    worker = start(
        n="""
        class N:
            def __init__(self, v): self.v = v
            def __add__(self, o): return N(self.v + getattr(o, "v", o))
            __radd__ = __add__
            def __pow__(self, k): return N(self.v ** k)
            def __neg__(self): return N(-self.v)
    """
    )
    one = worker.module("n").N(1.0)
    assert fetch((2 + one + one).v) == 4.0
    assert fetch((-((one + 1) ** 3)).v) == -8.0


FAULTS = """
    import sys
    from pytorchnano.inner import deeper

    class Own(KeyError):
        def __str__(self): raise RuntimeError("no")

    def own(): raise Own()
    def todo(): raise NotImplementedError
    def nested(): deeper(0)
    def leave(): sys.exit(3)
    def interrupt(): raise KeyboardInterrupt
    def base(): raise BaseException("odd")
    def loud(): raise ValueError("\\x1b[31mred" + "x" * 5000)
    def memory(): return bytearray(10 << 30)
    def recursion(): return recursion()
    def lazily():
        import torch
"""
INNER = "def deeper(x):\n    return 1 / x\n"


def raised(worker, name):
    with pytest.raises(SubmissionRaised) as seen:
        getattr(worker.module("faults"), name)()
    return seen.value


@pytest.fixture
def faults(share):
    with share("faults", faults=FAULTS, inner=INNER).worker() as worker:
        yield worker


def test_error_comes_with_the_submissions_own_frames(faults):
    fault = raised(faults, "nested")
    assert fault.called == "faults.nested"
    assert (fault.type_name, fault.bases[:2], fault.text) == (
        "ZeroDivisionError",
        ("ZeroDivisionError", "ArithmeticError"),
        "division by zero",
    )
    assert [(f.path, f.function) for f in fault.frames] == [("pytorchnano/faults.py", "nested"), ("pytorchnano/inner.py", "deeper")]
    assert (fault.frames[-1].line, fault.frames[-1].source) == (2, "return 1 / x")


def test_error_whose_message_fails_is_still_told(faults):
    fault = raised(faults, "own")
    assert (fault.type_name, fault.bases[0]) == ("Own", "KeyError")
    assert "__str__" in fault.text


def test_not_implemented_is_a_fault_of_its_own(faults):
    assert isinstance(raised(faults, "todo"), NotImplementedYet)


def test_message_is_cut_and_made_printable(faults):
    fault = raised(faults, "loud")
    assert len(fault.text) <= 2_001
    assert "\x1b" not in fault.text


def test_memory_error_names_the_limit(faults):
    fault = raised(faults, "memory")
    assert fault.type_name == "MemoryError"
    assert "1024 MiB" in fault.text


def test_endless_recursion_keeps_few_frames(faults):
    fault = raised(faults, "recursion")
    assert fault.type_name == "RecursionError"
    assert 2 <= len(fault.frames) <= 20


@pytest.mark.parametrize(("name", "type_said"), [("interrupt", "KeyboardInterrupt"), ("base", "BaseException")])
def test_exceptions_beyond_exception_are_told_too(faults, name, type_said):
    assert raised(faults, name).type_name == type_said


def test_sys_exit_is_said_and_ends_nothing(faults):
    with pytest.raises(SubmissionDied, match=r"sys\.exit\(3\).*faults\.py"):
        faults.module("faults").leave()
    assert isinstance(raised(faults, "todo"), NotImplementedYet)


def test_refused_import_is_an_import_error_and_is_remembered(faults):
    fault = raised(faults, "lazily")
    assert "ImportError" in fault.bases
    assert "torch" in fault.text
    loaded = faults.loaded()
    assert isinstance(loaded, Loaded)
    assert loaded.refused == ("torch",)
    assert "numpy" in loaded.modules
    assert "torch" not in loaded.modules


def test_unknown_attribute_is_the_students_and_a_module_is_unavailable(faults):
    with pytest.raises(SubmissionRaised, match="no attribute 'Dense'"):
        faults.module("faults").Dense(3)
    with pytest.raises(ModuleUnavailable, match=r"pytorchnano\.layers"):
        faults.module("layers").Dense(3)


def test_warnings_come_with_the_answer_and_are_not_printed(start):
    worker = start(
        layers="""
        import warnings
        import numpy as np
        def warn():
            return float(np.exp(np.array([1e4]))[0])
        def many():
            for i in range(100): warnings.warn(str(i), UserWarning)
        def none(): pass
    """
    )
    layers = worker.module("layers")
    for _ in range(2):
        layers.warn()
        assert worker.last_warnings == (Warned("RuntimeWarning", "overflow encountered in exp"),)
    layers.none()
    assert worker.last_warnings == ()
    layers.many()
    assert len(worker.last_warnings) == 20
    assert worker.output() == ""


def test_output_is_kept_and_cut_and_never_an_error(start):
    worker = start(
        layers="""
        import os, sys
        def chat():
            print("hello"); print("trouble", file=sys.stderr); os.write(1, b"raw\\n")
        def flood():
            for _ in range(20): sys.stdout.write("x" * (1 << 20))
            return "done"
        def close():
            os.close(1); os.close(2); return 1
    """
    )
    layers = worker.module("layers")
    layers.chat()
    assert worker.output() == "hello\ntrouble\nraw\n"
    assert layers.flood() == "done"
    assert len(worker.output()) < 300_000
    assert "bytes more" in worker.output()
    assert layers.close() == 1
    assert layers.close.__class__ is Remote
    worker.close()
    assert worker.output().startswith("hello")


def test_seed_sets_the_global_random_states(build):
    wall = build(layers="import random\nimport numpy as np\ndef draw(): return [float(np.random.rand()), random.random()]\n")
    drawn = []
    for seed in (1, 1, 2):
        with wall.worker(seed=seed) as worker:
            drawn.append(worker.module("layers").draw())
    assert drawn[0] == drawn[1]
    assert drawn[0][0] != drawn[2][0]
    assert drawn[0][1] != drawn[2][1]


PROBES = """
    from dataclasses import dataclass
    import importlib

    @dataclass
    class Held:
        layer: object

    def hold(package, layer): return Held(layer)
    def width(package, held): return held.layer.params["W"].shape[1]
    def build(n, *, m): return importlib.import_module("pytorchnano.layers").Dense(n, m)
    def with_function(package): return package.layers.apply(lambda v: v + 1, 2)
    def broken(package): return None.shape
    def imports(package): return package.bad
"""


def test_probe_gets_the_package_and_objects(start):
    worker = start(probes=PROBES, layers=LAYERS + "\ndef apply(f, x): return f(x)\n")
    layer = worker.probe("build", 3, m=4)
    held = worker.probe("hold", layer)
    assert describe(held) == "a Remote of type probes.staff.Held"
    assert worker.probe("width", held) == 4
    assert worker.probe("with_function") == 3


def test_probe_that_is_missing_is_the_graders_fault(start):
    with pytest.raises(GraderFault, match="no function nothing"):
        start(probes=PROBES).probe("nothing")


def test_error_inside_a_probe_names_its_line(start):
    with pytest.raises(SubmissionRaised, match=r"the probe broken.*probes/staff\.py, line 13"):
        start(probes=PROBES).probe("broken")


def test_import_that_fails_inside_a_probe_makes_the_module_unavailable(start):
    with pytest.raises(ModuleUnavailable, match=r"pytorchnano\.bad .*ValueError"):
        start(probes=PROBES, bad="raise ValueError('x')").probe("imports")


def test_remote_of_another_worker_is_refused(build):
    wall = build(layers=LAYERS)
    with wall.worker() as one, wall.worker() as other:
        layer = one.module("layers").Dense(1, 1)
        with pytest.raises(GraderFault, match="another worker"):
            other.module("layers").echo(layer)


def test_argument_that_does_not_cross_is_the_graders_fault(start):
    with pytest.raises(GraderFault, match="set"):
        start(layers=LAYERS).module("layers").echo({1})


def test_use_after_the_end_is_the_graders_fault(start):
    worker = start(layers=LAYERS)
    layer = worker.module("layers").Dense(1, 1)
    first = worker.close()
    assert worker.close() == first
    with pytest.raises(GraderFault, match="end"):
        layer.forward(1)


def test_ending_says_what_was_used(start):
    worker = start(layers=LAYERS)
    worker.module("layers").Dense(1, 1)
    ending = worker.close()
    assert (ending.reason, ending.signal) == ("closed", "SIGKILL")
    assert ending.cpu_s > 0
    assert ending.wall_s > 0
    assert ending.max_rss_mb > 1
