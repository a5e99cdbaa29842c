"""Small submissions behind a wall of their own."""

import textwrap

import pytest

from grader.model.limits import Limits
from grader.remote.wall import Wall

QUICK = Limits(import_cpu_s=0.3, call_cpu_s=0.3, call_wall_s=1.0, check_cpu_s=2.0, check_wall_s=5.0, memory_mb=1024, processes=2_000)


@pytest.fixture
def build(tmp_path):
    """Write modules and return a wall before them; `probes` is staff code, `limits` and the rest go to the wall."""
    walls = []

    def build(probes="", limits=QUICK, **modules):
        options = {key: modules.pop(key) for key in ("level", "preload") if key in modules}
        root = tmp_path / f"workspace{len(walls)}"
        package = root / "pytorchnano"
        package.mkdir(parents=True)
        modules.setdefault("__init__", "")
        for name, source in modules.items():
            (package / f"{name}.py").write_text(textwrap.dedent(source))
        probe_file = root.with_suffix(".probes.py")
        probe_file.write_text(textwrap.dedent(probes))
        walls.append(Wall(root, limits=limits, probes=probe_file, **options))
        return walls[-1]

    yield build
    for wall in walls:
        wall.close()


@pytest.fixture
def start(build):
    """Start a worker with the modules given."""
    workers = []

    def start(scratch="", **modules):
        workers.append(build(**modules).worker(scratch=scratch))
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()
