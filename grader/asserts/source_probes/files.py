"""What the grader asks for: a file's imports, and its bytecode."""

from __future__ import annotations

import gc
import marshal
import warnings
from typing import Any

from .record import FileScan, TooLarge
from .tokens import scan_tokens
from .trees import TreeScan, parse_source

_MOST_IMPORTS = 2_000


def scan_file(package: object, path: str, source: bytes, modules: list[str], words: list[str]) -> dict[str, Any]:
    """What one file imports, and which of `words` it uses as identifiers: facts, the judgement is the grader's.

    `path` is relative to the workspace, `modules` the dotted names of everything in it. Gives plain values: `imports`, a list of
    `[line, how, name]` with how one of import, call, text, modules and at most two parts of the name; `own`, the package's own modules
    that it imports; `words`; `complete`, false where not everything could be read.
    """
    scan = FileScan(path, frozenset(modules))
    complete = True
    gc.disable()  # a large tree is one garbage collection after another
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _scan_source(scan, source)
    except TooLarge:
        complete = False
    finally:
        gc.enable()
    found = sorted((line, how, name) for (how, name), line in scan.imports.items())
    return {
        "imports": [list(entry) for entry in found[:_MOST_IMPORTS]],
        "own": sorted(scan.own),
        "words": sorted(scan.names.intersection(words)),
        "complete": complete and len(found) <= _MOST_IMPORTS,
    }


def _scan_source(scan: FileScan, source: bytes) -> None:
    tree = parse_source(source)
    if tree is None:
        scan_tokens(scan, source)
    else:
        TreeScan(scan, tree).scan()


def compile_file(package: object, source: bytes) -> bytes:
    """Return the file's bytecode, so that no other worker has to compile it again; raises what the compiler raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return marshal.dumps(compile(source, "submission", "exec", dont_inherit=True))
