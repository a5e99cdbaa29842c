"""The scan of a syntax tree, and of the texts that it runs as code."""

from __future__ import annotations

import ast
import re

from .folding import Folding
from .record import IMPORTERS, FileScan, TooLarge

_RUNNERS = frozenset({"exec", "eval", "compile"})
_LARGEST_TREE = 512 << 10
"""Bytes; a tree takes up to a thousand times its text."""
_LONG_CHAIN = re.compile(rb"(?:\.\s*\w+\s*){300}")
"""A dotted name this long: the parser joins the parts of an import's name in quadratic space."""
_DEEPEST_TEXT = 3


def parse_source(source: bytes) -> ast.AST | None:
    """The syntax tree, where there is one and it costs no more than it should."""
    if len(source) > _LARGEST_TREE or _LONG_CHAIN.search(source):
        return None
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, LookupError):
        return None


class TreeScan:
    """Walks one syntax tree; strings that are run as code are trees of their own, a few deep."""

    def __init__(self, scan: FileScan, tree: ast.AST, line: int | None = None, depth: int = 0) -> None:
        self._file, self._tree, self._line, self._depth = scan, tree, line, depth
        self._bound: dict[str, list[ast.expr]] = {}
        self._folding = Folding(self._bound, scan.fold_budget)
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
        if self._is_one_of(call.func, IMPORTERS):
            for argument in given[:1] if call.args else given:
                self._see_name(line, argument, "call")
        elif self._is_one_of(call.func, _RUNNERS) and given:
            self._see_text(line, given[0])
        elif any(self._is_one_of(argument, IMPORTERS) for argument in call.args):  # map(__import__, [...]), partial(__import__, ...)
            for argument in given:
                for part in argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]:
                    self._see_name(line, part, "call")
        elif isinstance(call.func, ast.Attribute) and call.func.attr in ("get", "pop") and _is_sys_modules(call.func.value) and given:
            self._see_name(line, given[0], "modules")

    def _see_name(self, line: int, expression: ast.expr, how: str) -> None:
        name = self._folding.fold(expression)
        if not isinstance(name, str) or len(name) > 200:
            return
        dots = len(name) - len(name.lstrip("."))
        if dots:  # import_module(".layers", __package__)
            self._file.see_from(line, dots, name[dots:], [])
        else:
            self._file.see_import(line, name, how)

    def _see_text(self, line: int, expression: ast.expr) -> None:
        text = self._folding.fold(expression)
        if self._depth >= _DEEPEST_TEXT or text is None:
            return
        code = text.encode("utf-8", "replace") if isinstance(text, str) else text
        if code in self._file.texts:
            return
        self._file.texts.add(code)
        if sum(map(len, self._file.texts)) > _LARGEST_TREE:
            raise TooLarge
        tree = parse_source(code)
        if tree is not None:
            TreeScan(self._file, tree, line, self._depth + 1).scan()

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
            return expression.attr in wanted and (wanted is IMPORTERS or of_builtins)
        if isinstance(expression, ast.Subscript):  # __builtins__["__import__"], vars(builtins)["exec"]
            return self._folding.fold(expression.slice) in wanted
        if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) and expression.func.id == "getattr":
            return len(expression.args) > 1 and self._folding.fold(expression.args[1]) in wanted
        return False


def _is_sys_modules(expression: ast.expr) -> bool:
    return isinstance(expression, ast.Attribute) and expression.attr == "modules" and isinstance(expression.value, ast.Name)
