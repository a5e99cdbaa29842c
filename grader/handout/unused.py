"""Imports that only solutions used: left behind, they would say how the solution is made."""

from __future__ import annotations

import ast

from grader.handout.edits import Edit

GIVEN = frozenset({"numpy"})
"""Modules whose imports stay: every solution needs them, so they give nothing away."""


def drop_unused_imports(reference: ast.Module, template: ast.Module) -> list[Edit]:
    """Return the edits of `template` that remove its module-level imports that `reference` uses and it does not.

    An import that neither uses is there for another reason, a re-export for example, and stays.
    """
    used_before, used_now = _used_names(reference), _used_names(template)
    edits: list[Edit] = []
    for node in template.body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        stay = [alias for alias in node.names if _stays(node, alias, used_before, used_now)]
        if len(stay) < len(node.names):
            edits.append(Edit(node.lineno, node.end_lineno or node.lineno, _write_import(node, stay)))
    return edits


def _stays(node: ast.Import | ast.ImportFrom, alias: ast.alias, used_before: set[str], used_now: set[str]) -> bool:
    bound = alias.asname or alias.name.partition(".")[0]
    given = alias.name in GIVEN if isinstance(node, ast.Import) else node.module == "__future__"
    return given or bound in used_now or bound not in used_before


def _used_names(module: ast.Module) -> set[str]:
    names = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
    for node in module.body:
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets):
            names |= {str(text.value) for text in ast.walk(node.value) if isinstance(text, ast.Constant)}
    return names


def _write_import(node: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> tuple[str, ...]:
    if not names:
        return ()
    if isinstance(node, ast.Import):
        return (ast.unparse(ast.Import(names)),)
    return (ast.unparse(ast.ImportFrom(node.module, names, node.level)),)
