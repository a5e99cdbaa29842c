"""Claim: callbacks of the garbage collector and __del__ find the worker's objects and change its answers.

Stopped by: they do so in the worker alone, where nothing is kept that would be worth changing.
"""

import gc

from .activations import ReLU as Honest
from .canary import mark

kept = []


class Undead:
    def __del__(self):
        kept.append(Undead())


class ReLU(Honest):
    def forward(self, x):
        Undead()
        gc.callbacks.append(lambda phase, info: kept.append(phase))
        for thing in gc.get_objects():
            if type(thing).__name__ in ("Session", "Request", "Value", "Limits", "Evidence", "Outcome") and hasattr(thing, "__dict__"):
                vars(thing).update(status="passed", blame="none", points=100)
        gc.collect()
        mark()
        return super().forward(x)
