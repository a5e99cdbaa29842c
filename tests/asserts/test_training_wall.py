import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from grader.asserts.training import read_plan, watch_training
from grader.datasets import load_subset
from grader.model.assignment import find_assignment, shared_folder
from grader.remote.wall import Wall

sys.path.insert(0, str(Path(__file__).parents[1] / "studies"))
from in_process import LocalWorker, load_submission

ASSIGNMENT = find_assignment("pytorchnano")
REFERENCE = load_submission("reference")
PLAN = replace(read_plan("mnist_mlp", ASSIGNMENT.trainings["mnist_mlp"]), epochs=1, threshold=0.6)


def test_training_behind_the_wall_equals_training_in_process():
    limits = replace(ASSIGNMENT.limits, check_cpu_s=60.0, check_wall_s=180.0)
    with Wall(shared_folder("reference"), limits=limits, probes=ASSIGNMENT.probes) as wall, wall.worker() as worker:
        behind = watch_training(worker, PLAN, load_subset(), REFERENCE, np.random.default_rng(0))
    local = watch_training(LocalWorker(REFERENCE), PLAN, load_subset(), REFERENCE, np.random.default_rng(0))
    assert behind.ending == local.ending == "trained"
    assert behind.cpu_s > 0
    np.testing.assert_allclose(behind.losses[:50], local.losses[:50], rtol=1e-4)
