"""What people expect of a repository: a lock without URLs, a changelog, a README whose commands exist, no traces of one machine."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from grader import __version__

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINS = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", LOCK))
WRITTEN = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/command-line.md", "student_template/README.md"]


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_changelog_has_an_entry_for_this_version() -> None:
    assert re.search(rf"^## \[{re.escape(__version__)}\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_locked_package_has_one_version_and_hashes() -> None:
    assert len(PINS) > 30
    for pin in PINS:
        assert re.match(r"[a-z0-9-]+==[\w.]+( ; [^\\]+)? \\\n", pin), pin
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", pin), pin


def test_lock_names_no_url_no_path_and_no_index() -> None:
    assert re.findall(r"\w+://\S*|--index\S*|--find-links\S*|--extra-index\S*|file:\S*|-e \S*|(?<!\S)/\S+", LOCK) == []


def test_lock_pins_every_declared_dependency_and_what_builds_the_package() -> None:
    declared = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["dev"],
        *PROJECT["build-system"]["requires"],
    ]
    pinned = {pin.split("==")[0] for pin in PINS}
    wanted = {_normalise(re.match(r"[\w.-]+", line)[0]) for line in declared}  # pyright: ignore[reportOptionalSubscript]
    assert wanted - pinned == set()
    assert not any(name.startswith("cupy") for name in pinned)


def test_lock_was_made_after_the_declared_minimum_versions() -> None:
    versions = {pin.split("==")[0]: re.split(r"[ ;]", pin.split("==")[1])[0] for pin in PINS}
    for line in PROJECT["project"]["dependencies"]:
        name, least = re.fullmatch(r"([\w.-]+)>=([\d.]+)", line).groups()  # pyright: ignore[reportOptionalMemberAccess]
        assert _numbers(versions[_normalise(name)]) >= _numbers(least), line


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", ".ci/run", "requirements.lock", "docs/command-line.md"])
def test_every_make_target_that_is_named_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?m)(?:^ *|`|&& )make ([a-z][a-z-]*)", (ROOT / name).read_text(encoding="utf-8")))
    assert named <= targets


def test_readme_names_the_two_commands_and_the_system_packages() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "apt-get install python3 python3-venv git make" in text
    assert {"    make demo", "    make test"} <= {line.split("  #")[0].rstrip() for line in text.splitlines()}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_link_leads_to_a_file(name: str) -> None:
    path = ROOT / name
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_folder_that_the_readme_maps_exists() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("## Folders")[1].split("##")[0]
    folders = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert folders
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


@pytest.mark.parametrize("name", [*WRITTEN, ".ci/run", "Makefile", "pyproject.toml", "requirements.lock", ".pre-commit-config.yaml"])
def test_nothing_speaks_of_one_machine(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"/(?:home|root|work|Users|opt|tmp)/\S*|\.\./shared\S*|localhost\S*", text) == []


def test_ci_script_is_sound_shell_and_runs_make_test_alone() -> None:
    path = ROOT / ".ci" / "run"
    text = path.read_text(encoding="utf-8")
    assert os.access(path, os.X_OK)
    assert "set -euo pipefail" in text
    assert re.findall(r"(?m)^make (?!--)(\S+)", text) == ["test"]
    assert subprocess.run(["bash", "-n", str(path)], capture_output=True, check=False).returncode == 0


def test_hooks_are_local_and_run_what_the_lint_target_runs() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"repo: (\S+)", text)) == {"local"}
    assert "://" not in text
    lint = re.findall(r"(?m)^\t\$\(BIN\)/([\w-]+)", (ROOT / "Makefile").read_text(encoding="utf-8").split("\nlint:")[1].split("\n\n")[0])
    assert lint
    assert set(lint) <= set(re.findall(r"entry: \.venv/bin/([\w-]+)", text))


def test_licence_is_mit_in_the_file_and_in_the_metadata() -> None:
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert PROJECT["project"]["license"] == "MIT"
