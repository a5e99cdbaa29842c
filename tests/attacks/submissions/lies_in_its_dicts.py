"""Claim: params and grads that answer differently to every reader show the right gradient to the one who compares.

Stopped by: a subclass of dict is asked by the probe for one entry, whose copy is what is looked at; a lie is a value like any other.

Item: layers.Dense
"""

import numpy as np

from .canary import mark
from .layers import Dense as Honest


class Dict(dict):
    reads = 0

    def __getitem__(self, key):
        mark()
        Dict.reads += 1
        value = dict.__getitem__(self, key)
        return value * (1 + Dict.reads % 3)

    def get(self, key, default=None):
        return np.zeros(1)

    def __contains__(self, key):
        return True

    def keys(self):
        return ["W", "b", "everything"]

    def __eq__(self, other):
        return True

    __hash__ = None


class Dense(Honest):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.grads = Dict(self.grads)
