"""Claim: a stopped process uses no CPU time, so no limit is ever reached.

Stopped by: a call has a deadline on the wall's clock too, and SIGKILL ends a stopped process.
"""

import os
import signal

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        os.kill(os.getpid(), signal.SIGSTOP)
        return super().backward(grad_output)
