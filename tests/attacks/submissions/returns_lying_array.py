"""Claim: a subclass of ndarray whose operators, functions and class lie compares as right.

Stopped by: types are compared exactly: a subclass stays in the worker and crosses as a handle.
"""

import numpy as np

from .activations import ReLU as Honest
from .canary import mark


class Lying(np.ndarray):
    @property
    def __class__(self):
        return np.ndarray

    def __eq__(self, other):
        return np.ones(self.shape, dtype=bool)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.zeros(self.shape)

    def __array_function__(self, function, types, args, kwargs):
        return True

    def __array__(self, *args, **kwargs):
        return np.zeros(self.shape)

    def __array_finalize__(self, other):
        pass

    def copy(self, *args):
        return self

    def astype(self, *args, **kwargs):
        return self

    __ne__ = __le__ = __lt__ = __gt__ = __ge__ = __eq__
    __hash__ = None


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        return super().backward(grad_output).view(Lying)
