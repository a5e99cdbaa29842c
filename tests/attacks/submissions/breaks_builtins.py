"""Claim: when every builtin raises, the grader can't say that anything is wrong.

Stopped by: what the worker can't answer is the submission's failure; the trusted process has builtins of its own.
"""

import builtins

from .activations import ReLU as Honest
from .canary import mark


def refuse(*args, **kwargs):
    raise RuntimeError("nothing is wrong")


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        for name in ("isinstance", "len", "type", "list", "dict", "tuple", "getattr", "setattr", "str", "range", "zip", "callable"):
            setattr(builtins, name, refuse)
        return grad_output
