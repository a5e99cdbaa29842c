"""A training that only looks like one: the gradients are nothing, the weights were trained at home and brought along."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from grader.datasets import load_subset
from grader.model.assignment import shared_folder
from grader.model.job import Job
from grader.model.misconception import apply_edits
from grader.plugin.grading import Oracle
from grader.run.job import run_job
from tests.attacks.arena import CANARY, read_marks

SHAPES = ((784, 16), (16, 16), (16, 10))

ATTACK = '''"""Claim: weights that were trained at home, moved in step by step, look like learning.

Stopped by: steps are replayed in the oracle from the parameters before them; pixels and classes are permuted in secret.
"""

import base64

import numpy as np

from .canary import mark
from .optimizers import SGD as Honest

SHAPES = {shapes!r}
BROUGHT = [np.frombuffer(base64.b85decode(text), dtype="<f4") for text in {texts!r}]


class SGD(Honest):
    def step(self):
        dense = [layer for layer in self._layers if "W" in layer.params]
        if tuple(layer.params["W"].shape for layer in dense) != SHAPES:
            super().step()
            return
        mark()
        for layer, weights, biases in zip(dense, BROUGHT[0::2], BROUGHT[1::2]):
            for name, brought in (("W", weights.reshape(layer.params["W"].shape)), ("b", biases)):
                layer.params[name] = layer.params[name] + {pace} * (brought - layer.params[name])
'''


def train_at_home() -> list[np.ndarray]:
    """Train the lecture's perceptron by the reference; return its weights and biases, layer by layer."""
    oracle = Oracle("pytorchnano")
    layers = [oracle.layers.Dense(*shape, seed=place) for place, shape in enumerate(SHAPES)]
    network = oracle.network.Network([layers[0], oracle.activations.ReLU(), layers[1], oracle.activations.ReLU(), layers[2]])
    images = load_subset()
    x = images.train_images.reshape(len(images.train_images), 784).astype(np.float32) / 255
    settings = {"loss": oracle.losses.CrossEntropyLoss(), "optimizer": oracle.optimizers.SGD(network.layers, 0.1)}
    network.fit(x, images.train_labels, **settings, epochs=2, batch_size=10, seed=1)
    assert network.accuracy(x, images.train_labels) > 0.8
    return [layer.params[name].astype("<f4") for layer in layers for name in ("W", "b")]


@pytest.mark.slow
@pytest.mark.parametrize("pace", [1.0, 0.01], ids=["at once", "little by little"])
def test_smuggled_weights_earn_nothing(pace: float, tmp_path: Path) -> None:
    package = apply_edits([], shared_folder("reference") / "pytorchnano", tmp_path / "eve")
    texts = [base64.b85encode(array.tobytes()).decode() for array in train_at_home()]
    (package / "attack.py").write_text(ATTACK.format(shapes=SHAPES, texts=texts, pace=pace), encoding="utf-8")
    (package / "canary.py").write_text(CANARY.format(place=str(tmp_path / "canary")), encoding="utf-8")
    with (package / "optimizers.py").open("a", encoding="utf-8") as file:
        file.write("\n\nfrom .attack import SGD  # noqa\n")
    job = Job(tmp_path / "eve", "pytorchnano", tmp_path / "out", seed=1, only=("training.mnist_mlp", "optimizers.SGD"))
    report = run_job(job).report
    assert read_marks(tmp_path / "canary")[0], "the act did not take place"
    groups = {group.name: (group.earned, group.possible) for group in report.groups}
    assert groups["optimizers.SGD"][0] == groups["optimizers.SGD"][1], "it is caught before it can train"
    [training] = [check for check in report.checks if check.group == "training.mnist_mlp" and check.points]
    assert (training.status, training.blame, training.earned) == ("failed", "student", 0), training.message
