"""`grader doctor`: what this machine can isolate, train, draw and read; a row each, with the command that mends it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from grader.model.assignment import assignment_names, shared_folder
from grader.model.limits import Limits

WIDTH = 79
_INDENT = 18
_NEEDED_MB = 256
_FILES_ARE_HIDDEN = "L3"
"""The first level whose workers see only what they need."""
_REINSTALL = "pip install --force-reinstall network-grader"


@dataclass(frozen=True)
class Row:
    """One thing that grading needs."""

    area: str
    """`isolate`, `train`, `draw`, `data` or `write`."""
    status: Literal["PASS", "CAUTION", "FAIL"]
    """CAUTION: grading works with less. FAIL: it does not."""
    said: str
    """What was found, as a sentence."""
    remedy: str = ""
    """The command or the change that mends it; never empty unless PASS."""


@click.command("doctor")
def command() -> None:
    """Say what this machine can isolate, train, draw and read: PASS, CAUTION or FAIL a row; exit 3 when a row says FAIL."""
    statuses: list[str] = []
    for area, examine in EXAMINATIONS:
        for row in _examine(area, examine):
            statuses.append(row.status)
            click.echo(render(row))
    failed, cautions = statuses.count("FAIL"), statuses.count("CAUTION")
    if failed:
        click.echo(f"\nNot ready: {failed} FAIL, {cautions} CAUTION. Mend what says FAIL first.")
        raise click.exceptions.Exit(3)
    click.echo("\nReady to grade." if not cautions else f"\nReady to grade, with {cautions} CAUTION.")


def render(row: Row) -> str:
    """Return the row's lines, within 80 columns."""
    lead = f"{row.status:<8} {row.area:<8} "
    lines = textwrap.wrap(row.said, WIDTH, initial_indent=lead, subsequent_indent=" " * _INDENT, break_on_hyphens=False)
    if row.remedy:
        lines += textwrap.wrap(
            row.remedy, WIDTH, initial_indent=" " * _INDENT + "mend: ", subsequent_indent=" " * (_INDENT + 6), break_on_hyphens=False
        )
    return "\n".join(lines)


def _examine(area: str, examine: Callable[[], Iterator[Row]]) -> Iterator[Row]:
    # Whatever is broken here is what the doctor is asked about: an exception is a finding, never the end.
    try:
        yield from examine()
    except Exception as error:
        lines = str(error).splitlines() or [""]
        yield Row(area, "FAIL", f"Looking at it raised {type(error).__name__}: {lines[0]}", f"{_REINSTALL}, and look again: grader doctor")


def examine_isolation() -> Iterator[Row]:
    """Yield a row for each isolation layer, and one for the level that they reach."""
    from grader.isolation.levels import LAYERS, LEVELS, best

    top, layers = best()
    for layer in LAYERS:
        found = layer.available()
        if found.ok:
            yield Row("isolate", "PASS", f"Layer {layer.NAME} works")
        else:
            status = "CAUTION" if layers else "FAIL"
            yield Row("isolate", status, f"Layer {layer.NAME}: {found.reason}.", found.remedy or "docker run, or another machine")
    names = [level.name for level in LEVELS]
    if top not in names:
        yield Row("isolate", "FAIL", "No isolation level is reached: nothing can be graded here.", "use Linux, or a container on Linux")
        return
    said = f"Level {top}: {LEVELS[names.index(top)].title}"
    if names.index(top) < names.index(_FILES_ARE_HIDDEN):
        said += f". Below {_FILES_ARE_HIDDEN} a submission can read this user's files and reach the network."
        yield Row("isolate", "CAUTION", said, "grade as a user without secrets, in a container or a virtual machine")
    else:
        yield Row("isolate", "PASS", said)
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "rlimits" in {layer.NAME for layer in layers}:
        said = "You are root: the kernel does not hold root's processes to a number, and submissions would run as root."
        yield Row("isolate", "CAUTION", said, "run the grader as another user: su USER -c 'grader doctor'")


def examine_training() -> Iterator[Row]:
    """Yield rows about Python, NumPy, processor cores and memory."""
    yield Row("train", "PASS", f"Python {platform.python_version()}")
    wanted, found = _least_version("numpy"), importlib.metadata.version("numpy")
    if _as_numbers(found) < _as_numbers(wanted):
        yield Row("train", "FAIL", f"NumPy is {found}; {wanted} or newer is needed.", f"pip install 'numpy>={wanted}'")
    else:
        yield Row("train", "PASS", f"NumPy {found}; every worker computes with one thread")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2:
        remedy = "run it on a machine or in a container with two cores (docker run --cpus 2)"
        yield Row("train", "CAUTION", "1 processor core: the grader and the worker take turns, and runs take longer.", remedy)
    else:
        yield Row("train", "PASS", f"{cores} processor cores")
    yield from _examine_memory()


def _examine_memory() -> Iterator[Row]:
    free_mb, limit_mb = _free_memory_mb(), Limits().memory_mb
    if free_mb is None:
        return
    if free_mb < limit_mb:
        said = f"{free_mb} MiB of memory are free, and a submission may use up to {limit_mb}: a greedy one could starve the grader."
        yield Row("train", "CAUTION", said, "end other programs, or lower limits.memory_mb in assignment.toml")
    else:
        yield Row("train", "PASS", f"{free_mb} MiB of memory are free; a submission may use up to {limit_mb}")


def _free_memory_mb() -> int | None:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) // 1024 if found else None


def examine_drawing() -> Iterator[Row]:
    """Yield rows about matplotlib: can it draw a picture, and can it keep its list of fonts."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    with tempfile.TemporaryFile() as file:
        figure = Figure(figsize=(1, 1))
        figure.text(0.5, 0.5, "0")  # pyright: ignore[reportUnknownMemberType]
        figure.savefig(file, format="png")  # pyright: ignore[reportUnknownMemberType]
    yield Row("draw", "PASS", f"matplotlib {importlib.metadata.version('matplotlib')} draws a picture")
    cache = Path(matplotlib.get_cachedir())
    kept = os.access(cache, os.W_OK) and not cache.is_relative_to(tempfile.gettempdir())
    if kept or "MPLCONFIGDIR" in os.environ:
        yield Row("draw", "PASS", "matplotlib keeps its list of fonts")
    else:
        said = "matplotlib has no folder that lasts and makes its list of fonts anew in every run, which takes seconds."
        yield Row("draw", "CAUTION", said, "export MPLCONFIGDIR=FOLDER, a folder that you may write to")


def examine_data() -> Iterator[Row]:
    """Yield rows about assignments and MNIST, the embedded subset and the full set."""
    from grader.datasets import load_subset, mnist_folder, verify

    names = assignment_names()
    if names and (shared_folder("reference") / "pytorchnano").is_dir():
        yield Row("data", "PASS", f"Assignments: {', '.join(names)}")
    else:
        yield Row("data", "FAIL", "The assignments or the reference are missing from the installation.", _REINSTALL)
    subset = load_subset()
    yield Row("data", "PASS", f"MNIST subset: {len(subset.train_labels):,} + {len(subset.test_labels):,} images")
    files = verify(mnist_folder())
    absent = [file.name for file in files if file.status == "absent"]
    damaged = [file.said for file in files if file.status not in ("verified", "absent")]
    if damaged:
        yield Row("data", "CAUTION", f"The full MNIST is damaged: {' '.join(damaged)}", "grader data fetch")
    elif absent:
        yield Row("data", "CAUTION", "The full MNIST is not here; only `grader run --mnist full` needs it.", "grader data fetch")
    else:
        yield Row("data", "PASS", "Full MNIST: all four files are right")


def examine_writing() -> Iterator[Row]:
    """Yield a row about the folder where workspaces are made."""
    folder = tempfile.gettempdir()
    free_mb = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize // 2**20
    if free_mb < _NEEDED_MB:
        said = f"{free_mb} MiB are free in {folder}, where submissions are unpacked; {_NEEDED_MB} are needed."
        yield Row("write", "FAIL", said, "export TMPDIR=FOLDER, a folder on a disk with more space")
    else:
        yield Row("write", "PASS", f"{free_mb} MiB are free in {folder} for workspaces")


def _least_version(package: str) -> str:
    for line in importlib.metadata.requires("network-grader") or []:
        if found := re.match(rf"{package}\s*>=\s*([\d.]+)", line):
            return found[1]
    return "0"


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


EXAMINATIONS: tuple[tuple[str, Callable[[], Iterator[Row]]], ...] = (
    ("isolate", examine_isolation),
    ("train", examine_training),
    ("draw", examine_drawing),
    ("data", examine_data),
    ("write", examine_writing),
)
