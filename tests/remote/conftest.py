"""Small submissions behind a wall of their own."""

import textwrap
from dataclasses import replace

import pytest

from grader.model.limits import Limits
from grader.remote.wall import Wall

QUICK = Limits(import_cpu_s=0.4, call_cpu_s=0.4, call_wall_s=40.0, check_cpu_s=2.0, check_wall_s=90.0, memory_mb=1024, processes=2_000)
"""Short CPU limits; the wall's are long, because the machine may be busy."""
IMPATIENT = replace(QUICK, call_cpu_s=5.0, check_cpu_s=20.0, call_wall_s=0.7)
"""For code that waits and uses no CPU."""


@pytest.fixture
def build(tmp_path):
    """Write modules and return a wall before them; `probes` is staff code, `limits` and the rest go to the wall."""
    walls = []

    def build(probes="", limits=QUICK, impatient=False, **modules):
        limits = IMPATIENT if impatient else limits
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
