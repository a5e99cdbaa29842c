"""Claim: a trace function sees the expected values go by, and rewrites local variables.

Stopped by: only the worker's own frames go by, and no expected value is ever in one.
"""

import sys
import threading

from .activations import ReLU as Honest
from .canary import escape, mark


def trace(frame, event, argument):
    for name in list(frame.f_locals):
        if name in ("expected", "oracle", "reference", "right", "secret", "tolerance"):
            escape(f"{frame.f_code.co_filename}: {name}")
    return trace


class ReLU(Honest):
    def forward(self, x):
        sys.settrace(trace)
        sys.setprofile(trace)
        threading.settrace(trace)
        y = super().forward(x)
        mark()
        return y
