"""`grader data`: what is said and with which status, over small stand-ins for the MNIST files."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.datasets import files

CONTENT = {name: f"raw content of {name}".encode() for name in files.RAW_SHA256}


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Four small files pass for MNIST's, and their folder is this test's."""
    monkeypatch.setattr(files, "RAW_SHA256", {name: hashlib.sha256(raw).hexdigest() for name, raw in CONTENT.items()})
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "mnist"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for number, (name, raw) in enumerate(CONTENT.items()):
        if number % 2:
            (folder / name).write_bytes(raw)
        else:
            (folder / f"{name}.gz").write_bytes(gzip.compress(raw))
    return folder


def test_files_are_fetched_from_a_folder_and_then_verified(grader: Callable[..., Any], source: Path, tmp_path: Path) -> None:
    ended = grader("data", "fetch", "--from", source)
    assert ended.status == 0
    for name, raw in CONTENT.items():
        assert name in ended.out
        assert (tmp_path / "mnist" / name).read_bytes() == raw
    verified = grader("data", "verify")
    assert verified.status == 0
    assert verified.out.count("verified") == 4


def test_right_files_are_kept_when_fetched_again(grader: Callable[..., Any], source: Path, tmp_path: Path) -> None:
    grader("data", "fetch", "--from", source)
    ended = grader("data", "fetch", "--from", tmp_path / "nowhere")
    assert ended.status == 0
    assert ended.out.count("already there") == 4


def test_verify_says_each_file_that_is_absent_and_exits_with_3(grader: Callable[..., Any]) -> None:
    ended = grader("data", "verify")
    assert ended.status == 3
    assert [line.split()[0] for line in ended.out.splitlines()] == ["absent"] * 4
    assert "`grader data fetch`" in ended.err


def test_verify_says_which_file_is_damaged(grader: Callable[..., Any], source: Path, tmp_path: Path) -> None:
    grader("data", "fetch", "--from", source)
    name = next(iter(CONTENT))
    (tmp_path / "mnist" / name).write_bytes(b"something else")
    ended = grader("data", "verify")
    assert ended.status == 3
    assert [line.split()[0] for line in ended.out.splitlines()] == ["damaged", "verified", "verified", "verified"]


def test_folder_without_the_files_is_a_wrong_request(grader: Callable[..., Any], tmp_path: Path) -> None:
    ended = grader("data", "fetch", "--from", tmp_path / "nowhere")
    assert ended.status == 2
    assert next(iter(CONTENT)) in ended.err
