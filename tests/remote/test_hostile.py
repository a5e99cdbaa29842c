"""Submissions that fight the grader: each is decided, blamed on the student, and leaves nothing behind."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader.faults import LimitExceeded, StudentFault, SubmissionDied, SubmissionRaised, WireViolation
from grader.model.limits import Limits

QUICK = Limits(import_cpu_s=0.4, call_cpu_s=0.3, call_wall_s=120.0, check_cpu_s=2.0, check_wall_s=240.0, memory_mb=1024, processes=2_000)
"""Short CPU limits; the wall's are long, because the machine may be busy."""
IMPATIENT = replace(QUICK, call_cpu_s=5.0, check_cpu_s=20.0, call_wall_s=0.7)
"""For code that waits and uses no CPU."""
GOOD = "def one(): return 1\n"
SEND = """
    import os, struct, sys, threading, time
    def header(kind=65, sequence=0, length=0, magic=b"gwl1"):
        return struct.pack("<4sB3sQQ", magic, kind, b"\\0\\0\\0", sequence, length)
"""


def attack(worker, name="attack", module="layers"):
    with pytest.raises(StudentFault) as seen:
        getattr(worker.module(module), name)()
    return seen.value


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the latter when it goes between open and read
        return False


PRELUDE = "import os, signal, subprocess, sys, time\n"
FAMILIES = {
    "leaves_a_child": "def attack():\n    if (pid := os.fork()) == 0: time.sleep(1000)\n    return [pid]\n",
    "leaves_a_chain_of_children": (
        "def attack():\n    r, w = os.pipe()\n    if os.fork() == 0:\n        for _ in range(20):\n"
        "            os.write(w, b'%d ' % os.getpid())\n"
        "            if os.fork(): time.sleep(1000)\n        os.write(w, b'.'); time.sleep(1000)\n"
        "    data = b''\n    while not data.endswith(b'.'): data += os.read(r, 4096)\n    return [int(p) for p in data[:-1].split()]\n"
    ),
    "daemonises": (
        "def attack():\n    r, w = os.pipe()\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork(): os._exit(0)\n"
        "        os.setsid(); signal.signal(15, signal.SIG_IGN); signal.signal(1, signal.SIG_IGN)\n"
        "        os.closerange(0, 4); os.write(w, b'%d' % os.getpid()); time.sleep(1000)\n"
        "    return [int(os.read(r, 100))]\n"
    ),
    "starts_a_program": ("def attack():\n    return [subprocess.Popen(['sleep', '1000'], start_new_session=True, env={}).pid]\n"),
}


LIMITS = {
    "loops_forever": ("call_cpu_s", "def attack():\n    while True: pass\n"),
    "sleeps_forever": ("call_wall_s", "import time\ndef attack():\n    time.sleep(1000)\n"),
    "ignores_every_signal": (
        "call_wall_s",
        "import signal, time\ndef attack():\n    for n in (1, 2, 3, 10, 12, 13, 14, 15, 24): signal.signal(n, signal.SIG_IGN)\n"
        "    while True: time.sleep(1)\n",
    ),
    "prints_forever": ("call_cpu_s", "import os\ndef attack():\n    while True: os.write(1, b'x' * 65536)\n"),
    "swallows_exceptions_forever": (
        "call_cpu_s",
        "def attack():\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass\n",
    ),
    "spins_in_threads": (
        "call_cpu_s",
        "import threading\ndef spin():\n    while True: pass\n"
        "def attack():\n    for _ in range(8): threading.Thread(target=spin, daemon=True).start()\n    spin()\n",
    ),
    "spins_in_waited_children": (
        "call_cpu_s",
        "import os\ndef attack():\n    while True:\n        if (pid := os.fork()) == 0:\n"
        "            sum(range(3_000_000)); os._exit(0)\n        os.waitpid(pid, 0)\n",
    ),
    "loops_in_str_of_its_error": (
        "call_cpu_s",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\ndef attack(): raise E\n",
    ),
    "loops_in_a_generator": ("call_cpu_s", "def attack():\n    while True: pass\n    yield 1\n"),
    "stops_itself": ("call_wall_s", "import os, signal\ndef attack(): os.kill(os.getpid(), signal.SIGSTOP)\n"),
    "trickles_an_answer": (
        "call_wall_s",
        SEND + "    def attack():\n        while True:\n            os.write(3, b'g'); time.sleep(100)\n",
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_code_that_never_returns_hits_its_limit(share, name):
    resource = LIMITS[name][0]
    wall = share("limits", **{name: source for name, (_, source) in LIMITS.items()})
    with wall.worker(limits=IMPATIENT if resource == "call_wall_s" else QUICK) as worker:
        fault = attack(worker, module=name)
    assert isinstance(fault, LimitExceeded)
    assert fault.resource == resource
    assert fault.called == f"{name}.attack"


DEATHS = {
    "exits": ("status 3", "import os\ndef attack(): os._exit(3)\n"),
    "exits_as_if_all_were_well": ("status 0", "import os\ndef attack(): os._exit(0)\n"),
    "kills_itself": ("SIGKILL", "import os\ndef attack(): os.kill(os.getpid(), 9)\n"),
    "terminates_itself": ("SIGTERM", "import os\ndef attack(): os.kill(os.getpid(), 15)\n"),
    "crashes": ("SIGSEGV", "import ctypes\ndef attack(): ctypes.string_at(0)\n"),
    "recurses_through_the_stack": (
        "SIGSEGV",
        "import sys\ndef f(x):\n    return eval('f(x)', globals(), {'x': x})\n"
        "def attack():\n    sys.setrecursionlimit(10**9); return f(1)\n",
    ),
    "exits_with_a_child_that_holds_the_socket": (
        "status 4",
        "import os, time\ndef attack():\n    if os.fork() == 0: time.sleep(1000)\n    os._exit(4)\n",
    ),
}


@pytest.mark.parametrize("name", DEATHS)
def test_code_that_ends_its_process_is_told_how(share, name):
    wall = share("deaths", **{name: source + GOOD for name, (_, source) in DEATHS.items()})
    with wall.worker() as worker:
        fault = attack(worker, module=name)
        assert isinstance(fault, SubmissionDied)
        assert DEATHS[name][0] in str(fault)
        assert f"{name}.attack" in str(fault)
        assert attack(worker, "one", module=name) is fault
        assert worker.close().reason in ("exited", "signalled")


VIOLATIONS = {
    "writes_garbage": "    def attack(): os.write(3, b'garbage' * 100)\n",
    "forges_reply": "    def attack(): os.write(3, header(length=20) + b'\\1\\1' + bytes(18))\n",
    "announces_too_much": "    def attack(): os.write(3, header(length=1 << 40)); time.sleep(100)\n",
    "floods_the_socket": "    def attack():\n        while True: os.write(3, b'\\0' * 65536)\n",
    "closes_the_socket": "    def attack(): os.close(3); time.sleep(100)\n",
    "shuts_the_socket": (
        "    import socket\n    def attack(): socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_RDWR); time.sleep(100)\n"
    ),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_worker_that_breaks_the_protocol_is_killed(share, name):
    wall = share("violations", **{name: SEND + source for name, source in VIOLATIONS.items()})
    with wall.worker() as worker:
        assert isinstance(attack(worker, module=name), WireViolation)
        assert worker.close().reason == "violation"


def test_worker_that_answers_twice_is_found_at_the_next_request(start):
    worker = start(
        layers=SEND
        + "    def attack():\n        threading.Timer(0.05, lambda: os.write(3, header())).start()\n        return 1\n"
        + "    def one(): return 1\n"
    )
    worker.module("layers").attack()
    time.sleep(0.3)
    assert isinstance(attack(worker, "one"), WireViolation)


def test_fork_that_returns_into_the_loop_answers_only_once(start):
    worker = start(layers="import os\ndef attack():\n    os.fork()\n    return os.getpid()\n" + GOOD)
    pid = worker.module("layers").attack()
    assert worker.module("layers").one() == 1
    worker.close()
    assert not is_running(pid)


@pytest.mark.parametrize("name", FAMILIES)
def test_processes_left_behind_are_killed_with_the_worker(share, name):
    wall = share("families", **{name: PRELUDE + source for name, source in FAMILIES.items()})
    with wall.worker() as worker:
        pids = worker.module(name).attack()
        assert pids
        assert all(is_running(pid) for pid in pids)
    assert not [pid for pid in pids if is_running(pid)]


@pytest.mark.parametrize("detach", ["", "os.setsid()"], ids=["in_its_group", "in_new_sessions"])
def test_chain_that_forks_and_exits_forever_is_stopped(start, tmp_path, detach):
    count = tmp_path / "count"
    source = f"""
def attack():
    if os.fork() == 0:
        while True:
            if os.fork(): os._exit(0)
            {detach}
            with open({str(count)!r}, "ab") as f: f.write(b"x")
    while not os.path.exists({str(count)!r}): time.sleep(0.01)
"""
    worker = start(layers=PRELUDE + source)
    worker.module("layers").attack()
    worker.close()
    size = count.stat().st_size
    time.sleep(0.2)
    assert count.stat().st_size == size


def test_submission_that_kills_the_zygote_fails_its_check_alone(build):
    wall = build(layers="import os, time\ndef attack(): os.kill(os.getppid(), 9); time.sleep(100)\n" + GOOD)
    with wall.worker() as worker:
        assert isinstance(attack(worker), SubmissionDied)
    with wall.worker() as worker:
        assert worker.module("layers").one() == 1


def test_zygote_that_a_submission_stopped_goes_on(build):
    wall = build(layers="import os, time\ndef attack(): os.kill(os.getppid(), 19); return os.getppid()\n" + GOOD)
    pids = []
    for _ in range(2):
        with wall.worker() as worker:
            pids.append(worker.module("layers").attack())
    assert pids[0] == pids[1]


def test_zygote_that_does_not_answer_is_replaced_and_its_workers_are_dead(build, monkeypatch):
    monkeypatch.setattr("grader.isolation.zygote._ANSWER_S", 0.5)
    monkeypatch.setattr("grader.isolation.zygote.signal.SIGCONT", 0)
    wall = build(layers=PRELUDE + FAMILIES["leaves_a_child"] + "def stop(): os.kill(os.getppid(), 19)\n" + GOOD)
    with wall.worker() as worker:
        [child] = worker.module("layers").attack()
        worker.module("layers").stop()
    assert worker.close().reason == "closed"
    with wall.worker() as worker:
        assert worker.module("layers").one() == 1
    assert not is_running(child)


def test_zygote_ignores_a_termination_that_a_submission_sends(build):
    wall = build(layers="import os\ndef attack():\n    for n in (1, 2, 15): os.kill(os.getppid(), n)\n    return os.getppid()\n" + GOOD)
    pids = []
    for _ in range(2):
        with wall.worker() as worker:
            pids.append(worker.module("layers").attack())
    assert pids[0] == pids[1]


def test_memory_eaten_in_small_pieces_is_decided(start):
    fault = attack(start(layers="def attack():\n    held = []\n    while True: held.append(bytearray(1 << 22))\n"))
    assert isinstance(fault, SubmissionRaised | SubmissionDied | LimitExceeded)


def test_enormous_files_are_refused_by_the_kernel(start):
    worker = start(
        scratch="-", layers="def attack():\n    with open('f', 'wb') as f:\n        for _ in range(40): f.write(bytes(1 << 20))\n"
    )
    assert "File too large" in str(attack(worker))


def test_too_many_files_end_the_worker(start):
    worker = start(scratch="-", layers="def attack():\n    for i in range(100): open(str(i), 'w').close()\n")
    fault = attack(worker)
    assert isinstance(fault, LimitExceeded)
    assert fault.resource == "scratch_files"


def test_late_probe_of_a_class_does_not_blame_the_constructor_alone(start):
    worker = start(
        limits=replace(QUICK, call_cpu_s=0.3),
        probes="def use(package, constructor):\n    package.layers.Slow().forward()\n",
        layers="class Slow:\n    def forward(self):\n        while True: pass\n",
    )
    with pytest.raises(LimitExceeded, match=r"^Slow's constructor or one of its methods used 0\.3 s of CPU"):
        worker.probe("use", ("layers", "Slow"))


def test_limit_of_the_whole_check_is_said(start):
    worker = start(
        limits=replace(QUICK, check_cpu_s=0.5),
        layers="import time\ndef attack():\n    end = time.process_time() + 0.1\n    while time.process_time() < end: pass\n",
    )
    layers = worker.module("layers")
    for _ in range(3):
        layers.attack()
    with pytest.raises(LimitExceeded) as seen:
        [layers.attack() for _ in range(3)]
    assert seen.value.resource == "check_cpu_s"


def test_patched_numpy_does_not_disturb_the_answers(start):
    worker = start(
        layers="import numpy as np\nimport operator\ndef attack():\n    x = np.arange(3.0)\n"
        "    for n in ('frombuffer', 'ascontiguousarray', 'ndarray', 'generic', 'empty', 'uint8'): setattr(np, n, None)\n    return x\n"
        "def echo(x): return x\n"
    )
    assert worker.module("layers").attack().tolist() == [0, 1, 2]
    assert worker.module("layers").echo(worker.module("layers").attack()).tolist() == [0, 1, 2]


def test_dictionary_of_methods_that_lie_runs_nothing_of_the_students(start):
    worker = start(
        layers="""
        class Meta(type):
            def __getattribute__(cls, name): raise SystemExit("asked " + name)
            def __instancecheck__(cls, other): raise SystemExit
            def __eq__(cls, other): return True
            def __hash__(cls): return hash(float)
        class Liar(metaclass=Meta):
            def __getattribute__(self, name): raise SystemExit("asked " + name)
            def __eq__(self, other): return True
            def __hash__(self): return 0
            __class__ = float
        def attack(): return Liar()
    """
    )
    assert repr(worker.module("layers").attack()) == "<a Remote of type pytorchnano.layers.Liar>"


OWN = "def own(): return [os.getpid(), os.getppid()]\ndef folder(): return os.path.dirname(os.environ['MPLCONFIGDIR'])\n"
GRADER = """
import signal, sys
from pathlib import Path
from grader.model.limits import Limits
from grader.remote.wall import Wall
worker = Wall(Path(sys.argv[1]), limits=Limits()).worker()
layers = worker.module("layers")
print(*layers.attack(), *layers.own(), layers.folder(), flush=True)
signal.pause()
"""


def test_nothing_is_left_when_the_grader_itself_is_killed(tmp_path):
    package = tmp_path / "pytorchnano"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "layers.py").write_text(PRELUDE + FAMILIES["daemonises"] + OWN)
    with subprocess.Popen([sys.executable, "-c", GRADER, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as grader:
        *numbers, folder = grader.stdout.readline().decode().split()
        pids = [int(number) for number in numbers]
        assert len(pids) == 3
        assert all(map(is_running, pids))
        assert Path(folder).is_dir()
        grader.kill()
    deadline = time.monotonic() + 60
    while (any(map(is_running, pids)) or Path(folder).exists()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not [pid for pid in pids if is_running(pid)]
    assert not Path(folder).exists()
