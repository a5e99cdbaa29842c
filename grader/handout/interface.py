"""What students see of a module, solution or not: public names, signatures and docstrings must be the same in both."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def compare_interfaces(reference: ast.Module, template: ast.Module) -> list[tuple[int, str]]:
    """Return what the template lost or changed, as (line of the reference, sentence)."""
    kept = {name: said for name, _, said in _describe(template, "")}
    changes: list[tuple[int, str]] = []
    for name, line, said in _describe(reference, ""):
        what = name or "the module"
        if name not in kept:
            changes.append((line, f"{what} is public and would be missing from the template. Keep its definition outside the region."))
        else:
            changes += [
                (line, f"{what} has another {part} in the template. Keep its {part} outside the region.")
                for part, text in said.items()
                if kept[name].get(part) != text
            ]
    return changes


def find_lost_names(reference: ast.Module, template: ast.Module) -> list[tuple[int, str]]:
    """Return module-level names that the template uses and no longer defines, as (line of the template, name)."""
    lost = _bound_names(reference) - _bound_names(template)
    return sorted({(node.lineno, node.id) for node in ast.walk(template) if isinstance(node, ast.Name) and node.id in lost})


def _describe(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, int, dict[str, str]]]:
    if isinstance(node, ast.Module):
        yield "", 1, {"docstring": ast.get_docstring(node, clean=False) or ""}
    for child in node.body:
        if isinstance(child, Definition):
            if _is_public(child.name):
                name = prefix + child.name
                yield name, child.lineno, {"signature": _signature(child), "docstring": ast.get_docstring(child, clean=False) or ""}
                if isinstance(child, ast.ClassDef):
                    yield from _describe(child, f"{name}.")
        else:
            for name in _assigned_names(child):
                if _is_public(name):
                    yield prefix + name, child.lineno, {"value": ast.unparse(child)}


def _is_public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _signature(node: Definition) -> str:
    decorators = " ".join(f"@{ast.unparse(decorator)}" for decorator in node.decorator_list)
    if isinstance(node, ast.ClassDef):
        arguments = ", ".join(ast.unparse(argument) for argument in (*node.bases, *(keyword.value for keyword in node.keywords)))
        return f"{decorators} class {node.name}({arguments})"
    returns = ast.unparse(node.returns) if node.returns else ""
    return f"{decorators} {type(node).__name__} {node.name}({ast.unparse(node.args)}) -> {returns}"


def _assigned_names(node: ast.stmt) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    for target in targets:
        yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def _bound_names(module: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in module.body:
        if isinstance(node, Definition):
            names.add(node.name)
        else:
            names.update(_assigned_names(node))
    return names
