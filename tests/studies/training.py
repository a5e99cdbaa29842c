"""The measurement behind the trainings' thresholds and tolerance: `python tests/studies/training.py --help`.

Runs watched trainings in this process, without the wall (the arithmetic is the same), and appends one JSON line for each to
`--records`; a run that is there is not repeated, so the command can be stopped and started again. It ends by writing the
tables into the document `--out`, between its two `measured` markers.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import zlib
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import numpy as np  # noqa: E402
from in_process import LocalWorker, load_submission  # noqa: E402
from training_bugs import concerns, plant_bugs  # noqa: E402
from training_tables import write_tables  # noqa: E402

from grader.asserts.training import read_plan, try_once  # noqa: E402
from grader.datasets import load_full, load_subset  # noqa: E402
from grader.faults import StudentFault  # noqa: E402
from grader.model.assignment import find_assignment  # noqa: E402

# `loops` convolves in plain Python: a minute an epoch, and told so by its budget.
SUBMISSIONS = {"mnist_mlp": ("reference", "loops", "tape", "terse"), "mnist_cnn": ("reference", "tape", "terse")}
BUG_SEEDS = 3
Task = tuple[str, str, str, int]
"""Training, `right`, `full` or a bug's name, submission, number."""


def main() -> None:
    options = read_options()
    tasks = list(list_tasks(options.mlp, options.cnn, options.full))
    done = {key_of(record) for record in read_records(options.records)}
    left = [task for task in tasks if "/".join(map(str, task)) not in done]
    print(f"{len(tasks)} trainings, {len(left)} to run", flush=True)
    started = time.monotonic()
    with options.records.open("a", encoding="utf-8") as file:
        for count, record in enumerate(run_all(left, options.seed, options.jobs), start=1):
            file.write(json.dumps(record) + "\n")
            file.flush()
            if count % 100 == 0:
                print(f"{count} of {len(left)} after {time.monotonic() - started:.0f} s", flush=True)
    if options.out:
        titles = {name: title for name, (title, _) in plant_bugs(load_submission("reference")).items()}
        write_tables(options.out, read_records(options.records), titles, find_assignment("pytorchnano").trainings)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mlp", type=int, default=1000, help="trainings of the perceptron, half of them the reference's")
    parser.add_argument("--cnn", type=int, default=200, help="trainings of the convolutional network, half of them the reference's")
    parser.add_argument("--full", type=int, default=0, help="trainings of each on the full MNIST (needs MNIST_DIR)")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--seed", type=int, default=2026, help="every secret comes from it and from the run's name")
    parser.add_argument("--records", type=Path, default=Path("training.jsonl"), help="JSON lines, appended to")
    parser.add_argument("--out", type=Path, help="the document whose tables are replaced, docs/training.md")
    return parser.parse_args()


def list_tasks(mlp: int, cnn: int, full: int) -> Iterable[Task]:
    """Yield the bugs first: they are few and say most; then right submissions."""
    for training in SUBMISSIONS:
        classes = {entry[0].split(".")[1] for entry in find_assignment("pytorchnano").trainings[training]["layers"]}
        for bug in plant_bugs(load_submission("reference")):
            if concerns(bug, classes):
                yield from ((training, bug, "reference", number) for number in range(BUG_SEEDS))
    right: list[Task] = []
    for training, total in (("mnist_mlp", mlp), ("mnist_cnn", cnn)):
        others = [name for name in SUBMISSIONS[training] if name != "reference"]
        right += [(training, "right", "reference", number) for number in range(total - total // 2)]
        right += [(training, "right", name, number) for name in others for number in range(total // 2 // len(others))]
        right += [(training, "full", "reference", number) for number in range(full)]
    # By number, so that a study that is stopped early has seen something of everything.
    yield from sorted(right, key=lambda task: task[3])


def run_all(tasks: list[Task], seed: int, jobs: int) -> Iterable[dict[str, Any]]:
    if jobs == 1:
        yield from (run_one(task, seed) for task in tasks)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run_one, tasks, [seed] * len(tasks))


def run_one(task: Task, seed: int) -> dict[str, Any]:
    """Train once, under the run's own secret; the threshold is left out, so that every network's predictions are compared."""
    training, kind, submission, number = task
    plan = read_plan(training, find_assignment("pytorchnano").trainings[training], full=kind == "full")
    plan = replace(plan, threshold=0.0, budget_cpu_s=1e6)
    package: Any = load_submission(submission)
    if kind not in ("right", "full"):
        package = plant_bugs(package)[kind][1]
    secret = [seed, zlib.crc32("/".join(map(str, task)).encode())]
    data = load_full() if kind == "full" else load_subset()
    record: dict[str, Any] = {"training": training, "kind": kind, "submission": submission, "number": number}
    started = time.process_time()
    try:
        result = try_once(LocalWorker(package), plan, data, load_submission("reference"), np.random.default_rng(secret))
    except StudentFault as fault:
        return record | {"ending": "fault", "said": str(fault), "accuracy": None}
    return record | {
        "ending": result.ending,
        "accuracy": result.accuracy,
        "ratio": result.worst.ratio if result.worst else None,
        "parameter": result.worst.name if result.worst else None,
        "share": result.worst.share if result.worst else None,
        "replayed": result.replayed,
        "nudged": result.nudged,
        "steps": len(result.losses),
        "cpu_s": round(result.cpu_s, 4),
        "all_cpu_s": round(time.process_time() - started, 4),
    }


def read_records(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]


def key_of(record: dict[str, Any]) -> str:
    return "/".join(str(record[name]) for name in ("training", "kind", "submission", "number"))


if __name__ == "__main__":
    main()
