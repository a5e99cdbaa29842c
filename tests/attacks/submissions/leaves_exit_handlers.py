"""Claim: handlers at exit and at fork run when the grader is not looking any more.

Stopped by: a worker is killed, not asked to end: nothing of it runs afterwards.
"""

import atexit
import os
import threading
import weakref

from .activations import ReLU as Honest
from .canary import escape, mark


class ReLU(Honest):
    def forward(self, x):
        atexit.register(escape, "atexit")
        threading._register_atexit(escape, "threads")
        os.register_at_fork(after_in_child=lambda: escape("fork"))
        self.end = weakref.finalize(ReLU, escape, "finalize")
        mark()
        return super().forward(x)
