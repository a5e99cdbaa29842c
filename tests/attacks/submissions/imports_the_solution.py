"""Claim: the reference, the grader or the checks can be imported, and then do my work.

Stopped by: a worker finds none of them under a name, and may import the standard library, NumPy, CuPy and matplotlib alone.
"""

import importlib
import sys

from .activations import ReLU as Honest
from .canary import escape, mark


class ReLU(Honest):
    def backward(self, grad_output):
        for name in ("grader", "reference", "reference.pytorchnano", "oracle", "grader.remote.worker", "assignments", "pytest", "conftest"):
            try:
                importlib.import_module(name)
            except ImportError:
                continue
            escape(name)
        for name in sys.modules:
            if name.partition(".")[0] in ("grader", "pytest", "reference"):
                escape(f"sys.modules[{name!r}]")
        mark()
        return super().backward(grad_output)
