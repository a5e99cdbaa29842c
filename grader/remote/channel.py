"""One worker's wire and output on the trusted side: a request out, one answer in, all within its deadlines.

While it waits it drains what the worker prints, so that chatter never blocks student code, and drops what is over the cap.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time

from grader.faults import WireViolation
from grader.remote.clock import Deadlines, Overrun
from grader.wire.frames import HEADER_SIZE, Kind, read_header

_CHUNK = 1 << 16
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR


class Overran(Exception):
    """A deadline passed."""

    def __init__(self, overrun: Overrun) -> None:
        super().__init__(overrun.resource)
        self.overrun = overrun


class ChannelClosed(Exception):
    """The worker is gone, or has closed its end."""


class Channel:
    """The trusted ends of a worker's descriptors; owns and closes them."""

    def __init__(self, sock: socket.socket, output_fd: int, pid_fd: int, output_kb: int) -> None:
        self._sock, self._output_fd, self._pid_fd = sock, output_fd, pid_fd
        sock.setblocking(False)
        os.set_blocking(output_fd, False)
        self._output = bytearray()
        self._output_limit = output_kb << 10
        self._output_dropped = 0
        self._poller = select.poll()
        self._poller.register(output_fd, select.POLLIN)
        self._poller.register(pid_fd, select.POLLIN)
        self._output_open = True
        self._next_look_s = 0.0

    def exchange(self, frame: bytes, sequence: int, deadlines: Deadlines) -> tuple[Kind, bytearray]:
        """Send a request's frame and return the kind and body of the answer to it.

        Raises Overran, ChannelClosed, and WireViolation for anything else than exactly one answer.
        """
        self.check_quiet()
        self._plan_look(deadlines)
        self._send(memoryview(frame), deadlines)
        return self.receive(sequence, deadlines)

    def check_quiet(self) -> None:
        """Raise WireViolation when the worker has sent something that nobody asked for, ChannelClosed when it is gone."""
        try:
            extra = self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError as error:
            raise ChannelClosed from error
        if not extra:
            raise ChannelClosed
        raise WireViolation("the worker sent something that it was not asked for")

    def receive(self, sequence: int, deadlines: Deadlines) -> tuple[Kind, bytearray]:
        """Return the kind and body of the frame with this sequence number."""
        self._plan_look(deadlines)
        self._poller.register(self._sock, select.POLLIN)
        kind, found, length = read_header(bytes(self._read(HEADER_SIZE, deadlines)))
        if found != sequence:
            raise WireViolation("the worker's answer is to another question")
        return kind, self._read(length, deadlines)

    def kill(self) -> None:
        """Kill the process at once; what it left behind is the zygote's to find."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pid_fd, signal.SIGKILL)

    def wait_for_end(self, timeout_s: float) -> bool:
        """Wait until the process has ended; False when it has not."""
        poller = select.poll()
        poller.register(self._pid_fd, select.POLLIN)
        return bool(poller.poll(timeout_s * 1000))

    def drain(self) -> None:
        """Take what the worker has printed, up to a pipe's content; keep what fits under the cap."""
        for _ in range(16 if self._output_open else 0):
            try:
                data = os.read(self._output_fd, _CHUNK)
            except BlockingIOError:
                return
            if not data:
                # Every writer has closed it. A closed pipe is always ready: the loop would spin.
                self._poller.unregister(self._output_fd)
                self._output_open = False
                return
            kept = data[: max(0, self._output_limit - len(self._output))]
            self._output += kept
            self._output_dropped += len(data) - len(kept)

    def output(self) -> str:
        """Return what was printed, with a last line that says how much was dropped."""
        text = self._output.decode("utf-8", "replace")
        return f"{text}\n… {self._output_dropped} bytes more" if self._output_dropped else text

    def close(self) -> None:
        """Close the descriptors; what was printed stays."""
        self._sock.close()
        os.close(self._output_fd)
        os.close(self._pid_fd)

    def _send(self, data: memoryview, deadlines: Deadlines) -> None:
        self._poller.register(self._sock, select.POLLOUT)
        while data:
            try:
                data = data[self._sock.send(data) :]
            except BlockingIOError:
                self._wait(deadlines)
            except OSError as error:
                raise ChannelClosed from error

    def _read(self, count: int, deadlines: Deadlines) -> bytearray:
        data = bytearray(count)
        view = memoryview(data)
        while view:
            try:
                received = self._sock.recv_into(view)
            except BlockingIOError:
                self._wait(deadlines)
                continue
            except OSError as error:
                raise ChannelClosed from error
            if received == 0:
                raise ChannelClosed
            view = view[received:]
            self._look(deadlines)
        return data

    def _wait(self, deadlines: Deadlines) -> None:
        """Sleep until the socket is ready or it is time to look at the clocks; take what was printed meanwhile."""
        ready = dict(self._poller.poll(max(0.0, self._next_look_s - time.monotonic()) * 1000))
        if self._output_fd in ready:
            self.drain()
        if self._pid_fd in ready and not ready.get(self._sock.fileno(), 0) & _READABLE:
            # A process that it left behind may still hold the socket: no end of the stream would come.
            raise ChannelClosed
        self._look(deadlines)

    def _look(self, deadlines: Deadlines) -> None:
        if time.monotonic() < self._next_look_s:
            return
        overrun = deadlines.find_overrun()
        if overrun is not None:
            raise Overran(overrun)
        self._plan_look(deadlines)

    def _plan_look(self, deadlines: Deadlines) -> None:
        self._next_look_s = time.monotonic() + deadlines.wait_s()
