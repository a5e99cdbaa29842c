"""Claim: sys.exit(0) in forward is taken for a test run that went well.

Stopped by: SystemExit in student code is an exception like any other.
"""

import sys

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        sys.exit(0)
