"""Compile the submission once a run instead of once a check.

A confined worker that runs no student code compiles each file; the trusted side only carries the bytes, unread, into the
workspace's `__pycache__`, where the workers of the checks find them. A file that does not compile is left to its import, which
then says why.
"""

from __future__ import annotations

import importlib.util
import marshal
from collections.abc import Mapping
from pathlib import Path

from grader.faults import StudentFault
from grader.remote.worker import Worker

_UNCHECKED_HASH = 0b01
"""PEP 552: the bytecode is used without a look at its source, which nobody changes in a workspace."""


def precompile(worker: Worker, files: Mapping[str, bytes], root: Path) -> None:
    """Write the bytecode of each of `files` (by path below `root`) where an import looks for it."""
    for path, source in files.items():
        try:
            code = worker.probe("compile_file", source)
        except StudentFault:
            continue
        if isinstance(code, bytes):
            _write(root / path, source, code)


def compile_staff_file(path: Path, root: Path) -> None:
    """Compile a file below `root` that staff wrote, right here; raises SyntaxError."""
    source = path.read_bytes()
    _write(path, source, marshal.dumps(compile(source, str(path.relative_to(root)), "exec", dont_inherit=True)))


def _write(path: Path, source: bytes, code: bytes) -> None:
    target = Path(importlib.util.cache_from_source(str(path)))
    target.parent.mkdir(mode=0o755, exist_ok=True)
    head = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH.to_bytes(4, "little")
    target.write_bytes(head + importlib.util.source_hash(source) + code)
    target.chmod(0o644)
