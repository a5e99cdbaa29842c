"""Claim: a generator that never ends, returned as a gradient, keeps the grader reading.

Stopped by: ten thousand items are taken from a generator, within the call's deadline.
"""

from .activations import ReLU as Honest
from .canary import mark


def count():
    mark()
    number = 0
    while True:
        yield number
        number += 1


class ReLU(Honest):
    def backward(self, grad_output):
        return count()
