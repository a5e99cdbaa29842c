"""Claim: an object with __class__, __array__, __array_interface__ and __buffer__ of an array is one.

Stopped by: types are compared exactly, and none of its methods is asked.
"""

import numpy as np

from .activations import ReLU as Honest
from .canary import mark


class Actor:
    def __init__(self, like):
        self._like = like
        self.calls = 0

    @property
    def __class__(self):
        return np.ndarray

    @property
    def __array_interface__(self):
        return self._like.__array_interface__

    def __array__(self, *args, **kwargs):
        # Another answer each time: the first is for the check of the shape.
        self.calls += 1
        return self._like * self.calls

    def __getattr__(self, name):
        return getattr(self._like, name)

    def __eq__(self, other):
        return True

    __hash__ = None


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        return Actor(super().backward(grad_output))
