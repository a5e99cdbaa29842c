import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from grader.worker.sweep import children_of, remove_folder

ROOT = Path(__file__).parents[2]


def test_children_are_listed_and_reaped_ones_are_not():
    child = os.fork()
    if child == 0:
        signal.pause()
    assert child in children_of(os.getpid())
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert child not in children_of(os.getpid())


def test_children_of_another_process_are_listed():
    with subprocess.Popen([sys.executable, "-c", "import os, time\nos.fork()\ntime.sleep(100)"]) as parent:
        deadline = time.monotonic() + 20
        while not (found := children_of(parent.pid)) and time.monotonic() < deadline:
            time.sleep(0.01)
        parent.kill()
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    assert len(found) == 1


SUBREAPER = """
import ctypes, os, signal, time
from grader.worker.sweep import kill_children
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
kept = os.fork()
if kept == 0: signal.pause()
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True: time.sleep(1)
kill_children(keep={kept})
print(os.waitpid(kept, os.WNOHANG)[0])
cpu_s, rss_kb = kill_children()
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("none left")
"""


def test_every_descendant_is_killed_but_those_to_keep():
    done = subprocess.run([sys.executable, "-c", SUBREAPER], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split("\n")[:2] == ["0", "none left"]


def test_folder_is_removed_with_all_kinds_of_files_and_links_are_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    folder = tmp_path / "folder"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "c").mkdir()
    (folder / "c" / "a").mkdir()
    (folder / "c" / "a" / "file").write_text("x")
    (folder / "link").symlink_to(outside)
    (folder / "a" / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "a" / "fifo")
    (folder / "c").chmod(0)
    remove_folder(str(folder))
    assert not folder.exists()
    assert (outside / "kept").read_text() == "x"


def test_folder_that_may_not_be_written_is_removed_with_what_is_in_it(tmp_path):
    top = tmp_path / "top"
    top.mkdir()
    (top / "file").write_text("x")
    top.chmod(0o500)
    remove_folder(str(top))
    assert not top.exists()


def test_link_in_place_of_the_folder_is_removed_and_not_followed(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("x")
    (tmp_path / "top").symlink_to(tmp_path / "other")
    remove_folder(str(tmp_path / "top"))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "other"]


def test_folder_that_is_missing_is_no_error(tmp_path):
    remove_folder(str(tmp_path / "absent"))
