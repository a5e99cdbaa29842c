"""Packages that differ from the reference in a file or two: all else is linked, bytecode too, so that hundreds cost little."""

from __future__ import annotations

import os
import shutil
from functools import cached_property
from pathlib import Path

from grader.model.misconception import Edit, edit_files
from grader.plugin.bytecode import compile_staff_file


class Packages:
    """Makes edited packages below one folder."""

    def __init__(self, reference: Path, folder: Path) -> None:
        """Take the reference package, and an empty folder on which nothing else is written."""
        self._reference = reference
        self._folder = folder

    def make(self, name: str, edits: list[Edit]) -> Path:
        """Return the workspace that holds the package with these edits; raises GraderFault, or SyntaxError, for edits that don't fit."""
        texts = edit_files(edits, self._reference)
        workspace = self._folder / f"edited-{name}"
        package = workspace / self._reference.name
        # By file, never by folder: a link to a file that is edited would change it for all.
        edited = {Path(file).with_suffix("").as_posix() for file in texts}
        whole, files = self._whole
        for path in files:
            inner = path.relative_to(whole)
            own = inner.parent.parent / inner.name.partition(".")[0] if inner.parent.name == "__pycache__" else inner.with_suffix("")
            if own.as_posix() not in edited:
                (package / inner).parent.mkdir(parents=True, exist_ok=True)
                os.link(path, package / inner)
        for file, text in texts.items():
            (package / file).write_text(text, encoding="utf-8")
            compile_staff_file(package / file, workspace)
        return workspace

    @cached_property
    def _whole(self) -> tuple[Path, list[Path]]:
        """A copy of the reference with its bytecode, and its files; made at the first use."""
        workspace = self._folder / "whole"
        package = workspace / self._reference.name
        shutil.copytree(self._reference, package, ignore=shutil.ignore_patterns("__pycache__"))
        for path in sorted(package.rglob("*.py")):
            compile_staff_file(path, workspace)
        return package, [path for path in sorted(package.rglob("*")) if path.is_file()]
