"""Claim: recursion without end under a raised limit takes the grader's stack with it.

Stopped by: it is the worker's stack; its death by SIGSEGV is the submission's failure.
"""

import sys
import threading

from .activations import ReLU as Honest
from .canary import mark


def dig(depth):
    return repr([dig(depth + 1)])


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        sys.setrecursionlimit(2**31 - 1)
        threading.stack_size(1 << 16)
        thread = threading.Thread(target=dig, args=(0,))
        thread.start()
        thread.join()
        return super().backward(grad_output)
