"""Claim: 100 MB of noise on the wire make the grader run out of memory, or lose its place.

Stopped by: the first bytes are no header, which is a violation: the worker is killed, the rest never read.
"""

import os

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        noise = os.urandom(1 << 16)
        mark()
        for _ in range(1600):
            os.write(3, noise)
        return super().backward(grad_output)
