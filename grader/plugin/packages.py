"""Packages that differ from the reference in a file or two: all else is linked, bytecode too, so that hundreds cost little."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from grader.model.misconception import Edit, edit_files
from grader.plugin.bytecode import compile_staff_file


class Packages:
    """Makes edited packages below one folder."""

    def __init__(self, reference: Path, folder: Path) -> None:
        """Take the reference package, and an empty folder on which nothing else is written."""
        self._reference = reference
        self._folder = folder
        self._whole: Path | None = None

    def make(self, name: str, edits: list[Edit]) -> Path:
        """Return the workspace that holds the package with these edits; raises GraderFault, or SyntaxError, for edits that don't fit."""
        texts = edit_files(edits, self._reference)
        workspace = self._folder / f"edited-{name}"
        package = workspace / self._reference.name
        # By file, never by folder: a link to a file that is edited would change it for all.
        edited = {Path(file).with_suffix("").as_posix() for file in texts}
        for path in self._list_whole():
            inner = path.relative_to(self._compile_whole())
            own = inner.parent.parent / inner.name.partition(".")[0] if inner.parent.name == "__pycache__" else inner.with_suffix("")
            if own.as_posix() not in edited:
                (package / inner).parent.mkdir(parents=True, exist_ok=True)
                os.link(path, package / inner)
        for file, text in texts.items():
            (package / file).write_text(text, encoding="utf-8")
            compile_staff_file(package / file, workspace)
        return workspace

    def _list_whole(self) -> list[Path]:
        return [path for path in sorted(self._compile_whole().rglob("*")) if path.is_file()]

    def _compile_whole(self) -> Path:
        """Return a copy of the reference with its bytecode, made at the first use."""
        if self._whole is None:
            workspace = self._folder / "whole"
            self._whole = workspace / self._reference.name
            shutil.copytree(self._reference, self._whole, ignore=shutil.ignore_patterns("__pycache__"))
            for path in sorted(self._whole.rglob("*.py")):
                compile_staff_file(path, workspace)
        return self._whole
