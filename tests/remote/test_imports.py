"""Which modules of a broken submission are still graded, and what a failed import costs."""

import pytest

from grader.faults import LimitExceeded, ModuleUnavailable, NotImplementedYet, SubmissionDied, SubmissionRaised
from grader.model.limits import Limits

GOOD = "def one(): return 1\n"


def unavailable(worker, module):
    with pytest.raises(ModuleUnavailable) as seen:
        worker.load(module)
    return seen.value


@pytest.mark.parametrize("bad", ["def (:\n", "raise ValueError('x')\n", "import torch\n", "import sys\nsys.exit()\n"])
def test_broken_submodule_imported_by_init_leaves_the_others(start, bad):
    worker = start(__init__="from . import good, bad\n", good=GOOD, bad=bad)
    assert worker.module("good").one() == 1
    assert unavailable(worker, "bad").module == "pytorchnano.bad"


@pytest.mark.parametrize("init", ["raise ValueError('x')\n", "def (:\n", "from .good import absent\n", "import torch\n"])
def test_init_that_fails_itself_makes_every_module_unavailable(start, init):
    worker = start(__init__=init, good=GOOD)
    assert "__init__.py:" in str(unavailable(worker, "good"))


def test_syntax_error_is_told_with_file_and_line(start):
    failure = unavailable(start(bad="x = 1\ny = = 2\n"), "bad")
    assert isinstance(failure.cause, SubmissionRaised)
    assert (failure.cause.type_name, failure.cause.frames[-1].path, failure.cause.frames[-1].line) == (
        "SyntaxError",
        "pytorchnano/bad.py",
        2,
    )
    assert "y = = 2" in failure.cause.frames[-1].source


def test_error_deep_in_an_import_is_told_where_it_is(start):
    failure = unavailable(start(outer="from . import inner\n", inner="import numpy\nx = 1 / 0\n"), "outer")
    assert failure.module == "pytorchnano.outer"
    assert "pytorchnano/inner.py:2" in str(failure)


def test_not_implemented_at_import_is_not_implemented_yet(start):
    assert isinstance(unavailable(start(bad="raise NotImplementedError\n"), "bad").cause, NotImplementedYet)


def test_sys_exit_at_import_is_said(start):
    failure = unavailable(start(bad="import sys\nsys.exit('bye')\n"), "bad")
    assert isinstance(failure.cause, SubmissionDied)
    assert "sys.exit(bye)" in str(failure)


@pytest.mark.parametrize(("bad", "cause"), [("while True: pass\n", LimitExceeded), ("import os\nos._exit(3)\n", SubmissionDied)])
def test_import_that_ends_its_worker_is_not_run_again(build, tmp_path, bad, cause):
    log = tmp_path / "log"
    wall = build(good=GOOD, bad=f"open({str(log)!r}, 'a').write('x')\n{bad}", probes="def load(package): return package.bad\n")
    for _ in range(2):
        with wall.worker() as worker:
            assert isinstance(unavailable(worker, "bad").cause, cause)
    assert list(wall.import_failures) == ["bad"]
    with wall.worker() as worker:
        with pytest.raises(ModuleUnavailable):
            worker.probe("load")
        assert worker.module("good").one() == 1
    assert log.read_text() == "x"


def test_import_that_loops_names_its_own_limit(start):
    failure = unavailable(start(bad="while True: pass\n"), "bad")
    assert isinstance(failure.cause, LimitExceeded)
    assert failure.cause.resource == "import_cpu_s"


def test_worker_that_died_importing_raises_the_same_fault_again(start):
    worker = start(good=GOOD, bad="import os\nos.abort()\n")
    first = unavailable(worker, "bad")
    assert "SIGABRT" in str(first)
    with pytest.raises(ModuleUnavailable) as seen:
        worker.module("good").one()
    assert seen.value is first


def test_submissions_own_helper_modules_and_relative_imports_work(start):
    worker = start(
        layers="from .shared import value\nfrom pytorchnano import shared\ndef get(): return value + shared.value\n", shared="value = 2\n"
    )
    assert worker.module("layers").get() == 4


@pytest.mark.parametrize("name", ["grader", "grader.remote", "reference", "pytest", "_pytest.config", "hypothesis", "requests"])
def test_what_lies_beside_the_grader_is_not_importable(start, name):
    worker = start(layers=f"import importlib, sys\nassert {name!r} not in sys.modules\ndef get(): importlib.import_module({name!r})\n")
    with pytest.raises(SubmissionRaised, match="not available"):
        worker.module("layers").get()
    assert worker.loaded().refused == (name.partition(".")[0],)


@pytest.mark.parametrize("name", ["numpy.linalg", "matplotlib.pyplot", "PIL.Image", "json", "unittest", "multiprocessing"])
def test_what_the_contract_allows_is_importable(start, name):
    worker = start(layers=f"import {name}\ndef get(): return 1\n", limits=Limits(processes=2_000))
    assert worker.module("layers").get() == 1
    assert worker.loaded().refused == ()
