"""The worker's loop: read a request, answer it, again."""

from __future__ import annotations

import contextlib
import os
import socket
import sys

from grader.wire.frames import HEADER_SIZE, pack_frame, read_header
from grader.wire.messages import read_request
from grader.worker.session import Session


def serve(channel: socket.socket, session: Session) -> None:
    """Answer requests until the grader closes its end."""
    own_pid, streams = os.getpid(), (sys.stdout, sys.stderr)
    while (header := _receive(channel, HEADER_SIZE)) is not None:
        kind, sequence, length = read_header(bytes(header))
        body = _receive(channel, length)
        if body is None:
            return
        request = read_request(kind, body)
        del body  # the arrays were copied out of it
        answer_kind, answer = session.answer(request)
        if os.getpid() != own_pid:
            os._exit(0)  # student code forked, and this is the child: it has no part in the conversation
        for stream in streams:
            with contextlib.suppress(BaseException):
                stream.flush()
        channel.sendall(pack_frame(answer_kind, sequence, answer))


def _receive(channel: socket.socket, count: int) -> bytearray | None:
    """Return exactly `count` bytes, or None at the end of the stream."""
    data = bytearray(count)
    view = memoryview(data)
    while view:
        received = channel.recv_into(view)
        if received == 0:
            return None
        view = view[received:]
    return data
