"""Claim: with another numpy in sys.modules, later code compares with mine.

Stopped by: only code of this worker finds it there.
"""

import sys
import types

import numpy as np

from .activations import ReLU as Honest
from .canary import mark


class Generous(types.ModuleType):
    def __getattr__(self, name):
        return lambda *args, **kwargs: True


class ReLU(Honest):
    def forward(self, x):
        y = super().forward(x)
        for name in [name for name in sys.modules if name.partition(".")[0] == "numpy"]:
            sys.modules[name] = Generous(name)
        np.ndarray = np.array = np.asarray = np.generic = object
        mark()
        return y
