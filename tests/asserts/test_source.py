"""The source scan: every spelling of a forbidden import is found, and nothing innocent is."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from grader.asserts.source import Finding, Scan, assert_no_frameworks, scan
from grader.asserts.source_probes import files
from grader.faults import CheckFailed, LimitExceeded, SubmissionDied


class LocalWorker:
    """Runs the probes here, as a worker does: with the package first."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def probe(self, name: str, *arguments: Any) -> Any:
        self.calls.append(arguments[0])
        return getattr(files, name)(None, *arguments)


def scan_text(text: str, path: str = "pytorchnano/layers.py", **others: str) -> Scan:
    files = {path: dedent(text).encode()} | {f"pytorchnano/{name}.py": dedent(other).encode() for name, other in others.items()}
    return scan(LocalWorker(), files)


def seen(scanned: Scan) -> list[tuple[str, int]]:
    return [(finding.name, finding.line) for finding in scanned.findings]


CAUGHT = {
    "import": ("import torch", "torch", 1),
    "import_submodule_as": ("import numpy as np, torch.nn.functional as F", "torch", 1),
    "from_import": ("x = 1\nfrom scipy.signal import convolve2d", "scipy", 2),
    "in_a_function": ("def f():\n    from sklearn.neural_network import MLPClassifier", "sklearn", 2),
    "in_a_try": ("try:\n    import jax.numpy as np\nexcept ImportError:\n    import numpy as np", "jax", 2),
    "for_typing": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import tensorflow as tf", "tensorflow", 3),
    "after_a_semicolon": ("x = 1; import keras", "keras", 1),
    "import_module": ("import importlib\nimportlib.import_module('torch')", "torch", 2),
    "import_module_keyword": ("import importlib\nimportlib.import_module(name='torch.nn')", "torch", 2),
    "import_module_alias": ("from importlib import import_module as load\nt = load('torch')", "torch", 2),
    "dunder_import": ("t = __import__('autograd.numpy')", "autograd", 1),
    "sum_of_strings": ("t = __import__('tor' + 'ch')", "torch", 1),
    "joined": ("t = __import__(''.join(['t', 'or', 'ch']))", "torch", 1),
    "reversed": ("t = __import__('hcrot'[::-1])", "torch", 1),
    "f_string": ("a = 'tor'\nt = __import__(f'{a}ch')", "torch", 2),
    "formatted": ("t = __import__('{}rch'.format('to'))", "torch", 1),
    "replaced": ("t = __import__('t0rch'.replace('0', 'o'))", "torch", 1),
    "lowered": ("t = __import__('TORCH'.lower())", "torch", 1),
    "base64": ("import base64\nt = __import__(base64.b64decode('dG9yY2g=').decode())", "torch", 2),
    "rot13": ("import codecs\nt = __import__(codecs.decode('gbepu', 'rot13'))", "torch", 2),
    "character_codes": ("t = __import__(bytes([116, 111, 114, 99, 104]).decode())", "torch", 1),
    "chr": ("t = __import__(chr(116) + 'orch')", "torch", 1),
    "renamed_function": ("f = __import__\ng = f\ng('torch')", "torch", 3),
    "getattr_builtins": ("import builtins\ngetattr(builtins, '__imp' + 'ort__')('torch')", "torch", 2),
    "builtins_subscript": ("__builtins__['__import__']('torch')", "torch", 1),
    "partial": ("from functools import partial\npartial(__import__, 'torch')()", "torch", 2),
    "map": ("t, = map(__import__, ['torch'])", "torch", 1),
    "exec": ("exec('import torch')", "torch", 1),
    "exec_in_exec": ("x = 1\nexec('exec(\"import torch\")')", "torch", 2),
    "eval": ("t = eval('__import__(\"torch\")')", "torch", 1),
    "compiled": ("exec(compile('from torch import nn', 'x', 'exec'))", "torch", 1),
    "exec_builtin_alias": ("from builtins import exec as run\nrun('import torch')", "torch", 2),
    "exec_bytes": ("exec(b'import torch')", "torch", 1),
    "sys_modules": ("import sys\nt = sys.modules['torch']", "torch", 2),
    "sys_modules_get": ("import sys\nt = sys.modules.get('torch')", "torch", 2),
    "cupyx_scipy": ("from cupyx import scipy", "cupyx.scipy", 1),
    "cupyx_scipy_submodule": ("import cupyx.scipy.signal", "cupyx.scipy", 1),
    "compatibility_letters": ("import ｔｏｒｃｈ", "torch", 1),
    "utf7": ("# coding: utf-7\nimport +AHQ-orch", "torch", 2),
    "third_party": ("import pandas as pd", "pandas", 1),
    "syntax_error_before": ("def f(:\n    pass\nimport torch\n", "torch", 3),
    "syntax_error_after": ("import torch.nn\nclass X(\n", "torch", 1),
    "unclosed_bracket": ("x = (1,\nfrom torch import nn", "torch", 2),
    "syntax_error_and_call": ("t = __import__('torch')\nreturn return", "torch", 1),
    "parenthesised_names": ("print 'python 2'\nfrom cupyx import (scipy as s,\n  jit)", "cupyx.scipy", 2),
}

INNOCENT = {
    "comment": "# import torch\nx = 1  # as torch does: from torch import nn",
    "docstring": '"""Like PyTorch.\n\nimport torch\n"""',
    "string": "message = 'import torch'\nprint('tensorflow', message)",
    "raised_text": "raise ImportError('import torch is forbidden')",
    "variable_named_torch": "torch = 1\ntorch.nn = torch\njax = torch + 1",
    "function_named_keras": "def keras(scipy):\n    return scipy.signal",
    "attribute": "self.torch.load('torch')",
    "allowed": "import os, sys\nimport numpy as np\nimport cupy\nimport matplotlib.pyplot as plt\nfrom mpl_toolkits.mplot3d import Axes3D",
    "cupy_guarded": "try:\n    import cupy as xp\nexcept ImportError:\n    import numpy as xp",
    "cupyx_scatter": "from cupyx import scatter_add",
    "stdlib": "import dataclasses, gzip, struct\nfrom concurrent.futures import ThreadPoolExecutor\nfrom __future__ import annotations",
    "own_modules": "import pytorchnano.torch.nn\nfrom pytorchnano.torch import nn\nfrom pytorchnano import torch",
    "own": "import pytorchnano.layers\nfrom pytorchnano import layers",
    "relative": "from . import autograd\nfrom .torch import Tensor\nfrom .. import keras\nfrom ..scipy.signal import x",
    "absolute_sibling": "import activations\nfrom activations import ReLU",
    "dynamic_own": "import importlib\nfor n in ['a']:\n    importlib.import_module(f'pytorchnano.{n}')",
    "dynamic_relative": "import importlib\nimportlib.import_module('.autograd', __package__)",
    "dynamic_unknown": "m = __import__(name)",
    "regular_expression": "import re\nre.compile('import torch')",
    "compile_of_re": "from re import compile\ncompile('import torch')",
    "own_compile": "def compile(text):\n    return text\ncompile('import torch')",
    "model_eval": "model.eval('import torch')",
    "exec_of_arithmetic": "exec('x = 1')",
    "is_it_installed": "import sys\nassert 'torch' not in sys.modules\nimport importlib.util\nfound = importlib.util.find_spec('torch')",
    "modules_of_numpy": "import sys\nnp = sys.modules['numpy']\nme = sys.modules[__name__]\nown = sys.modules['pytorchnano.layers']",
    "yield_from": "def f():\n    yield from torch\n",
    "yield_from_broken": "def f():\n    yield from torch\n    return return\n",
    "broken_comment_and_string": '# import torch\nx = \'import torch\'\nreturn return\n"""import torch"""',
    "broken_relative": "return return\nfrom . import autograd\nfrom .torch import nn\nfrom ... import keras",
    "empty": "",
    "licence_named": '"""Copyright (c) 2016 Facebook, Inc. The API follows PyTorch\'s."""\ndef register_buffer(): ...',
    "own_autodiff": (
        "class Tensor:\n    def backward(self): ...\n    def requires_grad_(self): ...\nclass Function: ...\n"
        "def register_parameter(): ...\ndef defvjp(): ...\nclass ArrayBox: ..."
    ),
    "estimator_api": "class BaseEstimator: ...\nclass ClassifierMixin: ...\nclass RegressorMixin: ...\ndef check_is_fitted(): ...",
    "fingerprint_in_text": "# VJPNode JVPNode VSpace ArrayVSpace ArrayBox\nx = 'VJPNode JVPNode VSpace ArrayVSpace ArrayBox'",
    "deep_expression": "x = " + "1+" * 5000 + "1",
    "own_tests": "import pytest\nimport unittest",
}


@pytest.mark.parametrize("name", CAUGHT)
def test_forbidden_import_is_found_at_its_line(name: str) -> None:
    text, framework, line = CAUGHT[name]
    assert (framework, line) in seen(scan_text(text))


@pytest.mark.parametrize("name", INNOCENT)
def test_innocent_source_has_no_finding(name: str) -> None:
    others = {"autograd": "", "torch": "", "activations": ""}
    assert scan_text(INNOCENT[name], **others).findings == ()


def test_third_party_is_told_apart_from_a_framework() -> None:
    scanned = scan_text("import pandas\nimport torch\n")
    assert [finding.kind for finding in scanned.findings] == ["third_party", "framework"]


@pytest.mark.parametrize(
    "text, name",
    [
        ("class ArrayVSpace: ...\nclass VJPNode: ...\ndef notrace_primitive(): ...\ndef find_top_boxed_args(): ...", "autograd"),
        ("# Copyright (c) 2016- Facebook, Inc\nclass _ConvNd: ...\ndef f():\n    return has_torch_function(x)", "torch"),
        ("import numpy as np\nx._valfrommode(_bvalfromboundary, _inputs_swap_needed, choose_conv_method)", "scipy"),
    ],
)
def test_copy_of_a_frameworks_source_is_recognised_under_any_name(text: str, name: str) -> None:
    (finding,) = scan_text(text, "pytorchnano/mine.py").findings
    assert (finding.kind, finding.name) == ("copy", name)


def test_imports_between_modules_are_resolved() -> None:
    scanned = scan(
        LocalWorker(),
        {
            "pytorchnano/__init__.py": b"from .layers import Dense\n",
            "pytorchnano/layers.py": b"from pytorchnano import blas\nimport numpy\n",
            "pytorchnano/blas.py": b"",
            "pytorchnano/gpu/__init__.py": b"",
            "pytorchnano/gpu/kernels.py": b"from ..layers import Dense\nfrom . import streams\nfrom .... import beyond\n",
            "pytorchnano/gpu/streams.py": b"import importlib\nimportlib.import_module('.kernels', __package__)\n",
        },
    )
    assert scanned.imports == {
        "pytorchnano": ("pytorchnano", "pytorchnano.layers"),
        "pytorchnano.layers": ("pytorchnano", "pytorchnano.blas"),
        "pytorchnano.blas": (),
        "pytorchnano.gpu": (),
        "pytorchnano.gpu.kernels": ("pytorchnano", "pytorchnano.gpu", "pytorchnano.gpu.streams", "pytorchnano.layers"),
        "pytorchnano.gpu.streams": ("pytorchnano", "pytorchnano.gpu", "pytorchnano.gpu.kernels"),
    }
    assert scanned.findings == ()


def test_module_is_tainted_by_what_it_leads_to_and_no_other() -> None:
    scanned = scan(
        LocalWorker(),
        {
            "pytorchnano/__init__.py": b"",
            "pytorchnano/layers.py": b"from . import fast\n",
            "pytorchnano/fast.py": b"from .layers import x\nimport torch\n",
            "pytorchnano/losses.py": b"import pandas\n",
            "pytorchnano/sub/__init__.py": b"import jax\n",
            "pytorchnano/sub/inner.py": b"",
        },
    )
    assert [f.name for f in scanned.frameworks_loaded_by(["pytorchnano.layers"])] == ["torch"]
    assert [f.name for f in scanned.frameworks_loaded_by(["pytorchnano.sub.inner"])] == ["jax"]
    assert scanned.frameworks_loaded_by(["pytorchnano.losses"]) == ()
    assert scanned.frameworks_loaded_by(["pytorchnano.absent"]) == ()


def test_framework_in_the_package_itself_taints_every_module() -> None:
    scanned = scan(LocalWorker(), {"pytorchnano/__init__.py": b"import torch", "pytorchnano/layers.py": b""})
    assert scanned.frameworks_loaded_by(["pytorchnano.layers"])


@pytest.mark.parametrize(
    "text, used", [("def f():\n    import matplotlib.pyplot as plt", True), ("import numpy", False), ("# import matplotlib", False)]
)
def test_package_that_a_module_imports_is_known(text: str, used: bool) -> None:
    assert ("matplotlib" in scan_text(text).packages_loaded_by(["pytorchnano.layers"])) is used


@pytest.mark.parametrize(
    "init, layers, reached",
    [
        ("", "", False),
        ("from . import layers, visualize", "", True),
        ("", "def draw(self):\n    from .visualize import plot", True),
        ("import matplotlib", "", True),
    ],
)
def test_package_is_loaded_by_what_leads_to_it_alone(init: str, layers: str, reached: bool) -> None:
    scanned = scan_text(layers, __init__=init, visualize="from matplotlib.figure import Figure")
    assert ("matplotlib" in scanned.packages_loaded_by(["pytorchnano.layers"])) is reached
    assert "matplotlib" in scanned.packages_loaded_by(["pytorchnano.losses", "pytorchnano.visualize"])


@pytest.mark.parametrize(
    "source",
    [
        b"\xff\xfe\x00\x01" * 50,
        b"# coding: no-such-codec\nx = 1",
        b"# coding: rot13\nvzcbeg gbepu",
        b"(" * 100_000,
        b"-" * 100_000 + b"1",
        b"lambda:" * 50_000,
        b"'" + b"a" * 100_000,
        b'"""' + b"\n" * 100_000,
        b"x = \\\n" * 50_000,
        b"a0 = ''\n" + b"".join(b"a%d = a%d + a%d\n" % (i, i - 1, i - 1) for i in range(1, 200)) + b"__import__(a199)\n",
        b"x = 'a' * 10 ** 12\n__import__(x)\n__import__('{:1000000000000}'.format('a'))\n__import__('a'.replace('', 'b'*99))",
        b"x = '" + b"a;" * 24_000 + b"'\n" + b"exec(x)\n" * 10_000,
        b"x = '" + b"a;" * 1_000 + b"'\n" + b"".join(b"exec(x + 'b%d')\n" % i for i in range(1_000)),
        b"import " + b"a." * 50_000 + b"a",
        b"__import__(" * 80 + b"'torch'" + b")" * 80,
    ],
)
def test_hostile_source_is_survived(source: bytes) -> None:
    scanned = scan(LocalWorker(), {"pytorchnano/layers.py": source})
    assert all(finding.kind in ("framework", "third_party", "unscanned") for finding in scanned.findings)


def test_large_file_is_read_by_tokens() -> None:
    source = b"weights = [\n" + b"    0.123456,\n" * 50_000 + b"]\nimport torch\n"
    assert len(source) > 512 << 10
    assert seen(scan(LocalWorker(), {"pytorchnano/weights.py": source})) == [("torch", 50_003)]


def test_more_source_than_can_be_scanned_is_a_finding_for_the_largest_files_alone() -> None:
    files = {"pytorchnano/a.py": b"import torch\n", "pytorchnano/big.py": b"#" * (9 << 20)}
    worker = LocalWorker()
    found = [(finding.path, finding.kind) for finding in scan(worker, files).findings]
    assert found == [("pytorchnano/a.py", "framework"), ("pytorchnano/big.py", "unscanned")]
    assert worker.calls == ["pytorchnano/a.py"]


def test_flood_of_imports_can_not_hide_one() -> None:
    flood = "".join(f"import cupy.m{i}\n" for i in range(2_100)) + "import torch\n"
    assert {finding.kind for finding in scan_text(flood).findings} == {"unscanned"}


class BrokenWorker(LocalWorker):
    """Dies, runs out of time or answers nonsense at one file."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self._answer = answer

    def probe(self, name: str, *arguments: Any) -> Any:
        reply = super().probe(name, *arguments)
        if arguments[0] != "pytorchnano/bb.py":
            return reply
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


FILES = {"pytorchnano/a.py": b"import torch", "pytorchnano/bb.py": b"import torch  ", "pytorchnano/ccc.py": b"import torch        "}


@pytest.mark.parametrize("fault", [LimitExceeded("scan_file", "10 s", "9 s", "call_cpu_s"), SubmissionDied("killed by SIGSEGV")])
def test_file_that_ends_the_worker_leaves_it_and_the_rest_unscanned(fault: Exception) -> None:
    worker = BrokenWorker(fault)
    assert [f.kind for f in scan(worker, FILES).findings] == ["framework", "unscanned", "unscanned"]
    assert worker.calls == ["pytorchnano/a.py", "pytorchnano/bb.py"]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"imports": [], "own": [], "words": []},
        {"imports": [[1, "import"]], "own": [], "words": [], "complete": True},
        {"imports": [["1", "import", "torch"]], "own": [], "words": [], "complete": True},
        {"imports": [[1, "conclude", "torch"]], "own": [], "words": [], "complete": True},
        {"imports": [[1, "import", "\x1b[2Jtorch"]], "own": [], "words": [], "complete": True},
        {"imports": {}, "own": [], "words": [], "complete": True},
    ],
)
def test_answer_that_is_none_counts_as_unscanned(answer: Any) -> None:
    assert [f.kind for f in scan(BrokenWorker(answer), FILES).findings] == ["framework", "unscanned", "framework"]


def test_answer_names_only_known_modules_and_words() -> None:
    answer = {"imports": [], "own": ["pytorchnano.a", "os", 3], "words": ["VJPNode", "VSpace", "x", None], "complete": True}
    scanned = scan(BrokenWorker(answer), FILES)
    assert scanned.imports["pytorchnano.bb"] == ("pytorchnano.a",)


def test_clean_submission_passes() -> None:
    assert_no_frameworks(scan_text("import numpy as np"), loaded=["numpy", "numpy.linalg", "torchlight"])


def test_failure_names_framework_and_place() -> None:
    with pytest.raises(CheckFailed) as failed:
        assert_no_frameworks(scan_text("import numpy\nimport torch.nn\nimport pandas"))
    evidence = failed.value.evidence
    assert "uses torch" in evidence.said
    assert "imports pandas, which is not among the imports" in evidence.said
    assert "pytorchnano/layers.py:2 imports torch" in evidence.where


def test_failure_hints_at_the_students_own_module_of_that_name() -> None:
    with pytest.raises(CheckFailed) as failed:
        assert_no_frameworks(scan_text("import autograd", autograd=""))
    assert "write `from . import autograd`" in failed.value.evidence.hint


def test_framework_that_was_loaded_fails_though_the_scan_saw_nothing() -> None:
    with pytest.raises(CheckFailed) as failed:
        assert_no_frameworks(scan_text("import numpy"), loaded=["numpy", "torch._C"])
    assert "torch" in failed.value.evidence.said


def test_unscanned_file_fails() -> None:
    scanned = Scan((Finding("pytorchnano/big.py", 1, "unscanned", "", "can't be scanned"),), {}, False)
    with pytest.raises(CheckFailed, match="can't be scanned for imports"):
        assert_no_frameworks(scanned)


def test_many_findings_make_a_short_message() -> None:
    with pytest.raises(CheckFailed) as failed:
        assert_no_frameworks(scan_text("".join(f"import torch.m{i}\n" for i in range(200))))
    assert len(failed.value.evidence.message()) < 1_000
    assert len(failed.value.evidence.facts["findings"]) == 40
