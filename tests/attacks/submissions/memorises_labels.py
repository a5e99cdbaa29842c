"""Claim: predict remembers what it was given last time and returns the labels that the loss saw.

Stopped by: labels of a test never enter the worker before its predictions left it.

Item: network.Network
"""

import gc

import numpy as np

from .canary import mark
from .network import Network as Honest


class Network(Honest):
    def predict(self, x):
        mark()
        for thing in gc.get_objects():
            if type(thing) is dict:
                for value in list(thing.values()):
                    if type(value) is np.ndarray and value.shape == (len(x),) and value.dtype.kind == "i":
                        return value.copy()
        return super().predict(x)

    def accuracy(self, x, labels):
        self.labels = labels
        return 1.0
