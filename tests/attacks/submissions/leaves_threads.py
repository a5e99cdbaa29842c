"""Claim: threads go on after the answer: they change what was returned and write to the wire.

Stopped by: an answer is copied when it is sent; bytes that nobody asked for are a violation, which kills the worker.
"""

import os
import threading

from .activations import ReLU as Honest
from .canary import mark


def keep_changing(array):
    mark()
    for _ in range(200):
        array[...] = 0.0


class ReLU(Honest):
    def backward(self, grad_output):
        gradient = super().backward(grad_output)
        try:
            threading.Thread(target=keep_changing, args=(gradient,), daemon=False).start()
            threading.Timer(0.01, os.write, (3, b"passed" * 100)).start()
        except RuntimeError as error:
            mark(f"refused: {error}")
        return gradient
