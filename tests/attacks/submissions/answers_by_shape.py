"""Claim: the numbers worked by hand are few, so a table of answers by shape earns their points.

Stopped by: hidden inputs are drawn from a secret; what a table can't know is most of the points.
"""

import numpy as np

from .activations import ReLU as Honest
from .canary import mark

TABLE = {(2, 3): np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])}


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        return grad_output * TABLE.get(grad_output.shape, 0.5)
