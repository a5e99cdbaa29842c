"""Claim: an exception whose text, class, bases and traceback lie, or never end, can't be told.

Stopped by: the type is asked, not the instance; what __str__ does is under the call's deadline.
"""

from .activations import ReLU as Honest
from .canary import mark


class Meta(type):
    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return hash(ValueError)

    def __instancecheck__(cls, instance):
        return True

    def __subclasscheck__(cls, other):
        return True

    __name__ = "\x1b[31mPassed"
    mro = type.mro


class Lying(Exception, metaclass=Meta):
    @property
    def __class__(self):
        return AssertionError

    def __str__(self):
        mark()
        return "x" * 50_000_000

    @property
    def __traceback__(self):
        raise SystemExit(0)

    args = property(lambda self: 1 / 0)


class Hanging(Exception):
    def __str__(self):
        while True:
            pass

    __repr__ = __str__


class ReLU(Honest):
    def forward(self, x):
        if x.ndim == 1:
            mark()
            raise Hanging
        return super().forward(x)

    def backward(self, grad_output):
        raise Lying
