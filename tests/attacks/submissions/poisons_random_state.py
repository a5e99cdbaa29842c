"""Claim: with the global random states set, every later check draws what I expect.

Stopped by: checks draw on the trusted side, from seeds that no worker gets; each worker is a fresh process.
"""

import random

import numpy as np

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def forward(self, x):
        np.random.seed(0)
        random.seed(0)
        np.random.default_rng = lambda *args: np.random.Generator(np.random.PCG64(0))
        np.random.standard_normal = lambda *args: np.zeros(args)
        mark()
        return super().forward(x)
