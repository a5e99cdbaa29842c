"""Layer L0: a process and a session of its own, four open descriptors, an end when the zygote ends.

The clean environment and the closing of descriptors are the worker's start itself (`grader.worker.startup`); here it is looked after.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from grader.isolation.launch import Availability, Launch

NAME = "process"
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_STANDARD_DESCRIPTORS = {0, 1, 2, 3}
# Loaded in the zygote already: the classes that ctypes makes for it cost a worker more than the calls.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def available() -> Availability:
    """Linux alone has what workers need: subreapers, process descriptors, /proc."""
    if sys.platform != "linux":
        return Availability(False, f"workers can't be forked safely on {sys.platform}", "use Linux, WSL 2 or the container")
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError as error:
        return Availability(False, f"the kernel gives no process descriptors ({error.strerror})", "use Linux 5.4 or newer")
    return Availability(True)


def wrap(launch: Launch) -> Launch:
    """Add the layer; it has no settings."""
    return launch.add(NAME)


def enter(settings: Mapping[str, Any]) -> None:
    """Leave the zygote's session, and die with the zygote."""
    assert _libc is not None
    zygote = os.getppid()
    os.setsid()
    for option, value in ((_PR_SET_PDEATHSIG, int(signal.SIGKILL)), (_PR_SET_NO_NEW_PRIVS, 1)):
        if _libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl({option}) was refused")
    if os.getppid() != zygote:
        raise OSError("the zygote ended while a worker was starting")
    left_open = {int(name) for name in os.listdir("/proc/self/fd")} - _STANDARD_DESCRIPTORS
    # The listing itself holds one descriptor while it is read.
    if len(left_open) > 1:
        raise OSError(f"descriptors {sorted(left_open)} were left open")
