"""Claim: a float, an int and a list whose methods lie pass wherever a loss or a shape is compared.

Stopped by: no subclass of a builtin crosses; a loss has to be a plain number.

Item: losses.MSELoss
"""

from .canary import mark
from .losses import MSELoss as Honest


class Float(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return Float(0.0)

    def __abs__(self):
        return Float(0.0)

    def __float__(self):
        return self

    __ne__ = __le__ = __lt__ = __gt__ = __ge__ = __eq__
    __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __sub__
    __hash__ = None


class Numbers(list):
    def __iter__(self):
        return iter([Float(0.0)])

    def __eq__(self, other):
        return True

    __hash__ = None


class MSELoss(Honest):
    def forward(self, prediction, target):
        return Float(super().forward(prediction, target))

    def backward(self):
        mark()
        return Numbers(super().backward().tolist())
