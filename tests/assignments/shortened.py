"""A copy of an assignment with short limits: what sleeps or loops for ever then costs a test a second."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from grader.model.assignment import shared_folder

SHORT = {
    "import_cpu_s": 1.0,
    "call_cpu_s": 1.0,
    "call_wall_s": 4.0,
    "check_cpu_s": 6.0,
    "check_wall_s": 20.0,
}
"""Far above what a right answer needs on a busy machine, far below what an assignment allows."""


def shorten(root: Path, name: str, *, trainings: bool = False, **limits: float) -> Path:
    """Copy the assignment `name` to `root`, with its limits replaced, and return `root`, to be given to `run_job`.

    The checks of trainings stay behind unless asked for: they load the images, and no other check comes after them.
    """
    source, target = shared_folder("assignments") / name, root / name
    ignored = ("__pycache__",) if trainings else ("__pycache__", "test_training*.py")
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*ignored))
    settings = target / "assignment.toml"
    text = re.sub(r"(?ms)^\[limits\]\n.*?(?=^\[)", "", settings.read_text(encoding="utf-8"))
    lines = [f"{key} = {value:g}" for key, value in (SHORT | limits).items()]
    settings.write_text(text + "\n[limits]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return root
