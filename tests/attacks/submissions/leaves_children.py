"""Claim: children outlive the grading: a plain one, a daemon in a session of its own, and one with an empty environment.

Stopped by: the zygote is a subreaper: what a worker leaves comes back to it and is killed, before the check's end is told.
"""

import os
import sys
import time

from .activations import ReLU as Honest
from .canary import _PLACE, mark


def sleep_for_ever(note):
    mark(note)
    while True:
        time.sleep(60)


def leave_children():
    if os.fork() == 0:
        sleep_for_ever("child")
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.chdir("/")
            os.closerange(0, 64)
            sleep_for_ever("daemon")
        os._exit(0)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.chdir("/")
            os.execve(sys.executable, [sys.executable, "-S", "-c", "import time\ntime.sleep(3600)", _PLACE], {})
        os._exit(0)


class ReLU(Honest):
    def forward(self, x):
        try:
            leave_children()
        except OSError as error:
            mark(f"refused: {error}")
        return super().forward(x)
