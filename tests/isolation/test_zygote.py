import os

import pytest

from grader.faults import EnvironmentFault
from grader.isolation.zygote import Zygote, ZygoteLost


def make(temp, **changes):
    options = {"preload": (), "layers": ("process",), "environment": {}}
    return Zygote(folder=temp, **{**options, **changes})


def test_zygote_starts_and_ends(tmp_path):
    zygote = make(tmp_path)
    assert zygote.alive
    zygote.close()
    zygote.close()
    assert not zygote.alive


def test_zygote_that_can_not_start_is_the_machines_fault_and_quotes_its_words(tmp_path):
    with pytest.raises(EnvironmentFault, match="no_such_module"):
        make(tmp_path, preload=("no_such_module",))


def test_zygote_that_died_is_said_to_be_lost(tmp_path):
    zygote = make(tmp_path)
    os.kill(zygote.pid, 9)
    with pytest.raises(ZygoteLost):
        zygote.end(1)
    zygote.close()


def test_zygote_buries_no_process_that_it_did_not_fork(tmp_path):
    zygote = make(tmp_path)
    with pytest.raises(ZygoteLost):
        zygote.end(os.getpid())
    zygote.close()


def test_zygote_sees_nothing_of_the_graders_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADER_SECRET", "42")
    zygote = make(tmp_path, environment={"LANG": "C.UTF-8"})
    with open(f"/proc/{zygote.pid}/environ") as environ:
        assert environ.read() == "LANG=C.UTF-8\0"
    fds = [os.readlink(f"/proc/{zygote.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{zygote.pid}/fd")]
    assert len(fds) == 4
    zygote.close()
