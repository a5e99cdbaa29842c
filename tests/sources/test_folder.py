"""Folders as submissions: which package is taken, and what never gets in."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from grader.faults import GraderFault, UnreadableSubmission
from grader.model.submission import Submission
from grader.model.workspace import assemble
from grader.sources import IntakeLimits, folder

LAYERS = b"class Layer:\n    pass\n"


def write(root: Path, **files: bytes) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def take(location: Path, tmp_path: Path, limits: IntakeLimits | None = None) -> Submission:
    into = tmp_path / "copy"
    into.mkdir()
    (submission,) = folder.find(location, into, limits)
    return submission


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    location = tmp_path / "alice"
    location.mkdir()
    return location


def paths(submission: Submission) -> list[str]:
    return [file.path for file in submission.files]


def on_disk(submission: Submission) -> set[str]:
    return {str(path.relative_to(submission.root)) for path in submission.root.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize("prefix", ["", "project/", "Müller Übung/"])
def test_package_is_found_at_the_top_and_one_folder_deep(prefix: str, handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{f"{prefix}pytorchnano/__init__.py": b"", f"{prefix}pytorchnano/gpu/kernels.py": b"x = 1\n"})
    submission = take(handed_in, tmp_path)
    assert paths(submission) == ["pytorchnano/__init__.py", "pytorchnano/gpu/kernels.py"]
    assert on_disk(submission) == set(paths(submission))
    assert submission.notes == ()
    assert submission.id == "alice"


def test_copy_is_plain_files_whatever_the_originals_modes(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{"pytorchnano/layers.py": LAYERS})
    (handed_in / "pytorchnano/layers.py").chmod(0o4777)
    umask = os.umask(0o077)
    try:
        submission = take(handed_in, tmp_path)
    finally:
        os.umask(umask)
    assert stat.S_IMODE((submission.root / "pytorchnano/layers.py").stat().st_mode) == 0o644
    assert stat.S_IMODE((submission.root / "pytorchnano").stat().st_mode) == 0o755


def test_digests_and_sizes_are_of_the_content(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{"pytorchnano/layers.py": LAYERS})
    (file,) = take(handed_in, tmp_path).files
    assert (file.bytes, file.sha256, file.module) == (len(LAYERS), hashlib.sha256(LAYERS).hexdigest(), "pytorchnano.layers")


def test_two_submissions_with_equal_packages_have_equal_digests(tmp_path: Path) -> None:
    digests = set[str]()
    for name in ("a", "b"):
        place = tmp_path / name
        write(place / "in", **{"pytorchnano/layers.py": LAYERS, f"{name}.txt": b"other"})
        digests.add(take(place / "in", place).sha256)
    assert len(digests) == 1


def test_nothing_but_python_of_the_package_is_kept(handed_in: Path, tmp_path: Path) -> None:
    write(
        handed_in,
        **{
            "pytorchnano/layers.py": LAYERS,
            "pytorchnano/weights.npz": b"PK",
            "pytorchnano/_fast.so": b"\x7fELF",
            "pytorchnano/__pycache__/layers.py": b"x",
            "pytorchnano/.hidden/x.py": b"x",
            "pytorchnano/.x.py": b"x",
            "conftest.py": b"x",
            "sitecustomize.py": b"x",
            ".grader/report.json": b"{}",
            "tests/test_layers.py": b"x",
        },
    )
    submission = take(handed_in, tmp_path)
    assert on_disk(submission) == {"pytorchnano/layers.py"}
    assert submission.notes == ("Only .py files of the package are graded; left out: pytorchnano/_fast.so, pytorchnano/weights.npz.",)


def test_empty_folder_says_so(handed_in: Path, tmp_path: Path) -> None:
    submission = take(handed_in, tmp_path)
    assert submission.files == ()
    assert submission.notes[0].startswith("The submission is empty.")


def test_folder_without_package_says_what_was_found(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{"homework.pdf": b"%PDF", "src/main.c": b"int main;"})
    (note,) = take(handed_in, tmp_path).notes
    assert "There is no folder pytorchnano" in note
    assert "found homework.pdf, src" in note


@pytest.mark.parametrize("name", ["PyTorchNano", "pytorch_nano", "pytorchnanoo", "deep/pytorch-nano"])
def test_nearly_right_name_is_pointed_out(name: str, handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{f"{name}/layers.py": LAYERS})
    submission = take(handed_in, tmp_path)
    assert submission.files == ()
    assert any(note.startswith(f"{name} has nearly the right name") for note in submission.notes)


def test_modules_without_their_folder_are_pointed_out(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{"layers.py": LAYERS})
    assert any("Python files lie at the top" in note for note in take(handed_in, tmp_path).notes)


def test_archive_inside_a_folder_stays_closed(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{"pytorchnano.zip": b"PK\x05\x06"})
    assert any("Archives inside a submission are not opened: pytorchnano.zip" in note for note in take(handed_in, tmp_path).notes)


def test_first_of_several_packages_is_taken_and_named(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{"b/pytorchnano/layers.py": b"b", "a/pytorchnano/layers.py": b"a"})
    submission = take(handed_in, tmp_path)
    assert (submission.root / "pytorchnano/layers.py").read_bytes() == b"a"
    assert submission.notes == ("There are 2 folders named pytorchnano: a/pytorchnano is graded, b/pytorchnano not.",)


def test_shallowest_package_wins_over_a_deeper_one(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{"a/pytorchnano/layers.py": b"deep", "pytorchnano/layers.py": b"top"})
    assert (take(handed_in, tmp_path).root / "pytorchnano/layers.py").read_bytes() == b"top"


def test_project_folder_of_the_packages_name_is_not_taken_for_the_package(handed_in: Path, tmp_path: Path) -> None:
    inner = "pytorchnano/pytorchnano"
    write(handed_in, **{"pytorchnano/setup.py": b"s", f"{inner}/__init__.py": b"", f"{inner}/layers.py": LAYERS})
    assert paths(take(handed_in, tmp_path)) == ["pytorchnano/__init__.py", "pytorchnano/layers.py"]


def test_package_is_found_in_a_crowd(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{"z/pytorchnano/layers.py": LAYERS}, **{f"z/a{i}.txt": b"" for i in range(80)})
    assert paths(take(handed_in, tmp_path)) == ["pytorchnano/layers.py"]


def test_file_named_like_the_package_is_a_note(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, pytorchnano=b"x")
    submission = take(handed_in, tmp_path)
    assert submission.files == ()
    assert "pytorchnano is a file; expected a folder of that name." in submission.notes


def test_links_lead_nowhere(handed_in: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    write(secret, **{"solution.py": b"answer = 42\n"})
    write(handed_in, **{"pytorchnano/layers.py": LAYERS})
    (handed_in / "pytorchnano/solution.py").symlink_to(secret / "solution.py")
    (handed_in / "pytorchnano/more").symlink_to(secret)
    (handed_in / "pytorchnano/loop").symlink_to(".")
    submission = take(handed_in, tmp_path)
    assert on_disk(submission) == {"pytorchnano/layers.py"}
    assert sum("is a symbolic link" in note for note in submission.notes) == 3


@pytest.mark.parametrize("link", ["pytorchnano", "project"])
def test_package_behind_a_link_is_not_taken(link: str, handed_in: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    write(secret, **{"solution.py": b"answer = 42\n", "pytorchnano/solution.py": b"answer = 42\n"})
    (handed_in / link).symlink_to(secret)
    submission = take(handed_in, tmp_path)
    assert submission.files == ()
    assert submission.notes


def test_file_swapped_for_a_link_while_walking_is_not_followed(handed_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(handed_in, **{"pytorchnano/layers.py": LAYERS, "../secret.py": b"answer = 42\n"})
    (handed_in / "pytorchnano/layers.py").unlink()
    (handed_in / "pytorchnano/layers.py").symlink_to(tmp_path / "secret.py")
    monkeypatch.setattr(folder, "_kind", lambda entry: "folder" if entry.name == "pytorchnano" else "file")
    submission = take(handed_in, tmp_path)
    assert submission.files == ()
    assert any("pytorchnano/layers.py can't be read" in note for note in submission.notes)


def test_fifo_and_device_never_block_intake(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{"pytorchnano/layers.py": LAYERS})
    os.mkfifo(handed_in / "pytorchnano/pipe.py")
    submission = take(handed_in, tmp_path)
    assert on_disk(submission) == {"pytorchnano/layers.py"}
    assert submission.notes == ("pytorchnano/pipe.py is no regular file: left out.",)


@pytest.mark.parametrize(
    "name, shown",
    [
        (b"caf\xe9.py", "caf\\xe9.py"),
        (b"\x1b[31mred.py", "\\x1b[31mred.py"),
        (b"a\nb.py", "a\\nb.py"),
        ("x\u202eyp.py".encode(), "x\\u202eyp.py"),
    ],
)
def test_unspeakable_names_are_left_out_and_shown_escaped(name: bytes, shown: str, handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{"pytorchnano/layers.py": LAYERS})
    Path(os.fsdecode(os.fsencode(handed_in / "pytorchnano") + b"/" + name)).write_bytes(b"x")
    submission = take(handed_in, tmp_path)
    assert on_disk(submission) == {"pytorchnano/layers.py"}
    (note,) = submission.notes
    assert f"pytorchnano/{shown} has a name with control characters" in note
    assert note.isprintable()


def test_folder_around_the_package_may_have_any_name(handed_in: Path, tmp_path: Path) -> None:
    outer = Path(os.fsdecode(os.fsencode(handed_in) + b"/M\xfcller\x1b[2J"))
    write(outer, **{"pytorchnano/größe.py": LAYERS})
    assert paths(take(handed_in, tmp_path)) == ["pytorchnano/größe.py"]


@pytest.mark.parametrize(
    "limits, files, said",
    [
        (IntakeLimits(file_bytes=10), {"pytorchnano/big.py": b"x" * 11}, "is larger than"),
        (IntakeLimits(total_bytes=30), {"pytorchnano/a1.py": b"x" * 20, "pytorchnano/big.py": b"x" * 20}, "the limit for all files"),
        (IntakeLimits(files=1), {"pytorchnano/a1.py": b"", "pytorchnano/big.py": b""}, "comes after the 1 files"),
        (IntakeLimits(depth=3), {"pytorchnano/a/b/big.py": b""}, "lies 3 folders deep"),
        (IntakeLimits(depth=2), {"pytorchnano/a/b/c/big.py": b""}, "lies deeper than 2 folders"),
        (IntakeLimits(name_bytes=5), {"pytorchnano/big.py": b""}, "has a name of"),
        (IntakeLimits(), {"pytorchnano/big.py": b"\x7fELF\0"}, "holds NUL bytes"),
        (IntakeLimits(), {"pytorchnano/big.py": "x = 1".encode("utf-16")}, "is saved as UTF-16"),
    ],
)
def test_file_beyond_a_limit_is_left_out_with_a_note(
    limits: IntakeLimits, files: dict[str, bytes], said: str, handed_in: Path, tmp_path: Path
) -> None:
    write(handed_in, **files)
    submission = take(handed_in, tmp_path, limits)
    assert not any("big.py" in path for path in paths(submission))
    assert any(said in note and "left out" in note for note in submission.notes)


def test_crowded_package_is_cut_at_the_limit(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{f"pytorchnano/m{i}.py": b"" for i in range(9)})
    submission = take(handed_in, tmp_path, IntakeLimits(walked=5))
    assert len(submission.files) == 5
    assert any("above 5 names" in note for note in submission.notes)


def test_notes_are_bounded_and_counted(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{f"pytorchnano/m{i}.py": b"\0" for i in range(30)})
    notes = take(handed_in, tmp_path, IntakeLimits(notes=4)).notes
    assert len(notes) == 5
    assert notes[-1] == "27 more notes like these were left out."


_TAKE = "import sys; from pathlib import Path; from grader.sources import folder; folder.find(Path(sys.argv[1]), Path(sys.argv[2]))"


@pytest.mark.parametrize("closed", ["", "pytorchnano", "pytorchnano/layers.py"])
def test_what_the_caller_may_not_read_is_unreadable(closed: str, handed_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(handed_in, **{"pytorchnano/layers.py": LAYERS})
    refused = os.path.basename(closed or str(handed_in))
    really_open = os.open

    def open_as_stranger(path: str, *args: int, **named: int | None) -> int:
        if os.path.basename(str(path)) == refused and str(tmp_path / "copy") not in str(path):
            raise PermissionError(13, "Permission denied")
        return really_open(path, *args, **named)

    monkeypatch.setattr(os, "open", open_as_stranger)
    with pytest.raises(UnreadableSubmission, match="can't be read: permission denied"):
        take(handed_in, tmp_path)


def test_workspace_is_refused_when_it_changed_after_intake(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{"pytorchnano/layers.py": LAYERS})
    workspace = assemble(take(handed_in, tmp_path))
    assert workspace.modules == ("pytorchnano.layers",)
    assert workspace.read_files() == {"pytorchnano/layers.py": LAYERS}
    (workspace.root / "pytorchnano/layers.py").write_bytes(b"forged")
    with pytest.raises(GraderFault, match="not what intake wrote"):
        workspace.read_files()


def test_workspace_file_swapped_for_a_link_is_refused(handed_in: Path, tmp_path: Path) -> None:
    write(handed_in, **{"pytorchnano/layers.py": LAYERS})
    workspace = assemble(take(handed_in, tmp_path))
    copy = workspace.root / "pytorchnano/layers.py"
    copy.unlink()
    copy.symlink_to(handed_in / "pytorchnano/layers.py")
    with pytest.raises(GraderFault, match="can't be read from the workspace"):
        workspace.read_files()


def test_intake_imports_nothing_that_it_copies(handed_in: Path, tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\n".encode()
    write(handed_in, **{"pytorchnano/__init__.py": trap, "pytorchnano/layers.py": trap, "sitecustomize.py": trap, "conftest.py": trap})
    into = tmp_path / "copy"
    into.mkdir()
    subprocess.run([sys.executable, "-c", _TAKE, str(handed_in), str(into)], check=True, cwd=Path(folder.__file__).parents[2])
    assert (into / "pytorchnano/layers.py").exists()
    assert not (tmp_path / "ran").exists()
