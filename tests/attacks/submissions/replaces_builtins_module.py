"""Claim: with __builtins__ and sys.modules["builtins"] replaced, later code runs with mine.

Stopped by: it does, in this worker; the checks run elsewhere.
"""

import builtins
import sys
import types

from .activations import ReLU as Honest
from .canary import mark


class Mine(dict):
    def __getitem__(self, name):
        if name == "AssertionError":
            return Warning
        return dict.__getitem__(self, name)


class ReLU(Honest):
    def forward(self, x):
        module = types.ModuleType("builtins")
        module.__dict__.update(vars(builtins), AssertionError=Warning)
        sys.modules["builtins"] = module
        frame = sys._getframe()
        while frame is not None:
            frame.f_globals["__builtins__"] = Mine(vars(builtins))
            frame = frame.f_back
        mark()
        return super().forward(x)
