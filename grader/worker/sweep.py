"""Remove what a worker leaves behind: processes, daemons included, and files."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
from collections.abc import Collection

Usage = tuple[float, int]
"""CPU seconds, largest resident size in KiB."""


def children_of(pid: int) -> list[int]:
    """Return the process ids whose parent is `pid`, zombies included."""
    if pid == os.getpid() and not _has_children():
        return []
    # The kernel's own list is quick, but leaves some out while others come and go: empty, it proves nothing.
    # Bytes: a codec is imported at its first use, and this may run where an import was interrupted.
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", "rb") as listing:
        if listed := listing.read().split():
            return [int(child) for child in listed]
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _parent_of(name) == pid]


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _parent_of(name: str) -> int:
    with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])
    return -1


def kill_group_of(pid: int) -> None:
    """Kill a child of this process and its whole process group, at one blow: a member that is forking can't slip away."""
    with contextlib.suppress(OSError):
        group = os.getpgid(pid)
        if group != os.getpgrp():
            os.killpg(group, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)


def reap(pid: int) -> tuple[int, Usage]:
    """Wait for a killed child; return its exit code (minus the signal that ended it) and what it used."""
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), (usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def kill_children(keep: Collection[int] = ()) -> Usage:
    """Kill this process's children but for `keep`, again and again until none is left.

    This process must be a subreaper: then the children of a killed child become its own, and the next round finds them.
    """
    cpu_s, rss_kb = 0.0, 0
    while found := [pid for pid in children_of(os.getpid()) if pid not in keep]:
        for pid in found:
            kill_group_of(pid)
        for pid in found:
            _, (used, size) = reap(pid)
            cpu_s, rss_kb = cpu_s + used, max(rss_kb, size)
    return cpu_s, rss_kb


def remove_folder(folder: str) -> None:
    """Remove a folder and all below it, however deep it is and whatever its modes are; nobody may write there any more. Never fails."""
    with contextlib.suppress(OSError):
        os.rmdir(folder)  # most are empty
        return
    top, prefix = folder, ""
    waiting, moved = [top], 0
    with contextlib.suppress(OSError):
        if os.path.islink(top):
            os.unlink(top)
            return
        os.chmod(top, 0o700)
        while waiting:
            current = waiting.pop()
            for entry in _list_folder(current):
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                # Every folder is moved to the top first, so that no path grows with the depth.
                prefix = prefix or secrets.token_hex(8)
                os.chmod(entry.path, 0o700)
                waiting.append(os.path.join(top, f"{prefix}{moved}"))
                os.rename(entry.path, waiting[-1])
                moved += 1
            if current != top:
                os.rmdir(current)
        os.rmdir(top)


def _list_folder(path: str) -> list[os.DirEntry[str]]:
    with os.scandir(path) as entries:
        return list(entries)
