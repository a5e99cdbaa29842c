"""`grader.cli.main`: help, versions, exit statuses, the nearest name, and the documentation of every verb and option."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from grader import __version__
from grader.cli.main import VERBS, cli
from grader.faults import EnvironmentFault, GraderFault, RequestFault, UnreadableSubmission

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")


def _commands() -> Iterator[tuple[str, click.Command]]:
    for verb in VERBS:
        command: click.Command = importlib.import_module(f"grader.cli.{verb.replace('-', '_')}").command
        if isinstance(command, click.Group):
            yield from ((f"{verb} {name}", child) for name, child in command.commands.items())
        else:
            yield verb, command


COMMANDS = dict(_commands())


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help(grader: Callable[..., Any], name: str, option: str) -> None:
    ended = grader(*name.split(), option)
    assert ended.status == 0
    assert ended.out.startswith(f"Usage: grader {name}")
    assert len(ended.out.split("\n\n")) >= 3, "the help says nothing but its options"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    silent = [option.name for option in COMMANDS[name].params if isinstance(option, click.Option) and not option.help]
    assert silent == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    assert f"`grader {name}" in DOCS
    for option in COMMANDS[name].params:
        if isinstance(option, click.Option):
            assert any(flag in DOCS for flag in option.opts), f"docs/command-line.md does not mention {option.opts[0]} of `grader {name}`"


def test_docs_readme_and_messages_name_no_command_that_does_not_exist() -> None:
    paths = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "grader").rglob("*.py")]
    text = "\n".join([DOCS, *(path.read_text(encoding="utf-8") for path in paths)])
    named = set(re.findall(r"`(?:\.venv/bin/)?grader ([a-z]+(?:-[a-z]+)*)", text))
    assert named <= set(VERBS)


def test_documented_options_exist() -> None:
    flags = {flag for command in COMMANDS.values() for option in command.params for flag in option.opts} | {"--version", "--help"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", DOCS)) <= flags


def test_help_lists_every_verb(grader: Callable[..., Any]) -> None:
    ended = grader("--help")
    assert ended.status == 0
    assert [verb for verb in VERBS if not re.search(rf"^  {verb} ", ended.out, re.MULTILINE)] == []


def test_version_is_the_packages(grader: Callable[..., Any]) -> None:
    ended = grader("--version")
    assert (ended.status, ended.out) == (0, f"grader, version {__version__}\n")


@pytest.mark.parametrize(
    "arguments, near",
    [
        (["rnu"], "'run'"),
        (["tempalte"], "'template'"),
        (["data", "verfy"], "'verify'"),
        (["template", "--chek"], "'--check'"),
        (["run", "x", "--asignment", "pytorchnano"], "'--assignment'"),
    ],
)
def test_wrong_word_is_answered_with_the_nearest_and_status_2(grader: Callable[..., Any], arguments: list[str], near: str) -> None:
    ended = grader(*arguments)
    assert ended.status == 2
    assert near in ended.err
    assert "mean" in ended.err


def test_word_that_is_near_nothing_is_answered_with_all_commands(grader: Callable[..., Any]) -> None:
    ended = grader("xyzzy")
    assert ended.status == 2
    assert "There are: run, doctor," in ended.err


@pytest.mark.parametrize(
    "raised, status, said",
    [
        (RequestFault("no such place"), 2, "grader: no such place\n"),
        (UnreadableSubmission("closed to you"), 3, "grader: closed to you\n"),
        (GraderFault("my mistake"), 3, "grader: my mistake\n"),
        (EnvironmentFault("no space"), 3, "grader: no space\n"),
        (KeyboardInterrupt(), 130, "Interrupted: no report was written.\n"),
        (click.exceptions.Abort(), 130, "Interrupted: no report was written.\n"),
        (click.exceptions.Exit(1), 1, ""),
    ],
    ids=["request", "unreadable", "grader", "environment", "interrupt", "abort", "exit"],
)
def test_exit_status_says_whose_fault_it_was(
    grader: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, raised: BaseException, status: int, said: str
) -> None:
    def fail(**_: object) -> None:
        raise raised

    monkeypatch.setattr(COMMANDS["schema"], "callback", fail)
    ended = grader("schema")
    assert ended.status == status
    assert ended.err.lstrip("\n").removeprefix("Aborted!\n") == said


def test_verb_that_ends_normally_exits_with_0(grader: Callable[..., Any]) -> None:
    assert grader("schema").status == 0


def test_every_module_of_the_folder_is_a_verb() -> None:
    folder = ROOT / "grader" / "cli"
    assert {path.stem.replace("_", "-") for path in folder.glob("*.py")} - {"--init--", "main"} == set(VERBS)
    assert cli.list_commands(click.Context(cli)) == list(VERBS)


def test_module_runs_as_the_command_does() -> None:
    ended = subprocess.run([sys.executable, "-m", "grader", "--version"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, f"grader, version {__version__}\n")
