"""Claim: the caller's frames hold the expected values, the seed or the oracle.

Stopped by: the caller is a probe, which produces evidence and knows no expected value.
"""

import sys

from .activations import ReLU as Honest
from .canary import escape, mark

TELLING = ("expected", "oracle", "reference", "secret", "seed", "solution", "tolerance", "right")


class ReLU(Honest):
    def backward(self, grad_output):
        frame = sys._getframe()
        while frame is not None:
            for name, value in {**frame.f_globals, **frame.f_locals}.items():
                # A launch's seed is for the worker's own random numbers.
                if name in TELLING and frame.f_code.co_name != "start_worker":
                    escape(f"{frame.f_code.co_filename}: {name} = {value!r}"[:200])
            frame = frame.f_back
        mark()
        return super().backward(grad_output)
