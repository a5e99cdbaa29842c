"""The wall's own promises: what a worker starts with, failing closed, an end that leaves nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.faults import CheckFailed, GraderFault, IsolationMissing, ModuleUnavailable, RequestFault, SubmissionDied
from grader.isolation import rlimits
from grader.model.limits import Limits
from grader.remote.wall import Wall

LOOK = """
    import os, resource, sys, threading
    def environment(): return dict(os.environ)
    def descriptors(): return [os.readlink(f"/proc/self/fd/{n}").split(":")[0] for n in sorted(os.listdir("/proc/self/fd"))[:4]]
    def count_descriptors(): return len(os.listdir("/proc/self/fd")) - 1
    def session(): return os.getsid(0) == os.getpid() == os.getpgid(0)
    def status(key):
        return [line.split()[1] for line in open("/proc/self/status") if line.startswith(key + ":")][0]
    def limit(name): return list(resource.getrlimit(getattr(resource, name)))
    def folder(): return [os.getcwd(), os.listdir(".")]
    def read(): return sys.stdin.read()
    def path(): return [sys.path[0], sys.argv, [p for p in sys.path if "site-packages" in p]]
    def whole_path(): return sys.path
    def hash_of(text): return hash(text)
    def threads(): return [int(status("Threads")), int(open(f"/proc/{os.getppid()}/status").read().split("Threads:")[1].split()[0])]
    def flags(): return [sys.dont_write_bytecode, os.umask(0)]
    def pid(): return [os.getpid(), os.getppid()]
"""


def write_probes(folder, source):
    folder.mkdir()
    (folder / "staff.py").write_text(source)
    return folder


@pytest.fixture
def look(start):
    return start(look=LOOK).module("look")


def test_environment_is_clean(look):
    environment = look.environment()
    assert set(environment) == {"HOME", "TMPDIR", "MPLBACKEND", "MPLCONFIGDIR", "LANG"}
    assert not Path(environment["HOME"]).exists()
    assert environment["MPLBACKEND"] == "Agg"


def test_four_descriptors_are_open(look):
    assert look.count_descriptors() == 4
    assert look.descriptors() == ["/dev/null", "pipe", "pipe", "socket"]
    assert look.read() == ""


def test_worker_has_a_session_of_its_own_and_gains_no_privileges(look):
    assert look.session() is True
    assert look.status("NoNewPrivs") == "1"


def test_worker_and_zygote_have_one_thread_with_matplotlib_too(build):
    wall = build(look=LOOK)
    with wall.worker(preload=("matplotlib.figure", "matplotlib.backends.backend_agg")) as worker:
        assert worker.module("look").threads() == [1, 1]
        assert "matplotlib" in worker.loaded().modules


def test_limits_are_in_force(build):
    wall = build(look=LOOK, limits=Limits(check_cpu_s=7.5, memory_mb=512, file_mb=2, open_files=20))
    assert wall.isolation == ("L1", ("process", "rlimits"))
    with wall.worker() as worker:
        limit = worker.module("look").limit
        assert limit("RLIMIT_CPU") == [10, 11]
        assert limit("RLIMIT_AS") == [512 << 20] * 2
        assert limit("RLIMIT_FSIZE") == [2 << 20] * 2
        assert limit("RLIMIT_NOFILE") == [20, 20]
        assert limit("RLIMIT_CORE") == [0, 0]


def test_limits_of_one_worker_are_its_own(build):
    wall = build(look=LOOK)
    with wall.worker(limits=Limits(memory_mb=700)) as one, wall.worker() as other:
        assert one.module("look").limit("RLIMIT_AS")[0] == 700 << 20
        assert other.module("look").limit("RLIMIT_AS")[0] == 1024 << 20


def test_lower_level_is_reached_by_name_and_said(build):
    wall = build(look=LOOK, level="L0")
    assert wall.isolation == ("L0", ("process",))
    with wall.worker() as worker:
        assert worker.module("look").limit("RLIMIT_NOFILE")[0] > 1000 or worker.module("look").limit("RLIMIT_NOFILE")[0] == -1


def test_level_that_is_not_reached_is_the_machines_fault():
    with pytest.raises(IsolationMissing, match="L5c"):
        Wall(None, limits=Limits(), level="L5c")
    with pytest.raises(RequestFault, match="L0, L1"):
        Wall(None, limits=Limits(), level="L9")


def test_layer_that_does_not_enter_fails_closed(build, monkeypatch, tmp_path):
    log = tmp_path / "log"
    wall = build(layers=f"open({str(log)!r}, 'w')\n")
    monkeypatch.setattr(rlimits, "wrap", lambda launch: launch.add("rlimits"))
    with pytest.raises(IsolationMissing, match="rlimits is not in force"):
        wall.worker()
    monkeypatch.setattr(rlimits, "wrap", lambda launch: launch)
    with pytest.raises(IsolationMissing, match="rlimits is not in force"):
        wall.worker()
    assert not log.exists()


@pytest.mark.parametrize(
    "probes, said",
    [
        ("1 / 0\n", "ZeroDivisionError"),
        ("def (:\n", "SyntaxError"),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3"),
        ("import pytorchnano.look\n", "pytorchnano is not available"),
        ("import pytest\n", "pytest is not available"),
    ],
)
def test_probes_that_do_not_load_are_the_graders_fault(build, tmp_path, probes, said):
    wall = build(probes=probes, look=LOOK)
    for _ in range(2):
        with pytest.raises(GraderFault, match=f"the assignment's probes can't be loaded: .*{said}"):
            wall.worker()
    with wall.beside(None, probes=write_probes(tmp_path / "good", "def one(): return 1")) as other, other.worker() as worker:
        assert worker.probe("one") == 1


def test_working_folder_is_empty_and_the_workspace_comes_first(look):
    folder, files = look.folder()
    assert files == []
    first, argv, sites = look.path()
    assert (Path(first) / "pytorchnano" / "look.py").exists()
    assert argv == [""]
    assert len(sites) == 1
    assert folder not in first


def test_submission_leaves_no_bytecode_and_hashes_alike_everywhere(build):
    walls = [build(look=LOOK), build(look=LOOK)]
    hashes = []
    for wall in walls:
        with wall.worker() as worker:
            look = worker.module("look")
            assert look.flags() == [True, 0o077]
            hashes.append(look.hash_of("text"))
            assert not (Path(look.path()[0]) / "pytorchnano" / "__pycache__").exists()
    assert hashes[0] == hashes[1]


def test_environment_and_scratch_variable_are_given(build, tmp_path):
    wall = build(look=LOOK)
    with wall.worker(environment={"MNIST_DIR": "/data"}, scratch="OUT_DIR") as worker:
        environment = worker.module("look").environment()
        assert environment["MNIST_DIR"] == "/data"
        assert environment["OUT_DIR"] == environment["TMPDIR"] == str(worker.scratch)
    with wall.worker(scratch="-") as worker:
        assert "-" not in worker.module("look").environment()
        assert worker.scratch is not None


def test_worker_without_a_submission_runs_probes_alone(tmp_path):
    probes = write_probes(
        tmp_path / "probes",
        "import io\ndef size(data):\n    from PIL import Image\n    return list(Image.open(io.BytesIO(data)).size)\n"
        "def use(package):\n    return package.layers\n",
    )
    from PIL import Image

    picture = tmp_path / "p.png"
    Image.new("L", (300, 200)).save(picture)
    with Wall(None, limits=Limits(), probes=probes) as wall, wall.worker() as worker:
        assert worker.probe("size", picture.read_bytes()) == [300, 200]
        with pytest.raises(GraderFault, match="no submission"):
            worker.probe("use")


def parent_of(worker):
    return worker.module("look").pid()[1]


def test_wall_beside_another_has_its_own_submission_and_shares_the_zygote(build):
    first, origin = build(look=LOOK, layers="def name(): return 'first'\n"), build(look=LOOK, layers="def name(): return 'second'\n")
    with origin.worker() as worker:
        root = Path(worker.module("look").path()[0])
    with first.worker() as one, first.beside(root) as second, second.worker() as two:
        assert [one.module("layers").name(), two.module("layers").name()] == ["first", "second"]
        assert parent_of(one) == parent_of(two)
        own, other = one.module("look").path()[0], two.module("look").path()[0]
        assert own != other == str(root)
        for worker, absent in ((one, other), (two, own)):
            assert absent not in worker.module("look").whole_path()
    assert not second.import_failures


def test_import_that_failed_behind_one_wall_is_tried_behind_the_other(build, tmp_path):
    wall = build(layers="1 / 0\n")
    root = tmp_path / "other"
    (root / "pytorchnano").mkdir(parents=True)
    (root / "pytorchnano" / "layers.py").write_text("def one(): return 1\n")
    with wall.worker() as worker, pytest.raises(ModuleUnavailable):
        worker.load("layers")
    with wall.beside(root) as other, other.worker() as worker:
        assert worker.module("layers").one() == 1


def test_closing_a_wall_beside_leaves_the_first_and_closing_the_first_ends_both(build):
    wall = build(look=LOOK)
    second = wall.beside(None)
    third = second.beside(None)
    one, two = wall.worker(), second.worker()
    second.close()
    second.close()
    with pytest.raises(GraderFault, match="after its end"):
        two.loaded()
    with pytest.raises(GraderFault, match="closed"):
        second.worker()
    assert one.module("look").flags()
    third.worker().close()
    wall.close()
    with pytest.raises(GraderFault, match="closed"):
        third.worker()


def test_probes_of_walls_beside_each_other_do_not_meet(build, tmp_path):
    source = "from dataclasses import dataclass\n@dataclass\nclass Held:\n    x: int\ndef mine(): return {name!r}\n"
    wall = build(probes=source.format(name="first"), layers="")
    other = wall.beside(None, probes=write_probes(tmp_path / "others", source.format(name="second") + "def more(): return 1\n"))
    same = wall.beside(None)
    for tenant, said in ((wall, "first"), (other, "second"), (same, "first"), (wall, "first")):
        with tenant.worker() as worker:
            assert worker.probe("mine") == said
    with wall.worker() as worker, pytest.raises(GraderFault, match="no function more"):
        worker.probe("more")


def test_what_a_worker_does_to_its_probes_is_gone_with_it(build):
    wall = build(
        probes="def one(package): return package.layers.value\n",
        layers="import probes.staff\nprobes.staff.one.__code__ = (lambda package: 2).__code__\nvalue = 1\n",
    )
    with wall.worker() as worker:
        worker.load("layers")
        assert worker.probe("one") == 2
    with wall.worker() as worker:
        assert worker.probe("one") == 1


def test_preloaded_modules_are_in_the_workers_that_ask_for_them_alone(build):
    wall = build(look=LOOK)
    with wall.worker() as light, wall.worker(preload=("sqlite3",)) as heavy, wall.worker(preload=["sqlite3"]) as again:
        assert "sqlite3" not in light.loaded().modules
        assert "sqlite3" in heavy.loaded().modules
        assert parent_of(heavy) == parent_of(again) != parent_of(light)


def test_end_of_one_zygote_leaves_the_workers_of_the_other(build):
    wall = build(look=LOOK, layers="import os, signal\ndef strike(): os.kill(os.getppid(), signal.SIGKILL); signal.pause()\n")
    with wall.worker() as light, wall.worker(preload=("sqlite3",)) as heavy:
        before = parent_of(light)
        with pytest.raises(SubmissionDied):
            heavy.module("layers").strike()
        with wall.worker(preload=("sqlite3",)) as again:
            assert again.module("look").flags()
        assert parent_of(light) == before


def test_two_workers_share_nothing(build):
    wall = build(layers="seen = []\ndef add(): seen.append(1); return len(seen)\n")
    with wall.worker() as one, wall.worker() as other:
        assert [one.module("layers").add(), one.module("layers").add(), other.module("layers").add()] == [1, 2, 1]
        one.close()
        assert other.module("layers").add() == 2


def test_close_leaves_neither_files_nor_processes_and_may_be_called_twice(build):
    wall = build(look=LOOK)
    worker = wall.worker(scratch="-")
    look = worker.module("look")
    pids, temp = look.pid(), Path(look.environment()["MPLCONFIGDIR"]).parent
    assert temp.is_dir()
    wall.close()
    wall.close()
    worker.close()
    assert not temp.exists()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    with pytest.raises(GraderFault, match="closed"):
        wall.worker()


def test_wall_that_nobody_closed_is_closed_at_exit(tmp_path):
    script = (
        "import sys\nfrom pathlib import Path\nfrom grader.model.limits import Limits\nfrom grader.remote.wall import Wall\n"
        "wall = Wall(None, limits=Limits(), probes=Path(sys.argv[1]))\nworker = wall.worker()\nprint(worker.probe('where'))\n"
    )
    probes = write_probes(tmp_path / "probes", "import os\ndef where(): return os.environ['MPLCONFIGDIR'] + ' ' + str(os.getpid())\n")
    done = subprocess.run(
        [sys.executable, "-c", script, str(probes)], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    folder, pid = done.stdout.split()
    assert not Path(folder).parent.exists()
    assert not Path(f"/proc/{pid}").exists()
    assert done.stderr == ""


def test_fork_of_the_grader_does_not_end_its_parents_wall(build):
    wall = build(layers="def one(): return 1\n")
    worker = wall.worker()
    child = os.fork()
    if child == 0:
        wall.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert worker.module("layers").one() == 1
    worker.close()


def test_interrupt_in_a_request_ends_that_worker_and_no_other(build, monkeypatch):
    wall = build(layers="import time\ndef nap(): time.sleep(0.2); return 1\ndef one(): return 1\n")
    with wall.worker() as worker:
        worker.load("layers")

        def interrupt(self, deadlines):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("grader.remote.channel.Channel._wait", interrupt)
            with pytest.raises(KeyboardInterrupt):
                worker.module("layers").nap()
        with pytest.raises(GraderFault, match="interrupted"):
            worker.module("layers").one()
    with wall.worker() as worker:
        assert worker.module("layers").one() == 1


def test_scratch_files_of_hostile_kinds_are_not_opened(start, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    worker = start(
        scratch="-",
        layers=f"""
        import os
        def place():
            os.symlink({str(secret)!r}, "link")
            os.symlink({str(tmp_path)!r}, "folder")
            os.mkfifo("fifo")
            os.mkdir("sub")
            open("sub/good", "w").write("good")
            open("large", "w").write("x" * 101)
            open("grader", "w").close()
            os.link("large", "hard")
    """,
    )
    worker.module("layers").place()
    for name in ("link", "folder/secret", "fifo", "sub", "large", "absent", "sub/absent", "good/x"):
        with pytest.raises(CheckFailed):
            worker.read_scratch(name, 100)
    assert worker.read_scratch("sub/good", 100) == b"good"
    for name in ("/etc/passwd", "../x", "sub/../../x", ""):
        with pytest.raises(GraderFault):
            worker.read_scratch(name, 100)
    for name in ("link", "fifo", "fresh"):
        worker.write_scratch(name, b"ours")
        assert worker.read_scratch(name, 100) == b"ours"
    with pytest.raises(CheckFailed):
        worker.write_scratch("folder/x", b"")
    assert secret.read_text() == "secret"


def test_scratch_folder_is_removed_however_deep_it_is(start):
    worker = start(
        scratch="-",
        limits=Limits(scratch_files=10_000),
        layers="""
        import os
        def dig():
            for _ in range(30):
                os.mkdir("d" * 200)
                os.chdir("d" * 200)
            open("f", "w").close()
            os.chmod(".", 0)
    """,
    )
    worker.module("layers").dig()
    worker.close()
    assert not worker.scratch.parent.exists()


def test_worker_without_scratch_refuses_files(start):
    with pytest.raises(GraderFault, match="scratch"):
        start(layers="").read_scratch("x", 10)
