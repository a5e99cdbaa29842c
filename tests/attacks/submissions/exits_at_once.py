"""Claim: os._exit(0) in forward ends the grading with success.

Stopped by: it ends the worker, which is the submission's failure; status 0 means nothing.
"""

import os

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        os._exit(0)
