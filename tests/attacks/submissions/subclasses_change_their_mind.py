"""Claim: forward and backward are other functions each time they are looked up, right when somebody looks.

Stopped by: every answer counts; a check asks more than once.
"""

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    looked = 0

    def __getattribute__(self, name):
        if name == "backward":
            ReLU.looked += 1
            mark()
            return lambda grad_output: grad_output * (ReLU.looked % 2)
        return Honest.__getattribute__(self, name)
