"""`make bench`: the seconds of a whole run of the reference, where they go, and what the wall costs a check.

Prints ratios and medians measured side by side in one go; asserts nothing, because machines are noisy.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from grader.model.assignment import find_assignment, shared_folder
from grader.model.job import Job, Session
from grader.model.limits import Limits
from grader.model.report import Report
from grader.remote.wall import Wall
from grader.run.job import run_job
from grader.run.session import read_session

REFERENCE = shared_folder("reference")
ROUNDS = 3
TRAININGS = "training"


def main() -> None:
    """Measure and print."""
    # As a user's run finds it: modules compiled once, at the first run.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    whole, without = measure_runs()
    print_run("whole run", whole)
    print_run("run without trainings", without)
    print_processes()
    print_public()
    print_wall()
    print_steps()


def measure_runs() -> tuple[list[tuple[Report, float, float]], list[tuple[Report, float, float]]]:
    """Grade the reference whole and without trainings, in turn."""
    assignment = find_assignment("pytorchnano")
    groups = tuple(name for name in assignment.groups if not name.startswith(TRAININGS))
    whole = [grade(()) for _ in range(1)]
    return whole, [grade(groups) for _ in range(ROUNDS)]


def grade(only: tuple[str, ...], visibility: str = "all") -> tuple[Report, float, float]:
    """Return the report of one run, its wall seconds and its CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        before, start = children_cpu_s(), time.perf_counter()
        report = run_job(Job(REFERENCE, "pytorchnano", Path(folder), seed=1, only=only, visibility=visibility)).report  # type: ignore[arg-type]
        return report, time.perf_counter() - start, children_cpu_s() - before


def children_cpu_s() -> float:
    """Return the CPU seconds of all ended children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def print_run(title: str, runs: list[tuple[Report, float, float]]) -> None:
    """Print seconds and the modules of checks that took them."""
    report = runs[0][0]
    wall_s, cpu_s = (statistics.median(run[column] for run in runs) for column in (1, 2))
    print(f"\n{title}: {wall_s:.2f} s, {cpu_s:.2f} s of CPU, {len(report.checks)} checks, score {report.score:g} of {report.max_score:g}")
    seconds: dict[str, float] = {}
    for check in report.checks:
        module = check.group.split(".")[0]
        seconds[module] = seconds.get(module, 0.0) + check.seconds
    for module, spent in sorted(seconds.items(), key=lambda entry: -entry[1]):
        print(f"  {module:<14} {spent:6.2f} s")
    print(f"  {'the rest':<14} {wall_s - sum(seconds.values()):6.2f} s  (start, imports, collection, report)")
    slowest = sorted(report.checks, key=lambda check: -check.seconds)[:5]
    print("  slowest: " + ", ".join(f"{check.id} {check.seconds * 1000:.0f} ms" for check in slowest))


def print_processes() -> None:
    """Print the CPU seconds of the run without trainings, process by process."""
    groups = [name for name in find_assignment("pytorchnano").groups if not name.startswith(TRAININGS)]
    counts: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            workspace = Path(folder) / "workspace"
            shutil.copytree(REFERENCE, workspace, ignore=shutil.ignore_patterns("__pycache__"))
            run_apart("tests.benchmarks.counted", groups, workspace, Path(folder))
            counts.append(json.loads((Path(folder) / "counted.json").read_text()))
    median = {name: statistics.median(count[name] for count in counts) for name in counts[0]}
    each = {name: median[name] for name in ("session", "zygotes", "workers")}
    print(f"\nCPU of the run without trainings: {sum(each.values()):.2f} s (median of {ROUNDS}), {median['started']:.0f} workers")
    for name, spent_s in each.items():
        print(f"  {name:<14} {spent_s:6.2f} s, {1000 * spent_s / median['started']:5.1f} ms a worker")


def print_public() -> None:
    """Print what a student waits for."""
    runs = [grade((), "public") for _ in range(ROUNDS)]
    print(f"\npublic checks: {statistics.median(run[1] for run in runs):.2f} s, {len(runs[0][0].checks)} checks")


def print_wall() -> None:
    """Print the wall's overhead a check: the same session with and without it, in turn."""
    with_wall: list[float] = []
    without: list[float] = []
    count = 0
    for _ in range(ROUNDS):
        report, _, _ = grade(
            tuple(g for g in find_assignment("pytorchnano").groups if not g.startswith((TRAININGS, "visualize", "source")))
        )
        count = len(report.checks)
        with_wall.append(sum(check.seconds for check in report.checks))
        without.append(run_in_process([check.group for check in report.checks]))
    walled, bare = statistics.median(with_wall), statistics.median(without)
    print(f"\nthe wall: {count} checks take {walled:.2f} s behind it and {bare:.2f} s in one process (median of {ROUNDS})")
    print(f"  {1000 * (walled - bare) / count:.1f} ms a check, ratio {walled / bare:.2f}")


def run_in_process(groups: list[str]) -> float:
    """Return the seconds of the same checks without a wall."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_apart("tests.benchmarks.in_process", groups, REFERENCE, folder)  # in one process oracle and submission are one package
        ran = read_session(folder / "journal.jsonl", folder / "in_process.json")
        failed = [name for name, outcome in ran.outcomes.items() if outcome["status"] != "passed"]
        if failed:
            print(f"  (in one process {len(failed)} checks did not pass: {', '.join(failed[:3])})")
        return sum(outcome["seconds"] for outcome in ran.outcomes.values())


def run_apart(module: str, groups: list[str], workspace: Path, folder: Path) -> None:
    """Have a module of these benchmarks run a session with these groups on a workspace; what it leaves is in `folder`."""
    session = Session(
        assignment=str(find_assignment("pytorchnano").folder),
        workspace=str(workspace),
        digest="",
        seed=1,
        public_seed=1,
        journal=str(folder / "journal.jsonl"),
        artifacts=str(folder),
        only=tuple(dict.fromkeys(groups)),
    )
    told = folder / "session.json"
    told.write_text(json.dumps(asdict(session)))
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    subprocess.run([sys.executable, "-m", module, str(told)], env=environment, stdout=subprocess.DEVNULL, check=False)


def print_steps() -> None:
    """Print what one worker costs, step by step."""
    images = np.random.default_rng(0).random((32, 1, 28, 28))
    megabyte = np.zeros(1 << 17)
    spent: dict[str, list[float]] = {"fork, confine, hello": [], "load and first call": [], "1 MB there and back": [], "kill and reap": []}
    with Wall(REFERENCE, limits=Limits()) as wall:
        wall.worker().close()
        for _ in range(30):
            marks = [time.perf_counter()]
            worker = wall.worker()
            marks.append(time.perf_counter())
            worker.module("activations").ReLU().forward(images[:1])
            marks.append(time.perf_counter())
            worker.module("layers").Flatten().forward(megabyte[None])
            marks.append(time.perf_counter())
            worker.close()
            marks.append(time.perf_counter())
            for name, start, end in zip(spent, marks, marks[1:], strict=False):
                spent[name].append(1000 * (end - start))
    print("\none worker, median of 30:")
    for name, values in spent.items():
        print(f"  {name:<22} {statistics.median(values):6.2f} ms")


if __name__ == "__main__":
    main()
