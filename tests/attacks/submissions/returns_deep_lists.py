"""Claim: lists in lists without end, or ten million numbers, are too much for whoever looks at them.

Stopped by: depth and number of the values of an answer are capped where they are written and where they are read.
"""

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def forward(self, x):
        if x.ndim == 1:
            return [0.0] * 10_000_000
        return super().forward(x)

    def backward(self, grad_output):
        mark()
        nested = []
        for _ in range(100_000):
            nested = [nested]
        nested.append(nested)
        return nested
