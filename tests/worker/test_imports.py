"""The gate of imports, in a process of its own; what a submission sees of it is in tests/remote/test_imports.py."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from grader.worker.imports import Imports, WrongRequest
gate = Imports("pytorchnano", None, frozenset({"numpy"}), {"json.tool": "too slow"})
import numpy.linalg, xml.dom
try:
    import pytest
except ModuleNotFoundError as error:
    print(error.name)
try:
    import json.tool
except ImportError as error:
    print(error)
try:
    gate.load("layers")
except WrongRequest:
    print("wrong")
print(gate.refused, sys.meta_path[0] is gate, "numpy" in gate.list_loaded()["modules"])
"""


def test_gate_lets_through_what_is_allowed_and_nothing_else():
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["pytest", "too slow", "wrong", "[] True True"]
