"""Claim: KeyboardInterrupt, GeneratorExit and exceptions of no known kind pass through the grader's handlers.

Stopped by: the worker catches BaseException; what crosses is a record of it, and its kind is a word.
"""

from .activations import ReLU as Honest
from .canary import mark


class Strange(BaseException):
    pass


class ReLU(Honest):
    kinds = (Strange, KeyboardInterrupt, GeneratorExit, StopIteration, BaseExceptionGroup)

    def backward(self, grad_output):
        mark()
        kind = self.kinds[int(abs(grad_output).sum() * 1000) % len(self.kinds)]
        raise kind("all passed", [Strange()]) if kind is BaseExceptionGroup else kind("all passed")
