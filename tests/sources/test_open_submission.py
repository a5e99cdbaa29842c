"""The one door of intake: what lies at the path decides the source, nothing there is the only refusal."""

from __future__ import annotations

import os
import socket
import stat
import zipfile
from pathlib import Path

import pytest

from grader.faults import RequestFault, UnreadableSubmission
from grader.sources import open_submission


def test_folder_and_archive_give_the_same_digest(tmp_path: Path) -> None:
    (tmp_path / "alice/pytorchnano").mkdir(parents=True)
    (tmp_path / "alice/pytorchnano/layers.py").write_bytes(b"x = 1\n")
    with zipfile.ZipFile(tmp_path / "alice.zip", "w") as file:
        file.writestr("alice/pytorchnano/layers.py", b"x = 1\n")
    with open_submission(tmp_path / "alice") as from_folder, open_submission(tmp_path / "alice.zip") as from_archive:
        assert from_folder.for_report() == from_archive.for_report()
        assert (from_folder.source, from_archive.source) == ("folder", "archive")
        assert set(from_folder.for_report()) == {"id", "owners", "sha256", "files", "notes"}


def test_copy_is_gone_afterwards_and_may_be_read_by_a_worker_meanwhile(tmp_path: Path) -> None:
    with open_submission(tmp_path) as submission:
        assert stat.S_IMODE(submission.root.stat().st_mode) == 0o755
        assert stat.S_IMODE(submission.root.parent.stat().st_mode) == 0o711
    assert not submission.root.exists()
    assert not submission.root.parent.exists()


@pytest.mark.parametrize("name", ["bobb", "bob/more", "dangling", "loop", "n" * 300, "bob\0"])
def test_nothing_at_the_path_is_a_request_fault(name: str, tmp_path: Path) -> None:
    (tmp_path / "bob").write_bytes(b"x")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(RequestFault, match="nothing is at") as fault, open_submission(tmp_path / name):
        pass
    assert fault.value.exit_status == 2
    if name == "bobb":
        assert "nearest name there is bob." in str(fault.value)


def test_path_that_may_not_be_looked_at_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(UnreadableSubmission) as fault, open_submission(tmp_path / "alice"):
        pass
    assert fault.value.exit_status == 3


def test_fifo_socket_and_device_are_submissions_with_a_note(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for location in (tmp_path / "fifo", tmp_path / "socket", Path("/dev/zero")):
            with open_submission(location) as submission:
                assert submission.files == ()
                assert submission.notes


def test_link_that_the_caller_names_is_followed(tmp_path: Path) -> None:
    (tmp_path / "alice/pytorchnano").mkdir(parents=True)
    (tmp_path / "alice/pytorchnano/layers.py").write_bytes(b"x = 1\n")
    (tmp_path / "latest").symlink_to("alice")
    with open_submission(tmp_path / "latest") as submission:
        assert [file.path for file in submission.files] == ["pytorchnano/layers.py"]
