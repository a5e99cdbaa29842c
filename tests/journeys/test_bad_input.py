"""Whatever is handed in, a person gets a sentence, the promised exit status, and every other check its points."""

from __future__ import annotations

import ctypes
import gzip
import io
import json
import os
import re
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.formats import json as json_format
from grader.model.job import Job
from grader.model.limits import Limits
from grader.model.report import CheckResult, Report
from grader.run.job import exit_status, run_job
from tests.assignments.shortened import shorten
from tests.journeys.bad_packages import ANSWERS, BROKEN_IMPORTS, copy_reference, write_bad_answers

ROOT = Path(__file__).resolve().parents[2]
CHEAP = "layers.Flatten"
OTHERS = ("layers.Flatten", "activations.Tanh")


@dataclass(frozen=True)
class Graded:
    """What a person and a script find afterwards."""

    status: int
    """Exit status."""
    out: str
    """Standard output."""
    err: str
    """Standard error."""
    report: Report | None
    """The report, if one was written."""

    @property
    def notes(self) -> str:
        """What the report says of the submission as a whole."""
        assert self.report is not None
        return "\n".join(self.report.submission.notes)


def grade(submission: Path, out: Path, *only: str, before: Callable[[], None] | None = None, cwd: Path = ROOT) -> Graded:
    """Run the real command line on a submission."""
    command = [sys.executable, "-m", "grader", "run", str(submission), "--assignment", "pytorchnano", "--seed", "1", "--out", str(out)]
    command += [word for group in only or (CHEAP,) for word in ("--only", group)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "80"}
    ended = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, timeout=300, check=False, preexec_fn=before, errors="surrogateescape"
    )
    path = out / "report.json"
    report = json_format.parse(path.read_text(encoding="utf-8")) if path.exists() else None
    assert "Traceback" not in ended.stderr, ended.stderr
    return Graded(ended.returncode, ended.stdout, ended.stderr, report)


def earned(report: Report) -> dict[str, float]:
    return {group.name: group.earned for group in report.groups}


def checks_of(report: Report, group: str) -> list[CheckResult]:
    return [check for check in report.checks if check.group == group and check.points]


def assert_decided(report: Report) -> None:
    undecided = {check.id: (check.message, check.evidence) for check in report.checks if check.status == "undecided"}
    assert undecided == {}
    assert report.withheld == 0


def assert_nothing_earned(graded: Graded) -> None:
    """A report, exit status 0, no points, every check the student's to mend."""
    assert graded.report is not None, graded.err
    assert_decided(graded.report)
    assert (graded.status, graded.report.score, graded.err) == (0, 0, "")
    assert {check.status for check in graded.report.checks} <= {"failed", "skipped"}
    assert {check.blame for check in graded.report.checks if check.status == "failed"} == {"student"}


def assert_full(graded: Graded, *groups: str) -> None:
    assert graded.report is not None, graded.err
    assert_decided(graded.report)
    assert graded.status == 0
    for group in graded.report.groups:
        if group.name in groups or not groups:
            assert group.earned == group.possible, [check for check in graded.report.checks if check.status != "passed"]


# ---- what lies at the path ----


def test_nothing_at_the_path_is_a_wrong_request_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "alice").mkdir()
    graded = grade(tmp_path / "alise", tmp_path / "out")
    assert (graded.status, graded.out, graded.report) == (2, "", None)
    assert re.search(r"nothing is at .*alise; the nearest name there is alice\. Name a folder, \.zip or \.tar\.gz", graded.err)


def test_unknown_assignment_and_group_are_wrong_requests_with_the_nearest_name(tmp_path: Path) -> None:
    graded = grade(tmp_path, tmp_path / "out", "layer.Dense")
    assert graded.status == 2
    assert "Did you mean 'layers.Dense'?" in graded.err
    command = [sys.executable, "-m", "grader", "run", str(tmp_path), "--assignment", "pytorchnan", "--out", str(tmp_path / "out")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "Did you mean 'pytorchnano'?" in ended.stderr


def make_empty_folder(folder: Path) -> Path:
    (folder / "alice").mkdir()
    return folder / "alice"


def make_empty_package(folder: Path) -> Path:
    (folder / "alice/pytorchnano").mkdir(parents=True)
    return folder / "alice"


def make_text_file(folder: Path) -> Path:
    (folder / "alice.txt").write_text("My homework is on my other laptop.\n")
    return folder / "alice.txt"


def make_python_file(folder: Path) -> Path:
    (folder / "layers.py").write_text("class Dense: ...\n")
    return folder / "layers.py"


def make_other_name(folder: Path) -> Path:
    copy_reference(folder / "alice").rename(folder / "alice/PyTorchNano")
    return folder / "alice"


def make_loose_modules(folder: Path) -> Path:
    copy_reference(folder).rename(folder / "alice")
    return folder / "alice"


def make_file_instead_of_package(folder: Path) -> Path:
    (folder / "alice").mkdir()
    (folder / "alice/pytorchnano").write_text("")
    return folder / "alice"


def make_link_instead_of_package(folder: Path) -> Path:
    (folder / "alice").mkdir()
    (folder / "alice/pytorchnano").symlink_to(copy_reference(folder / "elsewhere"))
    return folder / "alice"


def make_links_to_modules(folder: Path) -> Path:
    elsewhere = copy_reference(folder / "elsewhere")
    (folder / "alice/pytorchnano").mkdir(parents=True)
    for path in elsewhere.glob("*.py"):
        (folder / "alice/pytorchnano" / path.name).symlink_to(path)
    return folder / "alice"


def make_fifo(folder: Path) -> Path:
    os.mkfifo(folder / "alice")
    return folder / "alice"


def make_empty_archive(folder: Path) -> Path:
    zipfile.ZipFile(folder / "alice.zip", "w").close()
    return folder / "alice.zip"


def make_cut_archive(folder: Path) -> Path:
    pack_zip(folder / "alice.zip", read_reference(""))
    content = (folder / "alice.zip").read_bytes()
    (folder / "alice.zip").write_bytes(content[: len(content) // 2])
    return folder / "alice.zip"


def make_nested_archive(folder: Path) -> Path:
    pack_zip(folder / "inner.zip", read_reference(""))
    pack_zip(folder / "alice.zip", {"alice.zip": (folder / "inner.zip").read_bytes()})
    return folder / "alice.zip"


def make_bomb(folder: Path) -> Path:
    pack_zip(folder / "alice.zip", {"pytorchnano/layers.py": b"#" * (64 << 20)})
    return folder / "alice.zip"


def make_tar_bomb(folder: Path) -> Path:
    info = tarfile.TarInfo("pytorchnano/layers.py")
    info.size = 600 << 20
    zeros = gzip.compress(bytes(1 << 20))
    (folder / "alice.tar.gz").write_bytes(gzip.compress(info.tobuf()) + zeros * 601)
    return folder / "alice.tar.gz"


NOTHING_TO_GRADE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "an empty folder": (
        make_empty_folder,
        r"The submission is empty\. Expected a folder, \.zip or \.tar\.gz that holds the package pytorchnano/",
    ),
    "an empty package": (make_empty_package, r"pytorchnano holds no Python file that can be graded"),
    "a text file": (make_text_file, r"alice\.txt is a single file, neither a zip nor a tar\.gz archive\. Expected a folder"),
    "a Python file": (make_python_file, r"layers\.py is a single file"),
    "a package of another name": (
        make_other_name,
        r"There is no folder pytorchnano\..*\n.*PyTorchNano has nearly the right name: rename it to pytorchnano",
    ),
    "modules without a package": (make_loose_modules, r"put the modules into a folder pytorchnano"),
    "a file instead of the package": (make_file_instead_of_package, r"pytorchnano is a file; expected a folder of that name"),
    "a link instead of the package": (
        make_link_instead_of_package,
        r"pytorchnano is a symbolic link, and links are not followed: hand in the folder itself",
    ),
    "links instead of modules": (make_links_to_modules, r"pytorchnano/layers\.py is a symbolic link, and links are not followed: left out"),
    "a FIFO": (make_fifo, r"alice is no regular file"),
    "an empty archive": (make_empty_archive, r"The submission is empty"),
    "an archive that was cut off": (make_cut_archive, r"alice\.zip is no zip file, or a damaged one"),
    "an archive in an archive": (make_nested_archive, r"Archives inside a submission are not opened: alice\.zip"),
    "a zip bomb": (make_bomb, r"pytorchnano/layers\.py unpacks to 67108864 bytes; the limit for one file is 2097152: left out"),
    "a tar bomb": (make_tar_bomb, r"unpacks to more than 512 MiB"),
}


@pytest.mark.parametrize("kind", NOTHING_TO_GRADE)
def test_what_holds_nothing_to_grade_is_a_submission_with_a_report(kind: str, tmp_path: Path) -> None:
    make, said = NOTHING_TO_GRADE[kind]
    (tmp_path / "handed in").mkdir()
    graded = grade(make(tmp_path / "handed in"), tmp_path / "out")
    assert_nothing_earned(graded)
    assert re.search(said, graded.notes)
    first_words = " ".join(graded.notes.split()[:4])
    assert first_words in " ".join(graded.out.split()), "the terminal does not say it"
    assert all("pytorchnano" in check.message for check in graded.report.checks if check.status == "failed")  # type: ignore[union-attr]


def give_up_reading_everything() -> None:
    """Root reads what it likes, but for these two capabilities (capabilities(7)); the next exec is without them."""
    libc = ctypes.CDLL(None, use_errno=True)
    drop_from_bounding_set, dac_override, dac_read_search = 24, 1, 2
    for capability in (dac_override, dac_read_search):
        if libc.prctl(drop_from_bounding_set, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_CAPBSET_DROP)")


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A submission whose modes a test may take away."""
    folder = tmp_path / "alice"
    copy_reference(folder)
    yield folder
    subprocess.run(["chmod", "-R", "u+rwx", str(folder)], check=True)


@pytest.mark.parametrize("what", ["alice", "alice/pytorchnano", "alice/pytorchnano/layers.py"])
def test_what_the_caller_may_not_read_is_status_3_and_says_which(what: str, locked: Path, tmp_path: Path) -> None:
    (tmp_path / what).chmod(0)
    graded = grade(locked, tmp_path / "out", before=give_up_reading_everything if os.geteuid() == 0 else None)
    assert (graded.status, graded.out, graded.report) == (3, "", None)
    shown = what if what == "alice" else what.partition("/")[2]
    assert re.search(rf"{shown} can't be read: permission denied; give yourself the right to read it", graded.err)


def test_folder_that_can_not_be_written_is_said_before_grading(tmp_path: Path) -> None:
    copy_reference(tmp_path / "alice")
    (tmp_path / "file").write_text("")
    graded = grade(tmp_path / "alice", tmp_path / "file" / "out")
    assert (graded.status, graded.out) == (2, "")
    assert "Name another folder with --out" in graded.err


# ---- archives ----


def read_reference(prefix: str) -> dict[str, bytes]:
    folder = ROOT / "reference" / "pytorchnano"
    return {f"{prefix}pytorchnano/{path.name}": path.read_bytes() for path in sorted(folder.glob("*.py"))}


def pack_zip(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def pack_tar(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize(
    "name, prefix",
    [
        ("alice.zip", ""),
        ("alice.zip", "alice\\"),
        ("alice.zip", "Ålice's homework (final)/"),
        ("alice.tar.gz", ""),
        ("alice.tar.gz", "./Ålice's homework (final)/"),
    ],
)
def test_archive_earns_what_the_folder_earns(name: str, prefix: str, tmp_path: Path) -> None:
    pack = pack_zip if name.endswith(".zip") else pack_tar
    pack(tmp_path / name, read_reference(prefix))
    graded = grade(tmp_path / name, tmp_path / "out")
    assert_full(graded, CHEAP)
    assert graded.notes == ""


def add_hostile_zip_entries(path: Path) -> None:
    link = zipfile.ZipInfo("pytorchnano/losses.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        for name in ("../escaped.py", "pytorchnano/../../escaped.py", "/tmp/escaped-by-an-absolute-path.py"):
            archive.writestr(name, "raise RuntimeError\n")
        archive.writestr(link, "/etc/passwd")


def add_hostile_tar_entries(path: Path) -> None:
    files = {name: content for name, content in read_reference("").items() if "losses" not in name}
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (files | dict.fromkeys(("../escaped.py", "/tmp/escaped-by-an-absolute-path.py"), b"raise\n")).items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, kind in (("pytorchnano/losses.py", tarfile.SYMTYPE), ("pytorchnano/hard.py", tarfile.LNKTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "../../../../etc/passwd"
            archive.addfile(info)


@pytest.mark.parametrize("name", ["alice.zip", "alice.tar.gz"])
def test_archive_with_ways_out_of_it_costs_these_entries_alone(name: str, tmp_path: Path) -> None:
    path = tmp_path / "handed in" / name
    path.parent.mkdir()
    if name.endswith(".zip"):
        pack_zip(path, {name: content for name, content in read_reference("").items() if "losses" not in name})
        add_hostile_zip_entries(path)
    else:
        add_hostile_tar_entries(path)
    graded = grade(path, tmp_path / "out", CHEAP, "losses.MSELoss")
    assert_full(graded, CHEAP)
    assert graded.report is not None
    assert earned(graded.report)["losses.MSELoss"] == 0
    assert "leads out of the archive by '..'" in graded.notes
    assert "is an absolute path" in graded.notes
    assert "pytorchnano/losses.py is a link, and links are not followed" in graded.notes
    assert not list(tmp_path.rglob("*escaped*"))
    assert not Path("/tmp/escaped-by-an-absolute-path.py").exists()


def test_names_in_any_encoding_are_shown_and_do_no_harm(tmp_path: Path) -> None:
    package = copy_reference(tmp_path / "alice")
    for raw in (b"\xe9t\xe9.py", "日本語.py".encode(), b"\x1b[31mred.py", b"new\nline.py", "‮reversed.py".encode(), b"n" * 240 + b".py"):
        (Path(os.fsdecode(os.fsencode(package))) / os.fsdecode(raw)).write_bytes(b"raise RuntimeError('imported')\n")
    graded = grade(tmp_path / "alice", tmp_path / "out")
    assert_full(graded, CHEAP)
    assert r"\xe9t\xe9.py" in graded.notes
    shown = json.dumps(json.loads((tmp_path / "out/report.json").read_text()), ensure_ascii=False)
    for text in (graded.out, shown):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)


def test_submissions_own_name_may_be_anything(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"al\xffice \x1b[2J $(touch pwned) '\"")
    copy_reference(folder)
    graded = grade(folder, tmp_path / "out")
    assert_full(graded, CHEAP)
    assert graded.report is not None
    assert graded.report.submission.id.isprintable()
    assert "\x1b" not in graded.out


# ---- one module can't be imported ----


def run_briefly(tmp_path: Path, *only: str) -> Graded:
    """Grade `tmp_path/alice` with short limits, in a job of this process."""
    root = shorten(tmp_path / "assignments", "pytorchnano")
    report = run_job(Job(tmp_path / "alice", "pytorchnano", tmp_path / "out", seed=1, only=only), root=root).report
    return Graded(exit_status(report), "", "", report)


def may_fork() -> bool:
    """The kernel counts all processes of a user, those outside the worker too; root's are not counted."""
    own = sum(path.stat().st_uid == os.getuid() for path in Path("/proc").glob("[0-9]*") if path.exists())
    return os.getuid() == 0 or own + 20 < Limits().processes


@pytest.mark.parametrize("kind", BROKEN_IMPORTS)
def test_module_that_is_broken_at_import_costs_its_own_items_alone(kind: str, tmp_path: Path) -> None:
    broken = BROKEN_IMPORTS[kind]
    if kind.startswith("forks") and not may_fork():
        pytest.skip("this user has more processes than a worker may have: its limit of processes refuses the fork")
    losses = copy_reference(tmp_path / "alice") / "losses.py"
    losses.write_bytes(broken.code + losses.read_bytes())
    graded = run_briefly(tmp_path, *OTHERS, "losses.MSELoss")
    assert graded.report is not None
    if not broken.said:
        assert_full(graded)
        return
    assert_full(graded, *OTHERS)
    assert earned(graded.report)["losses.MSELoss"] == 0
    messages = [check.message for check in checks_of(graded.report, "losses.MSELoss")]
    assert re.search(broken.said, messages[0]), messages[0]
    assert len(messages[0].splitlines()) <= 6
    told = {message for message in messages if "earlier checks of losses.MSELoss ran into a time limit" not in message}
    assert len(told) == 1, "checks of one broken module say different things"


@pytest.mark.parametrize("module", ["layers", "losses"])
def test_module_that_is_missing_is_named(module: str, tmp_path: Path) -> None:
    package = copy_reference(tmp_path / "alice")
    (package / f"{module}.py").unlink()
    graded = grade(tmp_path / "alice", tmp_path / "out", CHEAP, "losses.MSELoss")
    missing, present = (CHEAP, "losses.MSELoss") if module == "layers" else ("losses.MSELoss", CHEAP)
    assert_full(graded, present)
    assert graded.report is not None
    assert all(re.search(rf"pytorchnano\.{module}\b", check.message) for check in checks_of(graded.report, missing))


def test_class_that_is_missing_is_named(tmp_path: Path) -> None:
    package = copy_reference(tmp_path / "alice")
    with (package / "layers.py").open("a") as file:
        file.write("\n\ndel Flatten\n")
    graded = grade(tmp_path / "alice", tmp_path / "out", CHEAP, "layers.Dense")
    assert_full(graded, "layers.Dense")
    assert graded.report is not None
    assert all("'Flatten'" in check.message for check in checks_of(graded.report, CHEAP))


def test_broken_init_breaks_every_module_and_says_so(tmp_path: Path) -> None:
    (copy_reference(tmp_path / "alice") / "__init__.py").write_text("raise RuntimeError('the settings file is missing')\n")
    graded = grade(tmp_path / "alice", tmp_path / "out", *OTHERS)
    assert_nothing_earned(graded)
    assert graded.report is not None
    assert all("the settings file is missing" in check.message for check in graded.report.checks if check.status == "failed")


def test_init_that_imports_a_broken_module_leaves_the_others(tmp_path: Path) -> None:
    package = copy_reference(tmp_path / "alice")
    (package / "__init__.py").write_text("from . import losses, layers\n")
    (package / "losses.py").write_text("def f(:\n")
    graded = grade(tmp_path / "alice", tmp_path / "out", CHEAP, "losses.MSELoss")
    assert_full(graded, CHEAP)
    assert graded.report is not None
    assert earned(graded.report)["losses.MSELoss"] == 0


# ---- functions that answer badly ----


def test_bad_answers_cost_their_own_items_and_every_message_says_what_came(tmp_path: Path) -> None:
    write_bad_answers(tmp_path / "alice")
    others = ("activations.Softmax", "layers.Flatten")
    graded = grade(tmp_path / "alice", tmp_path / "out", *ANSWERS, *others)
    assert_full(graded, *others)
    assert graded.report is not None
    for item, (_, _, said) in ANSWERS.items():
        failed = [check for check in checks_of(graded.report, item) if check.status == "failed"]
        assert {check.blame for check in failed} == {"student"}
        messages = [check.message for check in failed]
        assert any(re.search(said, message) for message in messages), (item, messages)
        assert not any(re.search(r"probe(?!s/)", message) for message in messages), messages
        assert earned(graded.report)[item] < sum(check.points for check in checks_of(graded.report, item)) / 2
