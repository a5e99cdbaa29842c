"""Zip and tar.gz as submissions: every hostile entry costs itself, every broken archive a note."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.faults import UnreadableSubmission
from grader.model.submission import Submission
from grader.sources import IntakeLimits, archive

LAYERS = b"class Layer:\n    pass\n"
GOOD = "pytorchnano/layers.py"
Pack = Callable[..., bytes]


def zip_bytes(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries:
            file.writestr(name, content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def tar_bytes(*entries: tuple[str | tarfile.TarInfo, bytes], mode: str = "w:gz", format: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode, format=format) as file:  # pyright: ignore
        for name, content in entries:
            info = tarfile.TarInfo(name) if isinstance(name, str) else name
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def take(content: bytes, tmp_path: Path, name: str = "alice.zip", limits: IntakeLimits | None = None) -> Submission:
    location = tmp_path / name
    location.write_bytes(content)
    into = tmp_path / "copy"
    into.mkdir()
    (submission,) = archive.find(location, into, limits)
    everything = {str(path.relative_to(into)) for path in into.rglob("*") if not path.is_dir()}
    assert everything == {file.path for file in submission.files}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["copy", name])
    assert all(note.isprintable() for note in submission.notes)
    return submission


def paths(submission: Submission) -> list[str]:
    return [file.path for file in submission.files]


@pytest.mark.parametrize("prefix", ["", "alice/", "./", "./alice/"])
@pytest.mark.parametrize("pack", [zip_bytes, tar_bytes])
def test_package_is_found_at_the_top_and_one_folder_deep(prefix: str, pack: Pack, tmp_path: Path) -> None:
    submission = take(pack((f"{prefix}{GOOD}", LAYERS), (f"{prefix}README.md", b"hi")), tmp_path)
    assert paths(submission) == [GOOD]
    assert (submission.root / GOOD).read_bytes() == LAYERS
    assert submission.notes == ()
    assert submission.id == "alice"


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_every_tar_format_is_read(format: int, mode: str, tmp_path: Path) -> None:
    long = "pytorchnano/" + "deep/" * 8 + "m" * 90 + ".py"
    submission = take(tar_bytes((long, b"x = 1\n"), (GOOD, LAYERS), mode=mode, format=format), tmp_path, "alice.tar.gz")
    assert paths(submission) == sorted([long, GOOD])


def test_gzip_of_several_members_is_read_to_the_end(tmp_path: Path) -> None:
    tar = tar_bytes((GOOD, LAYERS), mode="w")
    assert paths(take(gzip.compress(tar[:700]) + gzip.compress(tar[700:]), tmp_path, "alice.tgz")) == [GOOD]


def test_macos_and_git_leftovers_are_ignored(tmp_path: Path) -> None:
    content = zip_bytes((GOOD, LAYERS), ("__MACOSX/pytorchnano/._layers.py", b"\0"), (".git/pytorchnano/x.py", b"x"), (".DS_Store", b"\0"))
    submission = take(content, tmp_path)
    assert paths(submission) == [GOOD]
    assert submission.notes == ()


def test_backslashes_of_windows_archives_are_separators(tmp_path: Path) -> None:
    assert paths(take(zip_bytes(("alice\\pytorchnano\\layers.py", LAYERS)), tmp_path)) == [GOOD]


BAD_NAMES = [
    ("../evil.py", "leads out of the archive"),
    ("pytorchnano/../../evil.py", "leads out of the archive"),
    ("pytorchnano\\..\\..\\evil.py", "leads out of the archive"),
    ("/pytorchnano/evil.py", "is an absolute path"),
    ("\\\\host\\pytorchnano\\evil.py", "is an absolute path"),
    ("C:\\pytorchnano\\evil.py", "is an absolute path"),
    ("pytorchnano/\x1b[2Jevil.py", "control characters"),
    ("pytorchnano/a\nb.py", "control characters"),
    ("pytorchnano/" + "n" * 200 + ".py", "has a name of 203 bytes"),
    ("pytorchnano/" + "d/" * 40 + "x.py", "folders deep"),
]


@pytest.mark.parametrize("name, said", BAD_NAMES)
@pytest.mark.parametrize("pack", [zip_bytes, tar_bytes])
def test_entry_with_a_bad_name_costs_itself_alone(name: str, said: str, pack: Pack, tmp_path: Path) -> None:
    submission = take(pack((name, b"evil"), (GOOD, LAYERS)), tmp_path)
    assert paths(submission) == [GOOD]
    assert any(said in note for note in submission.notes)


def test_tar_name_that_is_no_utf8_is_shown_escaped(tmp_path: Path) -> None:
    name = b"pytorchnano/caf\xe9.py".decode("utf-8", "surrogateescape")
    submission = take(tar_bytes((name, b"x"), (GOOD, LAYERS), format=tarfile.GNU_FORMAT), tmp_path)
    assert paths(submission) == [GOOD]
    assert "pytorchnano/caf\\xe9.py" in submission.notes[0]


def test_zip_names_in_any_encoding_are_readable(tmp_path: Path) -> None:
    utf8 = zip_bytes(("pytorchnano/größe.py", LAYERS))
    unflagged = bytearray(utf8)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = utf8.index(magic) + at
        unflagged[start : start + 2] = struct.pack("<H", 0)
    for number, content in enumerate((utf8, bytes(unflagged))):
        place = tmp_path / str(number)
        place.mkdir()
        assert paths(take(content, place)) == ["pytorchnano/größe.py"]


def link_in_zip(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def test_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    submission = take(zip_bytes((link_in_zip("pytorchnano/secret.py"), b"/etc/passwd"), (GOOD, LAYERS)), tmp_path)
    assert paths(submission) == [GOOD]
    assert submission.notes == ("pytorchnano/secret.py is a link, and links are not followed: left out.",)


@pytest.mark.parametrize("first", [True, False])
def test_package_that_is_a_link_in_a_zip_writes_nothing_outside(first: bool, tmp_path: Path) -> None:
    link, file = (link_in_zip("pytorchnano"), b"/tmp"), (GOOD, LAYERS)
    submission = take(zip_bytes(*((link, file) if first else (file, link))), tmp_path)
    assert paths(submission) == [GOOD]


@pytest.mark.parametrize("flag", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE])
def test_tar_entry_that_is_no_file_is_refused(flag: bytes, tmp_path: Path) -> None:
    info = tarfile.TarInfo("pytorchnano/secret.py")
    info.type, info.linkname = flag, "/etc/passwd"
    submission = take(tar_bytes((info, b""), (GOOD, LAYERS)), tmp_path)
    assert paths(submission) == [GOOD]
    assert "pytorchnano/secret.py" in submission.notes[0]


def test_last_of_two_entries_of_one_name_is_graded(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = zip_bytes((GOOD, b"old"), (GOOD, b"new"))
    submission = take(content, tmp_path)
    assert (submission.root / GOOD).read_bytes() == b"new"
    assert submission.notes == (f"{GOOD} is there more than once; the last one is graded.",)


def test_file_that_is_a_folder_too_is_left_out(tmp_path: Path) -> None:
    submission = take(zip_bytes((GOOD, LAYERS), (f"{GOOD}/x.py", b"x")), tmp_path)
    assert paths(submission) == [GOOD]
    assert any("a file and a folder at once" in note for note in submission.notes)


def test_zip_bomb_costs_its_entry_alone(tmp_path: Path) -> None:
    submission = take(zip_bytes(("pytorchnano/bomb.py", b" " * (64 << 20)), (GOOD, LAYERS)), tmp_path)
    assert paths(submission) == [GOOD]
    assert submission.notes == ("pytorchnano/bomb.py unpacks to 67108864 bytes; the limit for one file is 2097152: left out.",)


def test_many_small_bombs_stop_at_the_total(tmp_path: Path) -> None:
    limits = IntakeLimits(file_bytes=1000, total_bytes=3000)
    submission = take(zip_bytes(*((f"pytorchnano/m{i}.py", b" " * 900) for i in range(20))), tmp_path, limits=limits)
    assert sum(file.bytes for file in submission.files) <= 3000
    assert any("comes after more bytes" in note for note in submission.notes)


def test_entry_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    content = bytearray(zip_bytes(("pytorchnano/liar.py", b" " * 5_000_000), (GOOD, LAYERS)))
    for magic, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = content.index(magic) + at
        content[start : start + 4] = struct.pack("<I", 10)
    submission = take(bytes(content), tmp_path)
    assert paths(submission) == [GOOD]
    assert submission.notes == ("pytorchnano/liar.py is damaged: left out.",)


def overlapping_zip(names: list[str]) -> bytes:
    """Central entries that all point at one kernel of data."""
    kernel = zlib.compress(b" " * 1_000_000, 9)[2:-4]
    check = zlib.crc32(b" " * 1_000_000)
    first = names[0].encode()
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 0x21, check, len(kernel), 1_000_000, len(first), 0) + first
    central = b"".join(
        struct.pack("<IHHHHHHIIIH16x", 0x02014B50, 20, 20, 0, 8, 0, 0x21, check, len(kernel), 1_000_000, len(name)) + name
        for name in (n.encode() for n in names)
    )
    start = len(local) + len(kernel)
    return local + kernel + central + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, len(names), len(names), len(central), start, 0)


def test_overlapping_entries_are_refused(tmp_path: Path) -> None:
    submission = take(overlapping_zip([f"pytorchnano/m{i}.py" for i in range(5)]), tmp_path)
    assert submission.files == ()
    assert "shares its data with another entry" in submission.notes[0]


def test_encrypted_entry_is_refused(tmp_path: Path) -> None:
    content = bytearray(zip_bytes(("pytorchnano/locked.py", b"x"), (GOOD, LAYERS)))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + at] |= 1
    submission = take(bytes(content), tmp_path)
    assert paths(submission) == [GOOD]
    assert submission.notes == ("pytorchnano/locked.py is encrypted: left out.",)


def test_entry_packed_by_a_hungry_method_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("pytorchnano/lzma.py", b"x" * 100, zipfile.ZIP_LZMA)
        file.writestr(GOOD, LAYERS)
    submission = take(stream.getvalue(), tmp_path)
    assert paths(submission) == [GOOD]
    assert "method other than deflate" in submission.notes[0]


def test_damaged_entry_costs_itself_alone(tmp_path: Path) -> None:
    content = bytearray(zip_bytes(("pytorchnano/torn.py", b"abc" * 50), (GOOD, LAYERS)))
    content[content.index(b"torn.py") + 8] ^= 0xFF
    submission = take(bytes(content), tmp_path)
    assert paths(submission) == [GOOD]
    assert submission.notes == ("pytorchnano/torn.py is damaged: left out.",)


def test_zip64_entry_is_read(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file, file.open(GOOD, "w", force_zip64=True) as entry:
        entry.write(LAYERS)
    assert paths(take(stream.getvalue(), tmp_path)) == [GOOD]


def test_zip_that_lists_too_many_entries_is_refused_unread(tmp_path: Path) -> None:
    huge = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 65535, 65535, 9 << 20, 4, 0)
    submission = take(b"PK\x03\x04" + bytes(9 << 20) + huge, tmp_path)
    assert submission.files == ()
    assert "lists more entries than a submission may have" in submission.notes[0]


def test_gzip_bomb_stops_at_the_limit_and_keeps_what_came_before(tmp_path: Path) -> None:
    bomb = tar_bytes((GOOD, LAYERS), ("data.bin", bytes(8 << 20)), ("pytorchnano/after.py", b"x"))
    submission = take(bomb, tmp_path, "alice.tar.gz", IntakeLimits(unpacked_bytes=1 << 20))
    assert paths(submission) == [GOOD]
    assert submission.notes == ("The archive alice.tar.gz unpacks to more than 1 MiB; what comes after that is left out.",)


def test_header_that_promises_a_huge_name_is_not_believed(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    content = tar_bytes((GOOD, LAYERS), mode="w")[:1024] + info.tobuf(tarfile.GNU_FORMAT) + bytes(512)
    submission = take(gzip.compress(content), tmp_path)
    assert paths(submission) == [GOOD]
    assert any("has a header that is too long" in note for note in submission.notes)


@pytest.mark.parametrize("record", [b"0 path=x\n", b"99999999 path=x\n", b"no digits", b"9 size=-\n", b"\xff" * 40])
def test_damaged_pax_header_ends_the_reading(record: bytes, tmp_path: Path) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, len(record)
    content = tar_bytes((GOOD, LAYERS), mode="w")[:1024] + info.tobuf() + record.ljust(512, b"\0") + bytes(1024)
    submission = take(content, tmp_path)
    assert paths(submission) == [GOOD]
    assert any("damaged pax header" in note for note in submission.notes)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_cut_off_tar_keeps_whole_files_only(keep: float, tmp_path: Path) -> None:
    content = tar_bytes((GOOD, LAYERS), ("pytorchnano/zz.py", bytes(range(1, 256)) * 400), mode="w", format=tarfile.USTAR_FORMAT)
    submission = take(content[: int(len(content) * keep)], tmp_path)
    assert paths(submission) == [GOOD]
    assert any("cut off before its end" in note for note in submission.notes)


def test_cut_off_gzip_keeps_what_came_before(tmp_path: Path) -> None:
    noise = b"".join(zlib.crc32(bytes([i, j])).to_bytes(4, "big") for i in range(100) for j in range(200)).replace(b"\0", b"x")
    content = tar_bytes((GOOD, LAYERS), ("pytorchnano/zz.py", noise))
    submission = take(content[: len(content) // 2], tmp_path)
    assert paths(submission) == [GOOD]
    assert any("cut off" in note for note in submission.notes)


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "is an empty file"),
        (b"hello, this is my homework\n", "is a single file, neither a zip nor a tar.gz"),
        (b"import numpy as np\n" * 40, "is a single file, neither a zip nor a tar.gz"),
        (b"PK\x03\x04" + b"torn" * 100, "is no zip file, or a damaged one"),
        (b"\x1f\x8b" + b"torn" * 100, "is damaged"),
        (gzip.compress(b"not a tar at all " * 100), "is no tar file"),
        (gzip.compress(b"short"), "is cut off before its end"),
        (zip_bytes((GOOD, LAYERS))[:-40], "is no zip file, or a damaged one"),
    ],
    ids=["empty", "text", "source", "torn zip", "torn gzip", "gzip of text", "short gzip", "cut zip"],
)
def test_file_that_is_no_archive_is_a_submission_with_a_note(content: bytes, said: str, tmp_path: Path) -> None:
    submission = take(content, tmp_path, "alice.zip")
    assert submission.files == ()
    assert submission.notes[0].startswith("alice.zip ")
    assert said in submission.notes[0]
    assert "Expected a folder, .zip or .tar.gz that holds the package pytorchnano/" in submission.notes[0]


@pytest.mark.parametrize("content", [zip_bytes(), tar_bytes(), gzip.compress(b"")], ids=["zip", "tar", "gzip"])
def test_empty_archive_is_said_to_be_empty(content: bytes, tmp_path: Path) -> None:
    assert take(content, tmp_path).notes[0].startswith("The submission is empty.")


def test_nested_archive_stays_closed(tmp_path: Path) -> None:
    submission = take(zip_bytes(("alice.zip", zip_bytes((GOOD, LAYERS)))), tmp_path)
    assert submission.files == ()
    assert "Archives inside a submission are not opened: alice.zip." in submission.notes


def test_archive_without_package_says_what_was_found(tmp_path: Path) -> None:
    submission = take(zip_bytes(("PyTorchNano/layers.py", LAYERS)), tmp_path)
    assert "found PyTorchNano." in submission.notes[0]
    assert "nearly the right name" in submission.notes[1]


def test_archive_above_the_size_limit_is_not_read(tmp_path: Path) -> None:
    submission = take(zip_bytes((GOOD, LAYERS)), tmp_path, limits=IntakeLimits(archive_bytes=50))
    assert submission.files == ()
    assert "the limit for an archive" in submission.notes[0]


def test_hostile_name_of_the_archive_is_shown_escaped(tmp_path: Path) -> None:
    submission = take(b"x", tmp_path, "\x1b[31malice.zip")
    assert submission.id == "\\x1b[31malice"
    assert submission.notes[0].startswith("\\x1b[31malice.zip is a single file")


def test_closed_archive_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    location = tmp_path / "alice.zip"
    location.write_bytes(zip_bytes((GOOD, LAYERS)))
    monkeypatch.setattr(archive.os, "open", refuse)
    with pytest.raises(UnreadableSubmission, match="permission denied"):
        archive.find(location, tmp_path)


def test_no_damage_raises(tmp_path: Path) -> None:
    """One byte changed, all over a zip, a tar and a tar.gz: always a submission."""
    for name, content in (
        ("zip", zip_bytes(("a/" + GOOD, LAYERS), ("a/pytorchnano/x.py", b"x"))),
        ("tar", tar_bytes((GOOD, LAYERS), ("pytorchnano/größe.py", b"x"), mode="w")[:3072]),
        ("gz", tar_bytes((GOOD, LAYERS))),
    ):
        for at in range(0, len(content), 1 if name == "zip" else 5):
            damaged = bytearray(content)
            damaged[at] ^= 0xFF if at % 2 else 0x01
            location = tmp_path / f"{name}.bin"
            location.write_bytes(damaged)
            into = tmp_path / f"{name}-{at}"
            into.mkdir()
            (submission,) = archive.find(location, into)
            assert all(note.isprintable() for note in submission.notes)
