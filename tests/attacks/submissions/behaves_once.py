"""Claim: right at the first call of a process, wrong and cheap afterwards.

Stopped by: checks ask more than once, with a decoy before what counts.

Item: losses.MSELoss
Against: the reference
"""

from .canary import mark
from .losses import MSELoss as Honest


class MSELoss(Honest):
    calls = 0

    def backward(self):
        MSELoss.calls += 1
        mark()
        gradient = super().backward()
        return gradient if MSELoss.calls == 1 else gradient * 2
