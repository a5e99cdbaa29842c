"""The trusted side's hold on the zygote: start it, have workers forked and buried, end it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from grader.faults import EnvironmentFault, WireViolation
from grader.isolation.launch import Launch
from grader.wire.values import Reader, Writer

ALLOWED_PACKAGES = frozenset(
    {"numpy", "cupy", "cupy_backends", "cupyx", "fastrlock", "cuda", "nvidia", "matplotlib", "mpl_toolkits", "pylab", "PIL"}
    | {"contourpy", "cycler", "dateutil", "fontTools", "kiwisolver", "packaging", "pyparsing", "six"}
)
"""Third-party packages that a worker may import: NumPy, CuPy, matplotlib, and what these need."""

_OWN_PATH = str(Path(__file__).parents[2])
_START_S, _ANSWER_S, _CLOSE_S = 60.0, 20.0, 10.0
_MAX_MESSAGE = 64 << 10
_BOOT = """
import sys
control, own, *sites = sys.argv[1:]
sys.path = [own, *sys.path, *sites]
from grader.worker.zygote import main
main(int(control))
"""


class ZygoteLost(EnvironmentFault):
    """The zygote is gone or does not answer."""


@dataclass(frozen=True)
class Ended:
    """What the zygote says of a worker that it buried."""

    status: int
    """Exit status, or minus the signal."""
    cpu_s: float
    """CPU seconds, those of left-over processes included."""
    rss_kb: int
    """Largest resident size, KiB."""


class Zygote:
    """One zygote process."""

    def __init__(
        self,
        *,
        folder: Path,
        preload: Sequence[str],
        layers: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        """Start it and wait until it has imported NumPy and the modules of `preload`; raises EnvironmentFault when it can't.

        `folder` is its own: it and every worker of it have a path below that in their environment, and no other process has.
        """
        self._marker = f"{folder}{os.sep}"
        self._lock = threading.Lock()
        self._log = folder / "zygote.log"
        theirs = self._start(environment)
        config = {
            "preload": list(preload),
            "layers": list(layers),
            "allowed": sorted(ALLOWED_PACKAGES),
            "own_path": _OWN_PATH,
        }
        theirs.close()
        try:
            self._ask(config, timeout_s=_START_S)
        except ZygoteLost as lost:
            self.close()
            raise EnvironmentFault(f"workers can't be started: {lost}{self._read_log()}") from lost

    def _start(self, environment: Mapping[str, str]) -> socket.socket:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                # -E is left out on purpose: the environment is ours, and the hash seed is in it.
                [sys.executable, "-s", "-S", "-P", "-B", "-c", _BOOT, str(theirs.fileno()), _OWN_PATH, *_site_paths()],
                env=dict(environment),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C in the terminal is for the grader alone
            )
        return theirs

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def fork(self, launch: Launch, hello: int, channel: socket.socket, output_fd: int) -> int:
        """Have a worker forked that gets the two descriptors; return its process id, which stays its own until `end`."""
        answer = self._ask(launch.to_message(hello), (channel.fileno(), output_fd), timeout_s=_ANSWER_S)
        return int(answer["pid"])

    def end(self, pid: int) -> Ended:
        """Have a worker killed, everything it left behind too, and return its record."""
        answer = self._ask({"do": "end", "pid": pid}, timeout_s=_ANSWER_S)
        return Ended(int(answer["status"]), float(answer["cpu_s"]), int(answer["rss_kb"]))

    def close(self) -> None:
        """End the zygote and every descendant of it; may be called again."""
        with contextlib.suppress(OSError):
            self._process.send_signal(signal.SIGCONT)
            self._control.send(_encode({"do": "close"}), socket.MSG_DONTWAIT)
        self._control.close()
        try:
            self._process.wait(_CLOSE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            _kill_marked(self._marker)
        if self._process.returncode != 0:
            _kill_marked(self._marker)

    def _ask(self, message: Mapping[str, Any], fds: Sequence[int] = (), *, timeout_s: float) -> dict[str, Any]:
        data = _encode(message)
        with self._lock:
            try:
                # Student code of the same user may have stopped it.
                self._process.send_signal(signal.SIGCONT)
                socket.send_fds(self._control, [data], list(fds))
                data = self._receive(timeout_s)
            except OSError as error:
                raise ZygoteLost(f"the process that starts workers is gone ({error.strerror})") from error
            except BaseException:
                # An interrupt between question and answer: the next answer would be taken for another question's.
                self._process.kill()
                raise
        return _read_answer(data)

    def _receive(self, timeout_s: float) -> bytes:
        poller = select.poll()
        poller.register(self._control, select.POLLIN)
        if not poller.poll(timeout_s * 1000):
            self._process.kill()
            raise ZygoteLost(f"the process that starts workers did not answer within {timeout_s:g} s")
        data = self._control.recv(_MAX_MESSAGE)
        if not data:
            raise ZygoteLost("the process that starts workers has ended")
        return data

    def _read_log(self) -> str:
        with contextlib.suppress(OSError):
            text = self._log.read_bytes()[-2_000:].decode("utf-8", "replace").strip()
            return f": {text}" if text else ""
        return ""


def _encode(message: Mapping[str, Any]) -> bytearray:
    writer = Writer()
    writer.write(dict(message))
    return writer.body


def _read_answer(data: bytes) -> dict[str, Any]:
    try:
        reader = Reader(data)
        answer = reader.read()
        reader.finish()
    except WireViolation as error:
        raise ZygoteLost(f"the process that starts workers gave no sensible answer ({error})") from error
    if not isinstance(answer, dict):
        raise ZygoteLost("the process that starts workers gave no sensible answer")
    return cast("dict[str, Any]", answer)


def _site_paths() -> list[str]:
    """Return the folders that hold the allowed packages, found without importing them."""
    found: list[str] = []
    for name in ("numpy", "matplotlib", "PIL", "cupy"):
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            folder = str(Path(spec.origin).parents[1])
            if folder not in found:
                found.append(folder)
    return found


def _kill_marked(marker: str) -> None:
    """Kill what still carries a zygote's folder in its environment: the last resort when the zygote itself was killed."""
    deadline = time.monotonic() + _CLOSE_S
    while (found := _find_marked(marker.encode())) and time.monotonic() < deadline:
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _find_marked(marker: bytes) -> list[int]:
    found: list[int] = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as environ:
                if marker in environ.read(64 << 10):
                    found.append(int(name))
    return found
