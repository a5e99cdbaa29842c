"""Claim: a fork with the parent's process id answers too, and one of the two answers is believed.

Stopped by: there is one answer to a question; the second one is a violation.
"""

import os
import time

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        gradient = super().backward(grad_output)
        number = os.getpid()
        os.getpid = lambda: number
        try:
            child = os.fork()
        except OSError as error:
            mark(f"refused: {error}")
            raise
        if child == 0:
            mark()
            return gradient * 0.0
        time.sleep(0.2)  # the child answers first, before anybody ends it
        return gradient
