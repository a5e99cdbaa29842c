"""Claim: names of a megabyte, with control characters, overflow or repaint the report.

Stopped by: every text of a submission's is cut and cleaned before it goes anywhere.
"""

from .activations import ReLU as Honest
from .canary import mark

NAME = "\x1b[31m\u202e" + "N" * 1_000_000


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        raise type(NAME, (Exception,), {})(NAME)


ReLU.__module__ = NAME
