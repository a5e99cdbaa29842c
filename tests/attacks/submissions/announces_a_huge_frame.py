"""Claim: a header that announces 2**63 bytes, or 60 MB that never come, makes the grader wait or allocate for ever.

Stopped by: the length is checked before the body is read; the deadline covers the whole answer.
"""

import os
import struct
import sys

from .activations import ReLU as Honest
from .canary import mark

HEADER = struct.Struct("<4sB3sQQ")


class ReLU(Honest):
    calls = 0

    def backward(self, grad_output):
        frame = sys._getframe()
        while frame is not None and "sequence" not in frame.f_locals:
            frame = frame.f_back
        number = frame.f_locals["sequence"] if frame is not None else 0
        length = 2**63 if id(self) % 32 else 60 << 20
        mark()  # first, for the grader kills this process as soon as it reads the header
        os.write(3, HEADER.pack(b"gwl1", 65, bytes(3), number, length) + bytes(1000))
        while True:
            pass
