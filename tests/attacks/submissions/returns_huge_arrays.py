"""Claim: an array of 80 GB that takes no memory here takes it in the grader.

Stopped by: an answer's size is bounded where it is written and again, by its header, where it is read.
"""

import numpy as np

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        try:
            return np.empty(10 << 27)
        except MemoryError:
            return np.broadcast_to(np.float64(0), (100_000, 100_000))
