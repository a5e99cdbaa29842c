"""Claim: a summary with colours and escape sequences, printed and raised, replaces the grader's on the terminal.

Stopped by: output is captured; of an exception's text control characters are replaced before anybody shows it.
"""

import sys

from .activations import ReLU as Honest
from .canary import mark

FORGED = "\x1b[2J\x1b[H\x1b]0;100 %\x07\x1b[32m  Score: 100 of 100 points (100.0 %)\x1b[0m\r\n\u202eeverything passed\x9b2K"


class ReLU(Honest):
    def forward(self, x):
        for stream in (sys.stdout, sys.stderr):
            stream.write(FORGED)
            stream.flush()
        mark()
        return super().forward(x)

    def backward(self, grad_output):
        raise type(FORGED, (ValueError,), {})(FORGED)
