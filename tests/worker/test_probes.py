"""A folder of probes: what its modules share, which of their functions are probes, what a mistake in it says."""

import sys
import textwrap

import pytest

from grader.worker.probes import load_probes


@pytest.fixture
def load(tmp_path):
    def load(**modules):
        for name, source in modules.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        return load_probes(str(tmp_path), frozenset({"numpy"}))

    return load


def test_public_functions_of_all_modules_are_probes(load):
    probes = load(
        one="import numpy as np\nfrom .two import double\nLIMIT = 3\ndef four(): return double(2)\ndef _hidden(): pass\nclass Held: pass\n",
        two="from dataclasses import dataclass\n@dataclass\nclass Pair:\n    left: int\ndef double(x): return Pair(x).left * 2\n",
    )
    assert probes.trouble == ""
    assert sorted(probes.functions) == ["double", "four"]
    assert probes.functions["four"]() == 4
    assert sorted(probes.modules) == ["probes", "probes.one", "probes.two"]


def test_absolute_imports_and_the_folders_own_init_work_too(load):
    probes = load(
        __init__="START = 5\n",
        one="from probes import START\nfrom probes.two import next_one\ndef six(): return next_one(START)\n",
        two="def next_one(x): return x + 1\n",
    )
    assert probes.functions["six"]() == 6


def test_name_in_two_modules_is_refused_by_name(load):
    trouble = load(one="def build(): pass\n", two="def build(): pass\n").trouble
    assert "build is defined in probes.one and in probes.two" in trouble


def test_function_that_another_module_imports_is_one_probe(load):
    assert list(load(one="def build(): pass\n", two="from .one import build\n").functions) == ["build"]


@pytest.mark.parametrize("source", ["1 / 0\n", "def (:\n", "import sys\nsys.exit()\n", "from .absent import x\n", "import pytorchnano\n"])
def test_modules_that_do_not_load_are_told_and_leave_nothing(load, source):
    before = list(sys.meta_path)
    probes = load(one="x = 1\n", two=source)
    assert probes.trouble
    assert not probes.functions
    assert sys.meta_path == before
    assert not [name for name in sys.modules if name.partition(".")[0] == "probes"]


def test_third_party_package_that_a_submission_may_not_have_is_refused(load, monkeypatch):
    monkeypatch.delitem(sys.modules, "pytest_jsonreport", raising=False)
    assert "pytest_jsonreport is not available" in load(one="import pytest_jsonreport\n").trouble


def test_code_does_not_tell_where_the_folder_lies(load, tmp_path):
    probes = load(one="def where(): return __file__\ndef fail(): raise ValueError\n")
    assert probes.functions["fail"].__code__.co_filename == "probes/one.py"
    with pytest.raises(NameError):
        probes.functions["where"]()
    assert str(tmp_path) not in repr(vars(probes.modules["probes.one"]))


def test_folder_that_is_missing_is_told(tmp_path):
    assert "FileNotFoundError" in load_probes(str(tmp_path / "absent"), frozenset()).trouble


def test_modules_of_two_folders_do_not_meet(load, tmp_path):
    first = load(one="def value(): return 1\n")
    (tmp_path / "one.py").write_text("def value(): return 2\n")
    second = load_probes(str(tmp_path), frozenset())
    assert (first.functions["value"](), second.functions["value"]()) == (1, 2)
