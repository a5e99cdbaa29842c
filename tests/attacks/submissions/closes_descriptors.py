"""Claim: without descriptors nothing can be said against me.

Stopped by: a closed channel is a violation; the worker is killed and the check failed.
"""

import os

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        os.closerange(0, 64)
        return super().backward(grad_output)
