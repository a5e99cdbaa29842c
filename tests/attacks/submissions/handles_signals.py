"""Claim: signals that I handle can't end me, and a timer runs my code inside the worker's own.

Stopped by: a worker is ended by SIGKILL; what the timer's code can change in the worker are values, not verdicts.
"""

import signal

from .activations import ReLU as Honest
from .canary import mark


def interfere(number, frame):
    mark(f"signal {number} in {frame.f_code.co_name if frame else '?'}")


class ReLU(Honest):
    def backward(self, grad_output):
        for number in range(1, signal.NSIG):
            if number not in (signal.SIGKILL, signal.SIGSTOP):
                try:
                    signal.signal(number, interfere)
                except (OSError, ValueError):
                    continue
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        signal.raise_signal(signal.SIGTERM)
        return super().backward(grad_output)
