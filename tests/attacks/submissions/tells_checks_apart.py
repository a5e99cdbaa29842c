"""Claim: while gradients are measured, forward is the function whose gradient backward gives.

Stopped by: the values that forward gives while its gradient is measured count as well.
"""

import sys

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def forward(self, x):
        y = super().forward(x)
        frame = sys._getframe()
        while frame is not None:
            if frame.f_code.co_name == "layer_turns" or len(frame.f_locals.get("points", ())) > 1:
                mark()
                return x
            frame = frame.f_back
        return y
