"""Bytecode that a worker made lies where an import looks for it, and only there."""

from __future__ import annotations

import importlib.util
import stat
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grader.asserts.source_probes.files import compile_file
from grader.faults import SubmissionRaised
from grader.plugin.bytecode import precompile

FILES = {"pytorchnano/__init__.py": b"", "pytorchnano/layers.py": b"SIZE = 5\n"}


class Compiler:
    """A worker that compiles in this process; `compile` may say something else."""

    def __init__(self, compile: Any = compile_file) -> None:
        self.compile, self.asked = compile, []

    def probe(self, name: str, /, source: bytes) -> Any:
        self.asked.append(name)
        try:
            return self.compile(None, source)
        except SyntaxError as error:
            raise SubmissionRaised("compile", "SyntaxError", ("SyntaxError",), str(error), ()) from error


@pytest.fixture(autouse=True)
def _caches_beside_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def write(root: Path, files: dict[str, bytes] = FILES) -> Path:
    for path, source in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(source)
    return root


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("_compiled", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_import_runs_the_bytecode_and_does_not_look_at_the_source(tmp_path: Path) -> None:
    precompile(Compiler(), FILES, write(tmp_path))  # type: ignore[arg-type]
    layers = tmp_path / "pytorchnano" / "layers.py"
    layers.write_bytes(b"SIZE = 6\n")
    assert load(layers).SIZE == 5


def test_each_file_is_compiled_once_by_the_worker(tmp_path: Path) -> None:
    worker = Compiler()
    precompile(worker, FILES, write(tmp_path))  # type: ignore[arg-type]
    assert worker.asked == ["compile_file"] * 2
    caches = tmp_path / "pytorchnano" / "__pycache__"
    assert {path.name.split(".")[0] for path in caches.iterdir()} == {"__init__", "layers"}


def test_workers_under_another_user_may_read_it_and_not_write(tmp_path: Path) -> None:
    precompile(Compiler(), FILES, write(tmp_path))  # type: ignore[arg-type]
    caches = tmp_path / "pytorchnano" / "__pycache__"
    assert stat.S_IMODE(caches.stat().st_mode) & 0o022 == 0
    assert {stat.S_IMODE(path.stat().st_mode) for path in caches.iterdir()} == {0o644}


def test_file_that_does_not_compile_is_left_to_its_import(tmp_path: Path) -> None:
    files = {"pytorchnano/broken.py": b"def (:\n", **FILES}
    precompile(Compiler(), files, write(tmp_path, files))  # type: ignore[arg-type]
    caches = tmp_path / "pytorchnano" / "__pycache__"
    assert {path.name.split(".")[0] for path in caches.iterdir()} == {"__init__", "layers"}
    with pytest.raises(SyntaxError):
        load(tmp_path / "pytorchnano" / "broken.py")


@pytest.mark.parametrize("strange", [None, "text", 3, [b"code"], {}])
def test_answer_that_is_no_bytes_is_left_out(tmp_path: Path, strange: Any) -> None:
    precompile(Compiler(lambda package, source: strange), FILES, write(tmp_path))  # type: ignore[arg-type]
    assert not (tmp_path / "pytorchnano" / "__pycache__").exists()
    assert load(tmp_path / "pytorchnano" / "layers.py").SIZE == 5
