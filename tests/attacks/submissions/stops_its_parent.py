"""Claim: a parent that is stopped answers nobody, so the grading hangs.

Stopped by: the zygote's answers have a deadline; one that misses it is killed and started again.
"""

import os
import signal

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        os.kill(os.getppid(), signal.SIGSTOP)
        return super().backward(grad_output)
