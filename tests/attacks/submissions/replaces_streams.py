"""Claim: with sys.stdout and sys.stderr mine, the summary that the grader prints is mine.

Stopped by: a worker's streams are a pipe of its own, kept apart from the grader's.
"""

import sys

from .activations import ReLU as Honest
from .canary import mark


class Stream:
    def write(self, text):
        raise SystemExit(0)

    def flush(self):
        raise KeyboardInterrupt

    def fileno(self):
        return 3

    def __getattr__(self, name):
        return self


class ReLU(Honest):
    def forward(self, x):
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Stream()
        mark()
        return super().forward(x)
