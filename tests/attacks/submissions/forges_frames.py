"""Claim: a well-formed answer, sent before the real one, is believed.

Stopped by: an answer repeats the random number of its question, which a forger who doesn't look for it can't know.
"""

import os
import struct

from .activations import ReLU as Honest
from .canary import mark

HEADER = struct.Struct("<4sB3sQQ")


class ReLU(Honest):
    def backward(self, grad_output):
        mark()  # first, for the grader kills this process as soon as it reads a frame
        for sequence in (0, 1, 2**64 - 1):
            os.write(3, HEADER.pack(b"gwl1", 65, bytes(3), sequence, 3) + b"\x01\x01\x01")
        return super().backward(grad_output)
