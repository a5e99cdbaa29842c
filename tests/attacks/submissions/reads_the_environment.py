"""Claim: the environment, the arguments or the descriptors say where the report goes, or what the seed is.

Stopped by: a worker's environment is made from nothing, its arguments are empty, four descriptors are open.
"""

import os
import sys

from .activations import ReLU as Honest
from .canary import escape, mark

WORDS = ("seed", "secret", "session", "report", "expected", "assignment", "oracle", "journal", "artifact")


class ReLU(Honest):
    def forward(self, x):
        for name, value in os.environ.items():
            if any(word in f"{name}={value}".lower() for word in WORDS):
                escape(f"{name}={value}")
        if any(sys.argv) or any(sys.orig_argv):
            escape(repr(sys.argv))
        # The listing itself holds one.
        if len(os.listdir("/proc/self/fd")) > 5:
            escape(repr([os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")[:5]]))
        mark()
        return super().forward(x)
