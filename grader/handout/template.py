"""The student's version of the reference: every solution region gives way to a sentence that says what to write.

A region inside a function becomes `raise NotImplementedError(...)`; one in the body of a module or of a class (private
helpers, constants) goes without a trace, and with the regions go the imports that only they used. What students were promised
(public names, signatures, docstrings) can't change on the way: that is compared, not trusted.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from grader.faults import RequestFault
from grader.handout.edits import Edit, apply_edits
from grader.handout.interface import compare_interfaces, find_lost_names
from grader.handout.markers import Region, find_regions
from grader.handout.unused import drop_unused_imports


def derive(source: str, path: str) -> str:
    """Return the template of the reference module `source`; `path` is how mistakes name it.

    Raises RequestFault, with `path:line` before every sentence, when a marker is wrong, a region is not a run of whole
    statements, or the template would lose a public name, a signature, a docstring or a name that it still uses.
    """
    reference = _parse(source, path)
    regions = find_regions(source, path)
    lines = source.replace("\r\n", "\n").split("\n")
    stripped = apply_edits(source, [_strip(region, reference, lines, path) for region in regions])
    parsed = _parse_result(stripped, path)
    text = apply_edits(stripped, drop_unused_imports(reference, parsed))
    template = _parse_result(text, path)
    mistakes = [f"{path}:{line}: {said}" for line, said in compare_interfaces(reference, template)]
    for line, name in find_lost_names(reference, template):
        at = text.split("\n")[line - 1].strip()
        mistakes.append(f"{path}: {name} lies in a region, but the template still uses it: {at!r}. Keep both or neither.")
    if mistakes:
        raise RequestFault("\n".join(mistakes))
    return text


def derive_package(reference: Path) -> dict[str, str]:
    """Return the template of every module under the folder `reference`, by relative path; all mistakes are said at once."""
    if not reference.is_dir():
        raise RequestFault(f"There is no reference package at {reference}.")
    texts: dict[str, str] = {}
    mistakes: list[str] = []
    for name, path in _modules(reference):
        try:
            texts[name] = derive(path.read_text(encoding="utf-8"), f"{reference.name}/{name}")
        except UnicodeDecodeError as error:
            mistakes.append(f"{reference.name}/{name}: this is not UTF-8: {error}.")
        except RequestFault as fault:
            mistakes.append(str(fault))
    if mistakes:
        raise RequestFault("No template can be made of the reference:\n" + "\n".join(mistakes))
    return texts


def write_template(reference: Path, template: Path) -> list[str]:
    """Make the folder `template` the template of `reference` and return the modules written; nothing is written on a mistake.

    Modules that the reference no longer has are removed; files that are no modules are left alone.
    """
    texts = derive_package(reference)
    for name, path in _modules(template):
        if name not in texts:
            path.unlink()
    for name, text in texts.items():
        path = template / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(texts)


def differences(reference: Path, template: Path) -> list[str]:
    """Return a sentence for each module in which the folder `template` is not the fresh template of `reference`."""
    texts = derive_package(reference)
    found = dict(_modules(template))
    said: list[str] = []
    for name in sorted(texts.keys() | found.keys()):
        if name not in found:
            said.append(f"{name} is missing from the template.")
        elif name not in texts:
            said.append(f"{name} is in the template, and the reference has no such module.")
        elif (text := found[name].read_bytes()) != texts[name].encode():
            said.append(f"{name} differs from a fresh strip, first in line {_first_difference(text, texts[name].encode())}.")
    return said


@dataclass(frozen=True)
class _Place:
    """Where a region lies."""

    statement: ast.stmt
    """Its first statement."""
    written: str
    """What the student writes there, `Dense.forward`; empty outside functions."""
    documented: bool
    """Whether that has a docstring."""


def _strip(region: Region, reference: ast.Module, lines: list[str], path: str) -> Edit:
    place = _locate(region, reference, path)
    _need_statements(region, lines, place.statement.col_offset, path)
    if not place.written:
        return Edit(region.begin, region.end, ())
    sentence = f"{place.written} is not implemented yet{': see its docstring' if place.documented else ''}."
    return Edit(region.begin, region.end, (f'{" " * place.statement.col_offset}raise NotImplementedError("{sentence}")',))


def _locate(region: Region, reference: ast.Module, path: str) -> _Place:
    first_line, last_line = _code_lines(region, reference, path)
    block: ast.AST = reference
    scope: tuple[str, ...] = ()
    function: ast.FunctionDef | ast.AsyncFunctionDef | None = None
    while True:
        inside: list[ast.stmt] = []
        around: ast.AST | None = None
        for child in ast.iter_child_nodes(block):
            if not isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
                continue
            first, last = _extent(child)
            if region.begin < first and last < region.end:
                if isinstance(child, ast.stmt):
                    inside.append(child)
            elif first < region.begin and last_line <= last:
                around = child
            elif first <= last_line and first_line <= last:
                raise RequestFault(f"{path}:{region.begin}: the region {region.name!r} cuts the code of line {first} in two. {_WHOLE}")
        if inside:
            written = ".".join(scope) if function is not None else ""
            return _Place(inside[0], written, function is not None and ast.get_docstring(function) is not None)
        if around is None:
            raise RequestFault(f"{path}:{region.begin}: the region {region.name!r} holds no whole statement. {_WHOLE}")
        # A function inside a function is the outer one's business: the student is told the name that they can see.
        if function is None and isinstance(around, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            scope = (*scope, around.name)
            function = None if isinstance(around, ast.ClassDef) else around
        block = around


def _code_lines(region: Region, reference: ast.Module, path: str) -> tuple[int, int]:
    """Return the first and last line of the statements that begin in the region: a marker at a block's end lies outside the block."""
    extents = [_extent(node) for node in ast.walk(reference) if isinstance(node, ast.stmt)]
    inside = [extent for extent in extents if region.begin < extent[0] < region.end]
    if not inside:
        raise RequestFault(f"{path}:{region.begin}: the region {region.name!r} holds no whole statement. {_WHOLE}")
    return min(first for first, _ in inside), max(last for _, last in inside)


_WHOLE = "A region holds whole statements of one block."


def _extent(node: ast.AST) -> tuple[int, int]:
    """Return the first and last line, decorators included."""
    if isinstance(node, ast.match_case):
        return node.pattern.lineno, node.body[-1].end_lineno or 0
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    first: int = min(getattr(line, "lineno", 0) for line in (*decorators, node))
    return first, getattr(node, "end_lineno", None) or first


def _need_statements(region: Region, lines: list[str], indentation: int, path: str) -> None:
    """Refuse a region that swallows more than statements, such as the `else:` between two blocks."""
    body = "\n".join(lines[region.begin : region.end - 1])
    try:
        ast.parse(f"if True:\n{body}\n" if indentation else body)
    except SyntaxError:
        raise RequestFault(f"{path}:{region.begin}: the region {region.name!r} is not a run of whole statements. {_WHOLE}") from None


def _parse(source: str, path: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise RequestFault(f"{path}:{error.lineno}: this is not Python: {error.msg}.") from error
    except ValueError as error:
        raise RequestFault(f"{path}:1: this is not Python: {error}.") from error


def _parse_result(text: str, path: str) -> ast.Module:
    try:
        compile(text, path, "exec", dont_inherit=True)
        return ast.parse(text)
    except SyntaxError as error:
        line = text.split("\n")[(error.lineno or 1) - 1].strip()
        raise RequestFault(
            f"{path}: without its regions the module does not compile: {error.msg}, at {line!r}. "
            "Leave something in every block, a docstring for example."
        ) from error


def _modules(folder: Path) -> list[tuple[str, Path]]:
    paths = [path for path in folder.rglob("*.py") if path.is_file() and "__pycache__" not in path.parts]
    return sorted((path.relative_to(folder).as_posix(), path) for path in paths)


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = list(zip(one.split(b"\n"), other.split(b"\n"), strict=False))
    return next((number for number, (a, b) in enumerate(pairs, start=1) if a != b), len(pairs) + 1)
