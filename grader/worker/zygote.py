"""The zygote: a small process that forks workers on request and buries them.

It holds no secret, keeps one thread, and talks with the grader over one control socket, one datagram a message. A worker stays a
zombie until the grader asks for its end, so a process id is never reused while the grader still holds it. When the control socket
closes (the grader ended, however it ended), every descendant is killed first, the wall's files are removed, and then the zygote exits.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import signal
import socket
import sys
import traceback
from types import FrameType
from typing import Any, NoReturn

from grader.wire.values import Reader, Writer
from grader.worker.probes import Probes, load_probes
from grader.worker.startup import Layer, Setting, start_worker
from grader.worker.sweep import kill_children, kill_group_of, reap, remove_folder

MAX_MESSAGE = 64 << 10
_SHARED = ("numpy", "numpy.linalg", "numpy.random", "numpy.lib.stride_tricks", "gzip", "threading", "zipfile")
"""Loaded once here and not in every worker: NumPy loads its parts only when they are first used."""
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def main(control_fd: int) -> None:
    """Serve the control socket until it closes."""
    parent = os.getppid()

    def end_with_parent(number: int, frame: FrameType | None) -> None:
        # Sent by the kernel when the grader's thread that started this process ends, or by anybody.
        if os.getppid() != parent:
            _end(abandoned=True, status=0)

    signal.signal(signal.SIGTERM, end_with_parent)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    abandoned, status = False, 1
    try:
        abandoned, status = _Zygote(socket.socket(fileno=control_fd)).serve(), 0
    except BaseException:
        traceback.print_exc()  # into the log, which the grader quotes
        sys.stderr.flush()
    finally:
        _end(abandoned, status)


def _end(abandoned: bool, status: int) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: a second end within the first would find it half done
    kill_children()
    if abandoned:
        remove_folder(os.environ["TMPDIR"])  # the grader was killed and can't do it
    os._exit(status)


class _Zygote:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._live: set[int] = set()
        self._probes: dict[str | None, Probes] = {None: Probes()}
        self._setting = self._prepare()

    def serve(self) -> bool:
        """Answer until the grader says that it is done; True when it went without a word."""
        while True:
            message, fds = self._receive()
            match message:
                case {"do": "fork", **launch}:
                    self._send({"pid": self._fork(launch, fds)})
                case {"do": "end", "pid": int(pid)} if pid in self._live:
                    self._send(self._end(pid))
                case {} if not message:
                    return True
                case _:
                    return False

    def _prepare(self) -> Setting:
        """Import all that workers may need, as the first message says, and say that it is done."""
        config, _ = self._receive()
        for name in (*_SHARED, *config["preload"]):
            importlib.import_module(name)
        layers: dict[str, Layer] = {name: importlib.import_module(f"grader.isolation.{name}").enter for name in config["layers"]}
        sys.path.remove(config["own_path"])  # what else lies beside the grader is not for submissions
        _forget_grader()
        _freeze()
        self._send({"ready": True})
        return Setting(frozenset(config["allowed"]), layers)

    def _fork(self, launch: dict[str, Any], fds: list[int]) -> int:
        folder = launch["probes"]
        if folder not in self._probes:
            self._probes[folder] = load_probes(folder, self._setting.allowed)
            _freeze()
        pid = os.fork()
        if pid == 0:
            start_worker(self._setting, self._probes[folder], launch, fds)
        for fd in fds:
            os.close(fd)
        self._live.add(pid)
        return pid

    def _end(self, pid: int) -> dict[str, Any]:
        kill_group_of(pid)
        status, (cpu_s, rss_kb) = reap(pid)
        self._live.discard(pid)
        left_cpu_s, left_rss_kb = kill_children(keep=self._live)
        return {"status": status, "cpu_s": cpu_s + left_cpu_s, "rss_kb": max(rss_kb, left_rss_kb)}

    def _receive(self) -> tuple[dict[str, Any], list[int]]:
        data, fds, _, _ = socket.recv_fds(self._control, MAX_MESSAGE, 4)
        if not data:
            return {}, []
        reader = Reader(data)
        message = reader.read()
        reader.finish()
        return message, fds

    def _send(self, message: dict[str, Any]) -> None:
        writer = Writer()
        writer.write(message)
        self._control.send(writer.body)


def _forget_grader() -> None:
    # The code goes on working; student code just doesn't find it under its name.
    for name in [name for name in sys.modules if name == "grader" or name.startswith("grader.")]:
        del sys.modules[name]


def _freeze() -> None:
    gc.collect()
    gc.freeze()  # a collection in a worker then leaves the shared pages alone
