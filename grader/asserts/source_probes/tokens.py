"""The scan of a file without a tree, token by token."""

from __future__ import annotations

import io
import re
import time
import tokenize
import unicodedata
from collections.abc import Iterator

from .record import IMPORTERS, FileScan, TooLarge

_SCAN_CPU_S = 6.0
_CHUNK = 2_000

Token = tuple[str, int]
"""A word, operator or string, and its line."""


def scan_tokens(scan: FileScan, source: bytes) -> None:
    """Imports of a file without a tree. Raises TooLarge when time is up."""
    stop = time.process_time() + _SCAN_CPU_S
    for chunk in _chunks(source):
        scan.names |= {text for text, _ in chunk if text.isidentifier()}
        _scan_chunk(scan, chunk)
        if time.process_time() > stop:
            raise TooLarge


def _chunks(source: bytes) -> Iterator[list[Token]]:
    """Words, operators and strings with their lines, a statement at a time where there are statements; ends where tokens end."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    except (SyntaxError, LookupError):
        encoding = "utf-8"
    chunk: list[Token] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source.decode(encoding, "replace")).readline):
            if token.type in (tokenize.NAME, tokenize.OP, tokenize.STRING):
                chunk.append((unicodedata.normalize("NFKC", token.string) if token.type == tokenize.NAME else token.string, token.start[0]))
            if token.type == tokenize.NEWLINE or len(chunk) >= _CHUNK:
                yield chunk
                chunk = []
    except (tokenize.TokenError, SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        pass
    yield chunk


def _scan_chunk(scan: FileScan, chunk: list[Token]) -> None:
    at = 0
    while at < len(chunk):
        text, line = chunk[at]
        at += 1
        if text == "from":
            dotted, next_at = _read_dotted(chunk, at)
            if next_at < len(chunk) and chunk[next_at][0] == "import" and dotted:
                names, at = _read_names(chunk, next_at + 1)
                level = len(dotted) - len(dotted.lstrip("."))
                scan.see_from(line, level, dotted[level:], names)
        elif text == "import":
            names, at = _read_names(chunk, at)
            for name in names:
                scan.see_import(line, name, "import")
        elif text in IMPORTERS and at + 1 < len(chunk) and chunk[at][0] == "(":
            literal = re.fullmatch(r"""[bBrRuU]?(['"])([\w.]{1,100})\1""", chunk[at + 1][0])
            if literal:
                scan.see_import(line, literal[2], "call")


def _read_dotted(chunk: list[Token], at: int) -> tuple[str, int]:
    """The dotted name at a place, leading dots included, and the place after it."""
    start = at
    while at < len(chunk) and (set(chunk[at][0]) == {"."} or (chunk[at][0].isidentifier() and chunk[at][0] not in ("import", "as"))):
        if chunk[at][0].isidentifier() and at > start and chunk[at - 1][0].isidentifier():
            break
        at += 1
    return "".join(text for text, _ in chunk[start:at]), at


def _read_names(chunk: list[Token], at: int) -> tuple[list[str], int]:
    """Dotted names parted by commas, `as` clauses skipped, in parentheses or not."""
    names: list[str] = []
    if at < len(chunk) and chunk[at][0] == "(":
        at += 1
    while at < len(chunk):
        dotted, at = _read_dotted(chunk, at)
        if not dotted:
            break
        names.append(dotted)
        if at < len(chunk) and chunk[at][0] == "as":
            at += 2
        if at >= len(chunk) or chunk[at][0] != ",":
            break
        at += 1
    return names, at
