"""Claim: with warnings.showwarning and catch_warnings mine, the worker's own bookkeeping runs my code.

Stopped by: it may run; what it can spoil is this worker's answer.
"""

import warnings

from .activations import ReLU as Honest
from .canary import mark


class Quiet:
    def __init__(self, *args, **kwargs):
        pass

    def __enter__(self):
        raise SystemExit(0)

    def __exit__(self, *error):
        return True


def show(*args, **kwargs):
    raise KeyboardInterrupt


class ReLU(Honest):
    def forward(self, x):
        warnings.showwarning = warnings._showwarnmsg = warnings._showwarnmsg_impl = show
        warnings.catch_warnings = Quiet
        warnings.simplefilter = warnings.filterwarnings = show
        mark()
        return super().forward(x)
