"""Claim: with numpy.testing agreeing to everything, every comparison holds.

Stopped by: values are compared on the trusted side of the wall; the worker's numpy is its own.
"""

import numpy as np

from .activations import ReLU as Honest
from .canary import mark


def agree(*args, **kwargs):
    return None


class ReLU(Honest):
    def forward(self, x):
        for name in dir(np.testing):
            if name.startswith("assert"):
                setattr(np.testing, name, agree)
        np.testing.assert_allclose([1.0], [2.0])
        mark()
        return super().forward(x)
