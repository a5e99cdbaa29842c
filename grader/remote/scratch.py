"""Files that a submission may have touched: opened without following links, never a device or a pipe, sizes checked first."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Generator
from pathlib import Path, PurePosixPath
from typing import NoReturn

from grader.faults import CheckFailed, GraderFault
from grader.model.evidence import Evidence

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = _READ | os.O_DIRECTORY


def read_file(folder: Path, name: str, max_bytes: int) -> bytes:
    """Return a file's bytes; `name` is relative to `folder`.

    Raises CheckFailed where there is no ordinary file of that name, or one that is too large.
    """
    with _open_folder(folder, name) as (parent_fd, last):
        try:
            fd = os.open(last, _READ, dir_fd=parent_fd)
        except OSError as error:
            _fail(name, f"it can't be opened ({error.strerror})")
        try:
            _check_ordinary(os.fstat(fd), name, max_bytes)
            data = _read_up_to(fd, max_bytes + 1)  # it may grow while it is read
        finally:
            os.close(fd)
    if len(data) > max_bytes:
        _fail(name, f"it has more than {max_bytes} bytes")
    return data


def _check_ordinary(status: os.stat_result, name: str, max_bytes: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        _fail(name, "it is not an ordinary file")
    if status.st_size > max_bytes:
        _fail(name, f"it has {status.st_size} bytes; the limit is {max_bytes}")


def _read_up_to(fd: int, count: int) -> bytes:
    data = bytearray()
    while len(data) < count and (chunk := os.read(fd, count - len(data))):
        data += chunk
    return bytes(data)


def write_file(folder: Path, name: str, data: bytes) -> None:
    """Write a file of the grader's for the submission to read, in place of whatever stands there."""
    with _open_folder(folder, name) as (parent_fd, last):
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(last, dir_fd=parent_fd)
            fd = os.open(last, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=parent_fd)
        except OSError as error:
            _fail(name, f"it can't be written ({error.strerror})")
        with os.fdopen(fd, "wb") as file:
            file.write(data)


def count_files(folder: Path, limit: int) -> int:
    """Return how many entries lie below a folder; stops counting above `limit`."""
    count, waiting = 0, [str(folder)]
    while waiting and count <= limit:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                count += 1
                if count > limit:
                    break
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
    return count


@contextlib.contextmanager
def _open_folder(folder: Path, name: str) -> Generator[tuple[int, str]]:
    """Give a descriptor of the folder that holds `name`, and its last part; no part on the way may be a link."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise GraderFault(f"{name!r} is not a name inside a scratch folder")
    fd = os.open(folder, _FOLDER)
    try:
        for part in path.parts[:-1]:
            try:
                below = os.open(part, _FOLDER, dir_fd=fd)
            except OSError as error:
                _fail(name, f"{part} can't be opened as a folder ({error.strerror})")
            os.close(fd)
            fd = below
        yield fd, path.name
    finally:
        os.close(fd)


def _fail(name: str, why: str) -> NoReturn:
    raise CheckFailed(Evidence(said=f"The file {name} can't be used: {why}.", expected="an ordinary file, where the contract says"))
