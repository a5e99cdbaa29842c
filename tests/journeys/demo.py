"""`make demo`: grade five submissions on real MNIST, show their summaries, keep their reports in `demo-reports/`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grader.model.assignment import shared_folder
from grader.model.misconception import apply_edits, load_misconceptions

ROOT = Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "demo-reports"
REFERENCE = shared_folder("reference") / "pytorchnano"
CATALOGUE = shared_folder("assignments") / "pytorchnano" / "misconceptions"
SEEDED = ("dense.bias_gradient_over_features", "conv2d.kernel_flipped", "adam.no_bias_correction")


def make_submissions(folder: Path) -> dict[str, Path]:
    """Write the five submissions below `folder`; return them by name, the best first."""
    made = {name: folder / name for name in ("reference", "template", "three_mistakes", "crashes_at_import", "loops_for_ever")}
    for path in made.values():
        path.mkdir()
    shutil.copytree(REFERENCE, made["reference"] / "pytorchnano", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(
        ROOT / "student_template" / "pytorchnano", made["template"] / "pytorchnano", ignore=shutil.ignore_patterns("__pycache__")
    )
    catalogue = load_misconceptions(CATALOGUE)
    apply_edits([edit for name in SEEDED for edit in catalogue[name].edits], REFERENCE, made["three_mistakes"])
    crashing = apply_edits([], REFERENCE, made["crashes_at_import"])
    (crashing / "__init__.py").write_text('raise RuntimeError("the settings file is missing")\n')
    looping = apply_edits([], REFERENCE, made["loops_for_ever"])
    with (looping / "layers.py").open("a") as file:
        file.write("\n\ndef _wait(self, x):\n    while True:\n        pass\n\n\nConv2D.forward = _wait\n")
    return made


def main() -> int:
    """Grade them one after another; exit 1 when a run did not end with a report."""
    OUT.mkdir(exist_ok=True)
    started = time.monotonic()
    failures = 0
    with tempfile.TemporaryDirectory(prefix="grader-demo-") as folder:
        submissions = make_submissions(Path(folder))
        for number, (name, path) in enumerate(submissions.items(), start=1):
            print(f"\n=== {number} of {len(submissions)}: {name} " + "=" * (50 - len(name)), flush=True)
            out = OUT / name
            shutil.rmtree(out, ignore_errors=True)
            command = [sys.executable, "-m", "grader", "run", str(path), "--assignment", "pytorchnano", "--seed", "1", "--out", str(out)]
            status = subprocess.run(command, check=False).returncode
            failures += status != 0
            print(f"--- {time.monotonic() - started:.0f} s so far", flush=True)
    print(f"\nReports, pictures and training curves: {OUT.relative_to(Path.cwd()) if OUT.is_relative_to(Path.cwd()) else OUT}/")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
