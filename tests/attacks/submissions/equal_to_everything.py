"""Claim: an object that is equal to everything, smaller and larger, is the right gradient.

Stopped by: it is no array, so it stays in the worker; its remote refuses every comparison.
"""

from .activations import ReLU as Honest
from .canary import mark


class Everything:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __bool__(self):
        return True

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __float__(self):
        return 0.0

    def __len__(self):
        return 0

    def __iter__(self):
        return iter(())

    __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __abs__ = __neg__ = __getitem__ = __call__


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        return Everything()
