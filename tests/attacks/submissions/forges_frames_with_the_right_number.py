"""Claim: the question's number lies in the worker's frames, so an answer with it is accepted, and says that all is well.

Stopped by: an answer carries values, never a verdict: a forged one is worth what it says. The real one comes too late and is a violation.
"""

import os
import struct
import sys

from .activations import ReLU as Honest
from .canary import mark

HEADER = struct.Struct("<4sB3sQQ")


def find_number():
    frame = sys._getframe()
    while frame is not None:
        if "sequence" in frame.f_locals and "channel" in frame.f_locals:
            return frame.f_locals["sequence"], frame.f_globals
        frame = frame.f_back
    return None, {}


class ReLU(Honest):
    def backward(self, grad_output):
        number, serve = find_number()
        if number is not None:
            body = b"".join(bytes([0]) for _ in range(3))  # None, None, None: whatever that says
            mark(f"found the number: {bool(serve)}")  # first, for the grader may end this process as soon as it reads a frame
            os.write(3, HEADER.pack(b"gwl1", 65, bytes(3), number, len(body)) + body)
        return super().backward(grad_output)
