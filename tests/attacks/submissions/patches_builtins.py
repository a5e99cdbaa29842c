"""Claim: isinstance, abs, len, open, print and all answer as I like, for everybody.

Stopped by: the builtins of the worker are its own; the trusted process, and every other worker, have theirs.
"""

import builtins

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        gradient = super().backward(grad_output)
        true_isinstance, true_len = builtins.isinstance, builtins.len
        builtins.isinstance = lambda value, kind: True
        builtins.issubclass = lambda value, kind: True
        builtins.abs = lambda value: value * 0
        builtins.all = lambda values: True
        builtins.any = lambda values: False
        builtins.max = lambda *values, **more: 0.0
        builtins.len = lambda value: 0
        builtins.print = lambda *args, **kwargs: None
        mark()
        # The worker itself goes on with them: give back the two without which nothing at all would answer.
        builtins.isinstance, builtins.len = true_isinstance, true_len
        return gradient
