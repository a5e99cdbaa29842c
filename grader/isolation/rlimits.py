"""Layer L1: the kernel's limits on CPU, memory, file size, descriptors and processes."""

from __future__ import annotations

import math
import resource
from collections.abc import Mapping
from typing import Any

from grader.isolation.launch import Availability, Launch

NAME = "rlimits"
_SLACK_S = 2


def available() -> Availability:
    """Every Unix has them."""
    return Availability(True)


def wrap(launch: Launch) -> Launch:
    """Add the limits; the CPU limit is a second line of defence behind the grader's own clock."""
    limits = launch.limits
    return launch.add(
        NAME,
        cpu_s=math.ceil(limits.check_cpu_s) + _SLACK_S,
        memory=limits.memory_mb << 20,
        file=limits.file_mb << 20,
        open_files=limits.open_files,
        processes=limits.processes,
    )


def enter(settings: Mapping[str, Any]) -> None:
    """Set each limit and read it back."""
    cpu_s = settings["cpu_s"]
    wanted = {
        resource.RLIMIT_CORE: (0, 0),
        # The soft limit ends the worker with SIGXCPU, which says why; the hard one with SIGKILL.
        resource.RLIMIT_CPU: (cpu_s, cpu_s + 1),
        resource.RLIMIT_AS: (settings["memory"],) * 2,
        resource.RLIMIT_FSIZE: (settings["file"],) * 2,
        resource.RLIMIT_NOFILE: (settings["open_files"],) * 2,
        resource.RLIMIT_NPROC: (settings["processes"],) * 2,
    }
    for limit, values in wanted.items():
        _, hard = resource.getrlimit(limit)
        if hard != resource.RLIM_INFINITY:
            values = (min(values[0], hard), min(values[1], hard))
        resource.setrlimit(limit, values)
        if resource.getrlimit(limit) != values:
            raise OSError(f"resource limit {limit} is {resource.getrlimit(limit)} and not {values}")
