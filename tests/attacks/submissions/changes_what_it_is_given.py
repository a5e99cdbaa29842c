"""Claim: what I am compared with is made from the arrays that I was given, so that I change those.

Stopped by: arrays that arrive in a worker are copies; the check keeps its own.
"""

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        grad_output.setflags(write=True)
        grad_output[...] = 0.0
        self._x[...] = 0.0
        mark()
        return grad_output
