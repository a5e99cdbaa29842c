"""Folds expressions of constants to the text that they give: the ways in which people hide a name."""

from __future__ import annotations

import ast
import base64
import codecs
from collections.abc import Mapping
from dataclasses import dataclass

_LONGEST_FOLD = 50_000
_DEEPEST_FOLD = 40


@dataclass
class Budget:
    """Work that may still be done."""

    left: int = 200_000
    """Steps of folding in one file: names of names of names would double for ever."""


class Folding:
    """Folds the expressions of one syntax tree."""

    def __init__(self, bound: Mapping[str, list[ast.expr]], budget: Budget) -> None:
        """`bound` holds the expressions that are assigned to each name anywhere in the tree."""
        self._bound = bound
        self._budget = budget

    def fold(self, expression: ast.expr, depth: int = 0) -> str | bytes | None:
        """The text that an expression of constants gives, as far as sense goes; None where it is anything else."""
        if depth >= _DEEPEST_FOLD or self._budget.left <= 0:
            return None
        folded = self._fold_any(expression, depth)
        length = len(folded or "")
        self._budget.left -= 1 + length // 100
        return folded if length <= _LONGEST_FOLD else None

    def _fold_any(self, expression: ast.expr, depth: int) -> str | bytes | None:
        if isinstance(expression, ast.Constant):
            return expression.value if isinstance(expression.value, str | bytes) else None
        if isinstance(expression, ast.Name):
            bound = self._bound.get(expression.id, [])
            return self.fold(bound[0], depth + 1) if len(bound) == 1 else None
        if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Add):
            return _join([self.fold(expression.left, depth + 1), self.fold(expression.right, depth + 1)])
        if isinstance(expression, ast.JoinedStr):
            return _join([self.fold(part, depth + 1) for part in expression.values])
        if isinstance(expression, ast.FormattedValue):
            return self.fold(expression.value, depth + 1)
        if isinstance(expression, ast.Subscript) and _is_reversal(expression.slice):
            text = self.fold(expression.value, depth + 1)
            return None if text is None else text[::-1]
        return self._fold_call(expression, depth + 1) if isinstance(expression, ast.Call) else None

    def _fold_call(self, call: ast.Call, depth: int) -> str | bytes | None:
        name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
        owner = self.fold(call.func.value, depth) if isinstance(call.func, ast.Attribute) else None
        if name == "join" and owner is not None and len(call.args) == 1 and isinstance(call.args[0], ast.List | ast.Tuple):
            pieces = [self.fold(part, depth) for part in call.args[0].elts]
            return _join([piece for part in pieces for piece in (owner, part)][1:])
        if name in ("bytes", "bytearray", "chr") and len(call.args) == 1:
            return _fold_codes(call.args[0], name)
        arguments = [self.fold(argument, depth) for argument in call.args]
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
