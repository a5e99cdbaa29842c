"""Claim: a hundred megabytes of output fill the grader's memory or its pipe.

Stopped by: output is drained while the answer is waited for; what is over the cap is thrown away.
"""

import os

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        line = b"all checks passed \xff\x00\x1b[0m" * 4_000
        for _ in range(1_000):
            os.write(1, line)
            os.write(2, line)
        return super().backward(grad_output)
