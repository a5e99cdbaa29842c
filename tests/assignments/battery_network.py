"""What is tried with a network, watched by layers, a loss and an optimizer of our own."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tests.assignments.fingerprints import KINDS, Case, attempt, keep

SEVERAL = frozenset(KINDS) - {"batch1"}


def build_stub(module: ModuleType, log: list[Any], scale: float, shift: float, *, params: bool = True) -> Any:
    """A layer that multiplies and adds, and logs its mode and what it is given."""

    class Stub(module.Layer):
        def forward(self, x: np.ndarray) -> np.ndarray:
            log.append(["forward", scale, self.training, x.copy()])
            return scale * x + shift

        def backward(self, grad_output: np.ndarray) -> np.ndarray:
            log.append(["backward", scale, grad_output.copy()])
            return scale * grad_output - shift

    stub = Stub()
    if params:
        stub.params["W"] = np.array([scale, shift])
    return stub


def build_network(module: ModuleType, log: list[Any]) -> Any:
    stubs = [build_stub(module, log, 2.0, 1.0), build_stub(module, log, 3.0, -4.0, params=False), build_stub(module, log, 0.5, 2.0)]
    return module.Network(stubs)


def pass_through(module: ModuleType, rng: np.random.Generator) -> Any:
    """Forward and backward."""
    log: list[Any] = []
    network = build_network(module, log)
    output = network.forward(rng.standard_normal((1, 4)))
    return [output, network.backward(rng.standard_normal((1, 4))), log, type(network.layers).__name__]


def count_layers(module: ModuleType, rng: np.random.Generator) -> Any:
    """How many layers of which kind may be there."""

    def build(counted: int, activations: Sequence[Any]) -> Any:
        return attempt(lambda: len(module.Network([*(module.Layer() for _ in range(counted)), *activations]).layers))

    rectifiers, maxout = [module.ReLU() for _ in range(4)], [module.Maxout(2, 2)]
    return [[build(counted, more) for counted in (0, 1, 9, 10, 11, 12)] for more in ([], rectifiers, maxout)]


def list_modes(network: Any) -> list[Any]:
    return [layer.training for layer in network.layers]


def switch_modes(module: ModuleType, rng: np.random.Generator) -> Any:
    """The layers' modes after train and eval."""
    network = build_network(module, [])
    seen = [list_modes(network)]
    for call in (network.eval, network.train, network.eval, network.eval):
        call()
        seen.append(list_modes(network))
    return seen


def answer_case(title: str, samples: int, *, modes: Sequence[bool] = (True, True, True), right: int | None = None) -> Case:
    """Predict, or accuracy with so many right labels, in these modes, and the modes before and after."""

    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        log: list[Any] = []
        network = build_network(module, log)
        for layer, mode in zip(network.layers, modes, strict=True):
            layer.training = mode
        x = rng.standard_normal((samples, 3)) - 2.0
        labels = x.argmax(axis=1)
        if right is not None:
            labels[right:] = (labels[right:] + 1) % 3
        answer = attempt(lambda: network.predict(x) if right is None else network.accuracy(x, labels))
        return [answer, log, list_modes(network)]

    return Case(title, use, SEVERAL if samples > 1 else frozenset(KINDS))


class WatchedLoss:
    """A loss that logs what it is given and gives numbers that can be told apart."""

    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def forward(self, prediction: np.ndarray, target: np.ndarray) -> float:
        self.log.append(["loss", prediction.copy(), target.copy()])
        self.prediction = prediction
        return float((prediction[:, 0] ** 2).mean())

    def backward(self) -> np.ndarray:
        self.log.append(["loss backward"])
        return 0.1 * self.prediction


class WatchedOptimizer:
    """An optimizer that logs its steps."""

    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def step(self) -> None:
        self.log.append(["step"])


def fit_case(title: str, samples: int, batch_size: int, *, epochs: int = 3, frozen: bool = False) -> Case:
    """A training of stubs and everything that was called; `frozen`: on_epoch puts the network in evaluation mode."""

    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        log: list[Any] = []
        network = build_network(module, log)
        network.eval()
        x, y = rng.standard_normal((samples, 2)), rng.permutation(samples)

        def on_epoch(epoch: int, mean_loss: float) -> None:
            log.append(["epoch", epoch, mean_loss])
            if frozen:
                network.eval()

        told: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size, "seed": 4, "on_epoch": on_epoch}
        return [attempt(lambda: network.fit(x, y, loss=WatchedLoss(log), optimizer=WatchedOptimizer(log), **told)), log]

    return Case(title, use, SEVERAL if batch_size > 1 else frozenset(KINDS))


Saved = Sequence[Mapping[str, tuple[int, ...]]]
SAVED: Saved = ({"W": (3, 5), "b": (5,)}, {"W": (1, 5), "b": (2,)})


def build_saved(module: ModuleType, rng: np.random.Generator, shapes: Saved, statistics: bool = False) -> Any:
    layers = [module.Layer() for _ in shapes]
    for layer, named in zip(layers, shapes, strict=True):
        layer.params = {name: rng.standard_normal(shape) for name, shape in named.items()}
    if statistics:
        norm = importlib.import_module(".layers", module.__package__).BatchNorm(5)
        norm.running_mean, norm.running_var = rng.standard_normal(5), rng.random(5)
        layers.append(norm)
    return module.Network(layers)


def read_params(network: Any) -> Any:
    names = ("running_mean", "running_var")
    return keep([[layer.params, {name: getattr(layer, name) for name in names if hasattr(layer, name)}] for layer in network.layers])


def file_case(title: str, shapes: Saved = SAVED, *, statistics: bool = False, check: Callable[[Path], Any] | None = None) -> Case:
    """Save a network, and load the file into another, of these shapes."""

    def use(module: ModuleType, rng: np.random.Generator) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "network.npz"
            build_saved(module, rng, SAVED, statistics).save(path)
            other = build_saved(module, rng, shapes, statistics)
            answer = attempt(lambda: other.load(path))
            return [check(path) if check else None, answer, read_params(other)]

    return Case(title, use)


def read_without_pickle(path: Path) -> Any:
    with np.load(path, allow_pickle=False) as file:
        return attempt(lambda: [file[name].copy() for name in file.files])


CASES = {
    "network.Network": [
        Case("forward and backward", pass_through),
        Case("limit", count_layers),
        Case("modes", switch_modes),
        answer_case("predict", 7),
        answer_case("predict one", 1),
        answer_case("predict in modes of before", 1, modes=(True, False, True)),
        answer_case("predict, evaluating", 1, modes=(False, False, False)),
        answer_case("accuracy", 7, right=3),
        answer_case("accuracy of all", 5, right=5),
        answer_case("accuracy of one", 1, right=1),
        answer_case("accuracy of none", 1, right=0),
        answer_case("accuracy in modes of before", 1, modes=(False, True, False), right=1),
        fit_case("fit one by one", 6, 1),
        fit_case("fit one by one, frozen", 5, 1, frozen=True),
        fit_case("fit one sample", 1, 1),
        fit_case("fit", 11, 4),
        fit_case("fit full batches", 8, 4),
        fit_case("fit one batch", 7, 20),
        fit_case("fit nothing", 5, 2, epochs=0),
        file_case("file", check=read_without_pickle),
        file_case("statistics", statistics=True),
        file_case("a layer less", SAVED[:1]),
        file_case("a layer more", (*SAVED, {"W": (2, 2)})),
        file_case("another shape", (SAVED[0], {"W": (1, 5), "b": (3,)})),
        file_case("broadcast", (SAVED[0], {"W": (4, 5), "b": (2,)})),
        file_case("transposed", (SAVED[0], {"W": (5, 1), "b": (2,)})),
        file_case("a name less", (SAVED[0], {"W": (1, 5)})),
    ]
}
