"""Small submissions behind a wall of their own."""

import textwrap

import pytest

from grader.model.limits import Limits
from grader.remote.wall import Wall

QUICK = Limits(import_cpu_s=0.4, call_cpu_s=0.4, call_wall_s=120.0, check_cpu_s=2.0, check_wall_s=240.0, memory_mb=1024, processes=2_000)
"""Short CPU limits; the wall's are long, because the machine may be busy."""


def make_build(folder):
    """Return a function that writes modules and returns a wall before them, and the list of these walls."""
    walls = []

    def build(probes="", limits=QUICK, **modules):
        options = {key: modules.pop(key) for key in ("level",) if key in modules}
        root = folder / f"workspace{len(walls)}"
        package = root / "pytorchnano"
        package.mkdir(parents=True)
        modules.setdefault("__init__", "")
        for name, source in modules.items():
            (package / f"{name}.py").write_text(textwrap.dedent(source))
        staff = root.with_suffix(".probes")
        staff.mkdir()
        (staff / "staff.py").write_text(textwrap.dedent(probes))
        walls.append(Wall(root, limits=limits, probes=staff, **options))
        return walls[-1]

    return build, walls


@pytest.fixture
def build(tmp_path):
    """Write modules and return a wall before them; `probes` is staff code, `limits` and the rest go to the wall."""
    build, walls = make_build(tmp_path)
    yield build
    for wall in walls:
        wall.close()


@pytest.fixture(scope="module")
def share(tmp_path_factory):
    """The same, one wall for all tests of a module that name the same sources: a zygote's start takes its time."""
    build, walls = make_build(tmp_path_factory.mktemp("shared"))
    known = {}

    def share(name, **options):
        if name not in known:
            known[name] = build(**options)
        return known[name]

    yield share
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
