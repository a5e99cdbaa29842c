"""Claim: a child that burns CPU time while I sleep slows down the checks that follow.

Stopped by: everything that a worker leaves is killed before the next check starts, and its time is counted.
"""

import os
import time

from .activations import ReLU as Honest
from .canary import mark


def burn():
    os.setsid()
    mark()
    while time.monotonic() > 0:
        pass


class ReLU(Honest):
    def forward(self, x):
        try:
            for _ in range(2):
                if os.fork() == 0:
                    burn()
        except OSError as error:
            mark(f"refused: {error}")
        return super().forward(x)
