"""The four MNIST files: where they lie, whether they are the right ones, and how to get them.

Whatever their way here, files are known by the SHA-256 of their raw content, never by name or by source.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grader.datasets.idx import parse_idx
from grader.datasets.mnist_set import MnistSet
from grader.faults import EnvironmentFault, RequestFault

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
RAW_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_LARGEST_RAW = 64 * 2**20
_TIMEOUT_S = 30


@dataclass(frozen=True)
class FileStatus:
    """One of the four files, as found in a folder."""

    name: str
    """Without `.gz`."""
    path: Path | None
    """Where it lies, raw or `.gz`; None when it is absent."""
    status: str
    """`verified`, `absent`, `damaged` (another SHA-256) or `unreadable`."""
    said: str
    """The same as a sentence, with what to do."""


def mnist_folder() -> Path:
    """Return the folder of the full MNIST: `MNIST_DIR`, or `grader/mnist` in the user's cache."""
    named = os.environ.get("MNIST_DIR")
    if named:
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "grader" / "mnist"


def verify(folder: Path) -> list[FileStatus]:
    """Look at each of the four files in `folder`, raw or `.gz`."""
    return [_look_at(folder, name) for name in RAW_SHA256]


def load_full(folder: Path | None = None) -> MnistSet:
    """Read the 60,000 training and 10,000 test images; `RequestFault` says which file is absent or damaged."""
    folder = folder or mnist_folder()
    wrong = [status.said for status in verify(folder) if status.status != "verified"]
    if wrong:
        raise RequestFault(f"The full MNIST is not in {folder}: {' '.join(wrong)} `grader data fetch` gets the files.")
    train_images, train_labels, test_images, test_labels = (parse_idx(_read_raw(folder, name)[1], name) for name in RAW_SHA256)
    return MnistSet(train_images, train_labels.astype(np.int64), test_images, test_labels.astype(np.int64))


def fetch(folder: Path | None = None, *, source: Path | None = None, said: Callable[[str], None] = lambda line: None) -> list[FileStatus]:
    """Put the four raw files into `folder`, verified; those already there and right are kept.

    They come from the mirrors, or from the local folder `source` (raw or `.gz`). `said` receives a line for each file.
    `RequestFault` where `source` lacks a file or holds another one, `EnvironmentFault` where no mirror gave the right one.
    """
    folder = folder or mnist_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestFault(f"{folder} can't be made: {error.strerror}. Name another folder in MNIST_DIR.") from error
    for status in verify(folder):
        if status.status == "verified":
            said(f"{status.name}: already there")
            continue
        raw = _copy(source, status.name) if source else _download(status.name)
        _write(folder / status.name, raw)
        said(f"{status.name}: {len(raw):,} bytes, verified")
    return verify(folder)


def _look_at(folder: Path, name: str) -> FileStatus:
    try:
        path, raw = _read_raw(folder, name)
    except FileNotFoundError:
        return FileStatus(name, None, "absent", f"{name} is absent.")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        return FileStatus(name, folder / name, "unreadable", f"{name} can't be read: {error}.")
    if hashlib.sha256(raw).hexdigest() != RAW_SHA256[name]:
        wrong = f"{path.name} is not the MNIST file: its SHA-256 is another. Delete it and fetch it again."
        return FileStatus(name, path, "damaged", wrong)
    return FileStatus(name, path, "verified", f"{path.name} is right.")


def _read_raw(folder: Path, name: str) -> tuple[Path, bytes]:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path, _decompress(path) if path.suffix == ".gz" else _at_most(path)
    raise FileNotFoundError(name)


def _at_most(path: Path) -> bytes:
    if path.stat().st_size > _LARGEST_RAW:
        raise ValueError(f"more than {_LARGEST_RAW} bytes")
    return path.read_bytes()


def _decompress(path: Path) -> bytes:
    with gzip.open(path) as file:
        raw = file.read(_LARGEST_RAW + 1)
    if len(raw) > _LARGEST_RAW:
        raise ValueError(f"more than {_LARGEST_RAW} bytes when decompressed")
    return raw


def _copy(source: Path, name: str) -> bytes:
    status = _look_at(source, name)
    if status.status != "verified":
        raise RequestFault(f"{source}: {status.said} Expected the file {name} or {name}.gz as LeCun, Cortes and Burges published it.")
    return _read_raw(source, name)[1]


def _download(name: str) -> bytes:
    # pooch brings requests, 200 ms of imports: only who downloads pays.
    import pooch  # pyright: ignore[reportMissingTypeStubs]

    pooch.get_logger().setLevel(logging.ERROR)
    refusals: list[str] = []
    for mirror in MIRRORS:
        with tempfile.TemporaryDirectory() as scratch:
            try:
                pooch.retrieve(  # pyright: ignore[reportUnknownMemberType]
                    f"{mirror}{name}.gz",
                    known_hash=None,
                    fname=f"{name}.gz",
                    path=scratch,
                    downloader=pooch.HTTPDownloader(timeout=_TIMEOUT_S),  # pyright: ignore[reportArgumentType]
                )
                raw = _decompress(Path(scratch) / f"{name}.gz")
            except (OSError, EOFError, zlib.error, ValueError) as error:  # requests' exceptions are OSErrors
                refusals.append(f"{mirror}: {_first_line(error)}")
                continue
        if hashlib.sha256(raw).hexdigest() == RAW_SHA256[name]:
            return raw
        refusals.append(f"{mirror}: gave another file (SHA-256 differs)")
    listed = "\n".join(f"  {line}" for line in refusals)
    raise EnvironmentFault(
        f"{name} could not be downloaded:\n{listed}\n"
        "Without a network, copy the four files here and name their folder: grader data fetch --from FOLDER."
    )


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]


def _write(path: Path, raw: bytes) -> None:
    # A name that exists must be a whole file: written beside it, then renamed.
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", delete=False) as file:
            file.write(raw)
        Path(file.name).replace(path)
    except OSError as error:
        raise EnvironmentFault(f"{path} can't be written: {error.strerror}. Name another folder in MNIST_DIR.") from error
