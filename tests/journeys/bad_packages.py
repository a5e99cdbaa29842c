"""Packages that are broken in one way each: `pytorchnano/losses.py` at its import, or one item after the other in its answers."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from grader.model.assignment import shared_folder


def copy_reference(into: Path) -> Path:
    """Copy the reference's package below `into` and return its folder."""
    package = into / "pytorchnano"
    shutil.copytree(shared_folder("reference") / "pytorchnano", package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


@dataclass(frozen=True)
class BrokenImport:
    """What stands at the top of `losses.py`, and what the student is told."""

    code: bytes
    """Put before the module's own text."""
    said: str
    """A regular expression that every check of the losses says; empty where the module is as good as before."""


BROKEN_IMPORTS = {
    "syntax error": BrokenImport(
        b"def forward(:\n",
        r"pytorchnano\.losses can't be imported: SyntaxError: .*\nat: pytorchnano/losses.py:1",
    ),
    "mixed tabs": BrokenImport(
        b"if True:\n    a = 1\n\tb = 2\n",
        r"can't be imported: (TabError|IndentationError): .*\nat: pytorchnano/losses.py:3",
    ),
    "bytes that are no UTF-8": BrokenImport(b"name = '\xff\xfe'\n", r"can't be imported: SyntaxError: .*(utf-8|UTF-8)"),
    "raises": BrokenImport(b"raise KeyError('size')\n", r"can't be imported: KeyError: 'size'\nat: pytorchnano/losses.py:1"),
    "divides by zero in a function": BrokenImport(
        b"def f():\n    return 1 / 0\nf()\n",
        r"ZeroDivisionError: .*\nat: pytorchnano/losses.py:2, in f",
    ),
    "recursion": BrokenImport(b"def f():\n    return f()\nf()\n", r"can't be imported: RecursionError"),
    "sys.exit": BrokenImport(b"import sys\nsys.exit(3)\n", r"can't be imported: .*sys\.exit\(3\) at pytorchnano/losses\.py:2"),
    "os._exit": BrokenImport(b"import os\nos._exit(0)\n", r"can't be imported: .*ended the process with status 0"),
    "crash": BrokenImport(b"import ctypes\nctypes.string_at(0)\n", r"can't be imported: .*SIGSEGV"),
    "loop": BrokenImport(b"while True:\n    pass\n", r"can't be imported: .*used 1 s of CPU; the limit is 1 s"),
    "sleep": BrokenImport(b"import time\ntime.sleep(3600)\n", r"can't be imported: .*4 s \(mostly waiting\)"),
    "reads standard input": BrokenImport(b"input('Your name? ')\n", r"can't be imported: EOFError"),
    "a package that is not there": BrokenImport(b"import pandas\n", r"can't be imported: ModuleNotFoundError: pandas is not available"),
    "a module of its own that is not there": BrokenImport(
        b"from .helpers import square\n",
        r"can't be imported: ModuleNotFoundError: .*pytorchnano\.helpers",
    ),
    "imports itself in a circle": BrokenImport(
        b"from pytorchnano.losses import MSELoss\n",
        r"can't be imported: ImportError: .*circular import",
    ),
    "20 MB of memory a line": BrokenImport(b"print('x' * 20_000_000)\n", ""),
    "20 MB in many lines": BrokenImport(b"for _ in range(20_000):\n    print('x' * 1_000)\n", ""),
    "forks": BrokenImport(b"import os, time\nif os.fork() == 0:\n    time.sleep(3600)\n", ""),
    "forks and goes on": BrokenImport(b"import os\nos.fork()\n", ""),
    "warns": BrokenImport(b"import warnings\nwarnings.warn('old')\n", ""),
    "sets NumPy to raise": BrokenImport(b"import numpy\nnumpy.seterr(all='raise')\n", ""),
}
"""Limits of those that loop and sleep: `tests.assignments.shortened.SHORT`."""


BAD_ANSWERS = '''

import numpy as _np


class _Liar:
    """Equal to everything, and an array if anybody asks."""

    shape, dtype, size, ndim = (3, 7), _np.dtype("float64"), 21, 2
    __class__ = _np.ndarray

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        return _np.zeros((3, 7))

    def __array_ufunc__(self, *args, **kwargs):
        return True


class _Array(_np.ndarray):
    def __eq__(self, other):
        return True

    def __array_ufunc__(self, *args, **kwargs):
        return _np.True_


def _answer(name, answer):
    globals()[name].forward = lambda self, *args: answer(*args)
'''

ANSWERS = {
    "activations.ReLU": ("None", "lambda x: None", r"\bNone\b"),
    "activations.Tanh": ("a list", "lambda x: [[1.0, 2.0]]", r"\blist\b"),
    "activations.Sigmoid": ("10 GB", "lambda x: _np.zeros(10 << 27)", r"MemoryError.*may use 3072 MiB"),
    "activations.LeakyReLU": ("infinity", "lambda x: x * 0 + _np.inf", r"\binf\b"),
    "activations.ELU": ("a wrong dtype", "lambda x: x.astype(complex)", r"complex128"),
    "layers.AvgPool2D": ("a wrong shape", "lambda x: _np.zeros((1, 2, 3))", r"shape"),
    "layers.MaxPool2D": ("NaN", "lambda x: x[:, :, ::2, ::2] * _np.nan", r"\b(nan|NaN)\b"),
    "layers.Dense": ("an object with a lying __eq__ and __array__", "lambda x: _Liar()", r"_Liar"),
    "losses.MSELoss": (
        "8 GB that take no memory",
        "lambda p, t: _np.broadcast_to(0.0, (1 << 16, 1 << 14))",
        r"MemoryError.*may use 3072 MiB",
    ),
    "losses.HingeLoss": ("an array of a lying class", "lambda p, t: _np.zeros(()).view(_Array)", r"_Array"),
    "losses.BinaryCrossEntropyLoss": ("text", "lambda p, t: 'very small'", r"\bstr\b"),
}
"""By item: what `forward` returns, its code, and what one of the item's failures says."""


def write_bad_answers(into: Path) -> Path:
    """Write a package whose items above each answer in their own bad way; return its folder."""
    package = copy_reference(into)
    for module in ("layers", "activations", "losses"):
        answers = {item: code for item, (_, code, _) in ANSWERS.items() if item.startswith(f"{module}.")}
        lines = [f'_answer("{item.partition(".")[2]}", {code})\n' for item, code in answers.items()]
        with (package / f"{module}.py").open("a", encoding="utf-8") as file:
            file.write(BAD_ANSWERS + "\n\n" + "".join(lines))
    return package
