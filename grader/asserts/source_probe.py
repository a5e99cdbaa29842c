"""The source scan: what a file imports, by any spelling that a reader would recognise. Runs in a confined worker, on text alone.

Handed to the worker as a probe file, so it imports the standard library only. It looks at syntax trees and tokens and executes nothing:
comments, docstrings and strings that merely name a framework are never a finding; a string counts where it is handed to an import
function or to `exec`. A file that does not parse, or is too large for a tree, is read token by token.
"""

from __future__ import annotations

import ast
import base64
import codecs
import gc
import io
import marshal
import re
import time
import tokenize
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PACKAGE = "pytorchnano"
_IMPORTERS = frozenset({"__import__", "import_module", "run_module"})
_RUNNERS = frozenset({"exec", "eval", "compile"})
_LARGEST_TREE = 512 << 10
"""Bytes; a tree takes up to a thousand times its text."""
_MOST_IMPORTS = 2_000
_LONG_CHAIN = re.compile(rb"(?:\.\s*\w+\s*){300}")
"""A dotted name this long: the parser joins the parts of an import's name in quadratic space."""
_SCAN_CPU_S = 6.0
_CHUNK = 2_000
_LONGEST_FOLD = 50_000
_FOLD_WORK = 200_000
"""Steps of folding in one file: names of names of names would double for ever."""
_DEEPEST_FOLD = 40
_DEEPEST_TEXT = 3


Token = tuple[str, int]
"""A word, operator or string, and its line."""


class _TooLarge(Exception):
    """The file can't be scanned in the time that one file gets."""


def scan_file(package: object, path: str, source: bytes, modules: list[str], words: list[str]) -> dict[str, Any]:
    """What one file imports, and which of `words` it uses as identifiers: facts, the judgement is the grader's.

    `path` is relative to the workspace, `modules` the dotted names of everything in it. Gives plain values: `imports`, a list of
    `[line, how, name]` with how one of import, call, text, modules and at most two parts of the name; `own`, the package's own modules
    that it imports; `words`; `complete`, false where not everything could be read.
    """
    scan = _Scan(path, frozenset(modules))
    complete = True
    gc.disable()  # a large tree is one garbage collection after another
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _scan_source(scan, source)
    except _TooLarge:
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


def _scan_source(scan: _Scan, source: bytes) -> None:
    tree = _parse(source)
    if tree is None:
        _scan_tokens(scan, source)
    else:
        _Tree(scan, tree).scan()


def _parse(source: bytes) -> ast.AST | None:
    """The syntax tree, where there is one and it costs no more than it should."""
    if len(source) > _LARGEST_TREE or _LONG_CHAIN.search(source):
        return None
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, LookupError):
        return None


@dataclass
class _Scan:
    """What is known of one file so far."""

    path: str
    modules: frozenset[str]
    imports: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    own: set[str] = field(default_factory=set[str])
    names: set[str] = field(default_factory=set[str])
    texts: set[bytes] = field(default_factory=set[bytes])
    """Strings that are run as code, each scanned once."""
    fold_work: int = _FOLD_WORK

    def see_import(self, line: int, dotted: str, how: str) -> None:
        """Record one absolute name, the first time it comes."""
        if not all(part.isidentifier() and len(part) <= 100 for part in dotted.split(".")):
            return
        if dotted.partition(".")[0] == PACKAGE:
            self.see_own(dotted)
            return
        key = (how, ".".join(dotted.split(".")[:2]))
        self.imports[key] = min(line, self.imports.get(key, line))

    def see_from(self, line: int, level: int, module: str, names: list[str], how: str = "import") -> None:
        """Record `from module import names`, relative where `level` is not 0."""
        if level == 0:
            for dotted in [module, *(f"{module}.{name}" for name in names if name != "*")]:
                self.see_import(line, dotted, how)
            return
        base = self.path.split("/")[:-1]
        if level - 1 < len(base):
            whole = ".".join([*base[: len(base) - level + 1], *([module] if module else [])])
            for dotted in (whole, *(f"{whole}.{name}" for name in names)):
                self.see_own(dotted)

    def see_own(self, dotted: str) -> None:
        """Record an import of the package's own modules, and of the packages that lead to it."""
        parts = dotted.split(".")
        self.own |= {name for length in range(1, len(parts) + 1) if (name := ".".join(parts[:length])) in self.modules}


class _Tree:
    """Walks one syntax tree; strings that are run as code are trees of their own, a few deep."""

    def __init__(self, scan: _Scan, tree: ast.AST, line: int | None = None, depth: int = 0) -> None:
        self._file, self._tree, self._line, self._depth = scan, tree, line, depth
        self._bound: dict[str, list[ast.expr]] = {}
        self._stands_for: dict[str, str] = {}
        """Names that the file defines or imports, and which builtin they are: `compile` may be the one of `re`."""

    def scan(self) -> None:
        """Record every import of the tree."""
        nodes = list(ast.walk(self._tree))
        for node in nodes:
            self._note_names(node)
        how = "text" if self._line else "import"
        for node in nodes:
            line = self._line or getattr(node, "lineno", 1)
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self._file.see_import(line, alias.name, how)
            elif isinstance(node, ast.ImportFrom):
                self._file.see_from(line, node.level, node.module or "", [alias.name for alias in node.names], how)
            elif isinstance(node, ast.Call):
                self._see_call(line, node)
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_sys_modules(node.value):
                self._see_name(line, node.slice, "modules")

    def _note_names(self, node: ast.AST) -> None:
        """Identifiers for the fingerprints, and what names stand for."""
        if isinstance(node, ast.Name):
            self._file.names.add(node.id)
        elif isinstance(node, ast.Attribute):
            self._file.names.add(node.attr)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._file.names.add(node.name)
            self._stands_for[node.name] = ""
        elif isinstance(node, ast.ImportFrom):
            known = node.module in ("builtins", "importlib", "runpy") and node.level == 0
            for alias in node.names:
                self._file.names.add(alias.asname or alias.name)
                self._stands_for[alias.asname or alias.name] = alias.name if known else ""
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    self._bound.setdefault(target.id, []).append(node.value)

    def _see_call(self, line: int, call: ast.Call) -> None:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if self._is_one_of(call.func, _IMPORTERS):
            for argument in given[:1] if call.args else given:
                self._see_name(line, argument, "call")
        elif self._is_one_of(call.func, _RUNNERS) and given:
            self._see_text(line, given[0])
        elif any(self._is_one_of(argument, _IMPORTERS) for argument in call.args):  # map(__import__, [...]), partial(__import__, ...)
            for argument in given:
                for part in argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]:
                    self._see_name(line, part, "call")
        elif isinstance(call.func, ast.Attribute) and call.func.attr in ("get", "pop") and _is_sys_modules(call.func.value) and given:
            self._see_name(line, given[0], "modules")

    def _see_name(self, line: int, expression: ast.expr, how: str) -> None:
        name = self._fold(expression)
        if not isinstance(name, str) or len(name) > 200:
            return
        dots = len(name) - len(name.lstrip("."))
        if dots:  # import_module(".layers", __package__)
            self._file.see_from(line, dots, name[dots:], [])
        else:
            self._file.see_import(line, name, how)

    def _see_text(self, line: int, expression: ast.expr) -> None:
        text = self._fold(expression)
        if self._depth >= _DEEPEST_TEXT or text is None:
            return
        code = text.encode("utf-8", "replace") if isinstance(text, str) else text
        if code in self._file.texts:
            return
        self._file.texts.add(code)
        if sum(map(len, self._file.texts)) > _LARGEST_TREE:
            raise _TooLarge
        tree = _parse(code)
        if tree is not None:
            _Tree(self._file, tree, line, self._depth + 1).scan()

    def _is_one_of(self, expression: ast.expr, wanted: frozenset[str], depth: int = 0) -> bool:
        """Whether an expression is an import function, or one that runs text, under any of its names."""
        if isinstance(expression, ast.Name):
            if self._stands_for.get(expression.id, expression.id) in wanted:
                return True
            bound = self._bound.get(expression.id, [])
            return len(bound) == 1 and depth < 4 and self._is_one_of(bound[0], wanted, depth + 1)
        if isinstance(expression, ast.Attribute):
            # `re.compile` and `model.eval` are no builtins
            of_builtins = isinstance(expression.value, ast.Name) and expression.value.id in ("builtins", "__builtins__")
            return expression.attr in wanted and (wanted is _IMPORTERS or of_builtins)
        if isinstance(expression, ast.Subscript):  # __builtins__["__import__"], vars(builtins)["exec"]
            return self._fold(expression.slice) in wanted
        if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) and expression.func.id == "getattr":
            return len(expression.args) > 1 and self._fold(expression.args[1]) in wanted
        return False

    def _fold(self, expression: ast.expr, depth: int = 0) -> str | bytes | None:
        """The text that an expression of constants gives, as far as sense goes; None where it is anything else."""
        if depth >= _DEEPEST_FOLD or self._file.fold_work <= 0:
            return None
        folded = self._fold_any(expression, depth)
        length = len(folded or "")
        self._file.fold_work -= 1 + length // 100
        return folded if length <= _LONGEST_FOLD else None

    def _fold_any(self, expression: ast.expr, depth: int) -> str | bytes | None:
        if isinstance(expression, ast.Constant):
            return expression.value if isinstance(expression.value, str | bytes) else None
        if isinstance(expression, ast.Name):
            bound = self._bound.get(expression.id, [])
            return self._fold(bound[0], depth + 1) if len(bound) == 1 else None
        if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Add):
            return _join([self._fold(expression.left, depth + 1), self._fold(expression.right, depth + 1)])
        if isinstance(expression, ast.JoinedStr):
            return _join([self._fold(part, depth + 1) for part in expression.values])
        if isinstance(expression, ast.FormattedValue):
            return self._fold(expression.value, depth + 1)
        if isinstance(expression, ast.Subscript) and _is_reversal(expression.slice):
            text = self._fold(expression.value, depth + 1)
            return None if text is None else text[::-1]
        return self._fold_call(expression, depth + 1) if isinstance(expression, ast.Call) else None

    def _fold_call(self, call: ast.Call, depth: int) -> str | bytes | None:
        name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
        owner = self._fold(call.func.value, depth) if isinstance(call.func, ast.Attribute) else None
        if name == "join" and owner is not None and len(call.args) == 1 and isinstance(call.args[0], ast.List | ast.Tuple):
            pieces = [self._fold(part, depth) for part in call.args[0].elts]
            return _join([piece for part in pieces for piece in (owner, part)][1:])
        if name in ("bytes", "bytearray", "chr") and len(call.args) == 1:
            return _fold_codes(call.args[0], name)
        arguments = [self._fold(argument, depth) for argument in call.args]
        if None in arguments:
            return None
        try:
            return _apply(name, owner, [argument for argument in arguments if argument is not None])
        except (ValueError, TypeError, LookupError):
            return None


def _join(pieces: list[str | bytes | None]) -> str | bytes | None:
    texts = [piece for piece in pieces if isinstance(piece, str)]
    if len(texts) == len(pieces):
        return "".join(texts)
    parts = [piece for piece in pieces if isinstance(piece, bytes)]
    return b"".join(parts) if len(parts) == len(pieces) else None


def _apply(name: str, owner: str | bytes | None, arguments: list[str | bytes]) -> str | bytes | None:
    """One of the calls that people hide a name with, on constants."""
    if owner is None:
        if name in ("b64decode", "unhexlify", "fromhex") and len(arguments) == 1:
            return base64.b64decode(arguments[0]) if name == "b64decode" else bytes.fromhex(str(arguments[0]))
        if name == "decode" and len(arguments) == 2:
            return str(codecs.decode(str(arguments[0]), "rot13")) if str(arguments[1]).startswith("rot") else None
        return str(arguments[0]) if name == "str" and len(arguments) == 1 else None
    if isinstance(owner, bytes):
        return owner.decode(str(arguments[0]) if arguments else "utf-8") if name == "decode" else None
    if name in ("lower", "upper", "strip", "casefold", "swapcase", "encode") and not arguments:
        return getattr(owner, name)()
    if name == "replace" and len(arguments) == 2 and len(owner) * max(1, len(arguments[1])) <= _LONGEST_FOLD:
        return owner.replace(str(arguments[0]), str(arguments[1]))
    if name == "format" and "{:" not in owner and len(owner) < 1_000:
        return owner.format(*arguments)
    return None


def _fold_codes(argument: ast.expr, name: str) -> str | bytes | None:
    numbers = argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]
    codes = [number.value for number in numbers if isinstance(number, ast.Constant) and type(number.value) is int]
    if len(codes) != len(numbers) or not all(0 <= code < 256 for code in codes):
        return None
    return bytes(codes).decode("latin-1") if name == "chr" else bytes(codes)


def _is_reversal(index: ast.expr) -> bool:
    if not isinstance(index, ast.Slice) or index.lower or index.upper or not isinstance(index.step, ast.UnaryOp):
        return False
    return isinstance(index.step.op, ast.USub) and isinstance(index.step.operand, ast.Constant) and index.step.operand.value == 1


def _is_sys_modules(expression: ast.expr) -> bool:
    return isinstance(expression, ast.Attribute) and expression.attr == "modules" and isinstance(expression.value, ast.Name)


def _scan_tokens(scan: _Scan, source: bytes) -> None:
    """Imports of a file without a tree. Raises _TooLarge when time is up."""
    stop = time.process_time() + _SCAN_CPU_S
    for chunk in _chunks(source):
        scan.names |= {text for text, _ in chunk if text.isidentifier()}
        _scan_chunk(scan, chunk)
        if time.process_time() > stop:
            raise _TooLarge


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


def _scan_chunk(scan: _Scan, chunk: list[Token]) -> None:
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
        elif text in _IMPORTERS and at + 1 < len(chunk) and chunk[at][0] == "(":
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


def compile_file(package: object, source: bytes) -> bytes:
    """Return the file's bytecode, so that no other worker has to compile it again; raises what the compiler raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return marshal.dumps(compile(source, "submission", "exec", dont_inherit=True))
