"""Claim: a socket that is shut down, and then a process that sleeps, makes the grader wait for ever.

Stopped by: the end of the stream ends the wait; the worker is killed.
"""

import socket
import time

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        mark()
        socket.socket(fileno=3).shutdown(socket.SHUT_RDWR)
        time.sleep(3600)
