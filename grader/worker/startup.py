"""From the fork to the first request: four descriptors, a clean environment, the layers, a hello."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TextIO, cast

import numpy as np

from grader.wire.frames import pack_frame
from grader.wire.messages import Hello, write_reply
from grader.worker.imports import Imports
from grader.worker.probes import Probes
from grader.worker.serve import serve
from grader.worker.session import Session

Layer = Callable[[Mapping[str, Any]], None]
"""Puts one isolation layer in force in this process; raises when it can't."""

SOCKET_FD = 3
"""The worker's end of the wire; 0, 1 and 2 are the standard streams, and nothing else is open."""

_FREE_FD = 16


@dataclass(frozen=True)
class Setting:
    """What all workers of one zygote share."""

    allowed: frozenset[str]
    """Third-party packages that may be imported."""
    layers: Mapping[str, Layer]
    """What puts each layer in force."""


def start_worker(setting: Setting, probes: Probes, launch: dict[str, Any], fds: list[int]) -> NoReturn:
    """Become a worker and serve until the grader is done; never returns into the zygote's loop."""
    status = 70
    try:
        channel = _keep_descriptors(*fds)
        _clean_process(launch)
        entered: list[str] = []
        trouble = probes.trouble
        session: Session | None = None
        try:
            _enter_layers(setting, launch, entered)
            session = _prepare_session(setting, probes, launch)
        except BaseException as error:
            trouble = f"{type(error).__name__}: {error}"[:2_000]
        _say_hello(channel, launch["hello"], Hello(tuple(entered), trouble))
        if session is not None and not trouble:
            serve(channel, session)
        status = 0
    finally:
        os._exit(status)


def _keep_descriptors(channel_fd: int, output_fd: int) -> socket.socket:
    # Lifted out of the way first: each of them may sit on a number that another one is to get.
    channel_fd, output_fd = (fcntl.fcntl(fd, fcntl.F_DUPFD, _FREE_FD) for fd in (channel_fd, output_fd))
    null_fd = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null_fd, 0), (output_fd, 1), (output_fd, 2), (channel_fd, SOCKET_FD)):
        os.dup2(source, target, inheritable=target != SOCKET_FD)
    os.closerange(SOCKET_FD + 1, os.sysconf("SC_OPEN_MAX"))
    return socket.socket(fileno=SOCKET_FD)


def _clean_process(launch: dict[str, Any]) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _set_environment(launch["environment"])
    os.umask(0o077)
    os.chdir(launch["folder"])
    sys.argv[:] = [""]
    sys.orig_argv[:] = [""]
    sys.stdin = sys.__stdin__ = _open_stream(0, "r")
    sys.stdout = sys.__stdout__ = _open_stream(1, "w")
    sys.stderr = sys.__stderr__ = _open_stream(2, "w")


def _set_environment(wanted: Mapping[str, str]) -> None:
    # Most of it is as it was in the zygote: what a worker does not touch, the kernel need not copy for it.
    for name in [name for name in os.environ if name not in wanted]:
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _open_stream(fd: int, mode: str) -> TextIO:
    # Line buffered, so that what was said before a crash is seen.
    return cast(TextIO, open(fd, mode, encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False))


def _enter_layers(setting: Setting, launch: dict[str, Any], entered: list[str]) -> None:
    for name, settings in launch["steps"]:
        setting.layers[name](settings)
        entered.append(name)


def _prepare_session(setting: Setting, probes: Probes, launch: dict[str, Any]) -> Session:
    # The zygote's state is the same in every fork: without this every worker would draw the same numbers.
    np.random.seed(launch["seed"])
    random.seed(launch["seed"])
    sys.modules.update(probes.modules)
    return Session(Imports(launch["package"], launch["root"], setting.allowed, launch["broken"]), probes.functions)


def _say_hello(channel: socket.socket, sequence: int, hello: Hello) -> None:
    kind, body = write_reply(hello)
    channel.sendall(pack_frame(kind, sequence, body))
