import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference.pytorchnano.activations import ELU, LeakyReLU, Maxout, ReLU, Sigmoid, Softmax, Tanh
from reference.pytorchnano.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D
from reference.pytorchnano.losses import CrossEntropyLoss, MSELoss
from reference.pytorchnano.network import Network
from reference.pytorchnano.optimizers import SGD, Adam
from tests.reference.cupy_stand_in import make_module
from tests.reference.differences import differentiate


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def make_network(seed: int = 1) -> Network:
    layers = [Conv2D(1, 2, 3, seed=seed), BatchNorm(2), ReLU(), MaxPool2D(2), Flatten(), Dense(8, 3, seed=seed), Dropout(0.5, seed=2)]
    return Network(layers)


class Recorder(Layer):
    """Notes what it is given, and hands it on."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[np.ndarray] = []
        self.modes: list[bool] = []

    def forward(self, x: Any) -> Any:
        self.batches.append(x)
        self.modes.append(self.training)
        return x

    def backward(self, grad_output: Any) -> Any:
        return grad_output


def test_gradient_of_whole_network_agrees_with_differences() -> None:
    network, x, g = Network([Dense(4, 5, seed=1), Tanh(), Dense(5, 3, seed=2), Softmax()]), draw(3, 4), draw(3, 3, seed=1)
    for layer in network.layers:
        layer.params = {name: value.astype(np.float64) for name, value in layer.params.items()}
    network.forward(x)
    grad_input = network.backward(g)

    assert grad_input == pytest.approx(differentiate(lambda at: float((network.forward(at) * g).sum()), x), abs=1e-8)


def test_more_than_ten_layers_are_refused_but_activations_are_free() -> None:
    activations = [ReLU(), Sigmoid(), Softmax(), Tanh(), LeakyReLU(), ELU(), Maxout(2, 2)]
    assert len(Network([*[Dense(2, 2) for _ in range(10)], *activations]).layers) == 17
    with pytest.raises(ValueError, match="layers"):
        Network([*[Flatten() for _ in range(11)], *activations])


def test_train_and_eval_set_every_layer() -> None:
    network = make_network()
    network.eval()
    assert not any(layer.training for layer in network.layers)
    network.train()
    assert all(layer.training for layer in network.layers)


def test_predict_and_accuracy_work_in_evaluation_mode_and_restore_each_mode() -> None:
    recorder, other = Recorder(), Recorder()
    other.training = False
    network, x = Network([recorder, other]), np.eye(3)[[2, 0, 1, 1]]

    assert network.predict(x).tolist() == [2, 0, 1, 1]
    assert network.accuracy(x, np.array([2, 0, 0, 1])) == 0.75
    assert type(network.accuracy(x, np.array([2, 0, 0, 1]))) is float
    assert not any(recorder.modes + other.modes)
    assert (recorder.training, other.training) == (True, False)


def test_modes_are_restored_when_forward_fails() -> None:
    network = Network([Dense(3, 2)])
    with pytest.raises(ValueError, match="x has shape"):
        network.predict(np.ones((1, 4)))
    assert network.layers[0].training


def test_many_samples_are_predicted_like_one_batch() -> None:
    network, x = make_network(), draw(600, 1, 6, 6)
    classes = network.predict(x)
    network.eval()

    assert classes.shape == (600,)
    assert np.array_equal(classes, network.forward(x).argmax(axis=1))


@pytest.mark.parametrize("labels", [np.zeros(3, dtype=int), np.zeros((2, 1), dtype=int)])
def test_accuracy_refuses_labels_that_do_not_fit(labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="labels"):
        Network([]).accuracy(np.ones((2, 2)), labels)


def test_fit_visits_every_sample_once_an_epoch_in_new_orders() -> None:
    recorder, x = Recorder(), np.arange(10.0)[:, None]
    orders: list[list[float]] = []

    def note(epoch: int, mean_loss: float) -> None:
        assert [len(batch) for batch in recorder.batches] == [4, 4, 2]
        orders.append(np.concatenate(recorder.batches).ravel().tolist())
        recorder.batches.clear()

    Network([recorder]).fit(x, x, loss=MSELoss(), optimizer=SGD([], 0.1), epochs=3, batch_size=4, seed=1, on_epoch=note)

    assert all(sorted(order) == list(range(10)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3


def test_fit_trains_in_train_mode_even_when_callback_evaluates() -> None:
    recorder, x = Recorder(), np.ones((4, 1))
    network = Network([recorder])
    network.eval()
    network.fit(x, x, loss=MSELoss(), optimizer=SGD([], 0.1), epochs=2, batch_size=2, on_epoch=lambda epoch, mean_loss: network.eval())

    assert recorder.modes == [True] * 4


def test_fit_returns_mean_over_samples_and_hands_it_to_callback() -> None:
    x, heard = np.array([[1.0], [2.0], [4.0]]), []
    losses = Network([Flatten()]).fit(
        x,
        np.zeros_like(x),
        loss=MSELoss(),
        optimizer=SGD([], 0.1),
        epochs=2,
        batch_size=2,
        on_epoch=lambda epoch, mean_loss: heard.append((epoch, mean_loss)),
    )

    assert losses == pytest.approx([7.0, 7.0])
    assert heard == [(0, losses[0]), (1, losses[1])]


def test_fit_with_one_batch_equals_steps_by_hand() -> None:
    x, y = draw(6, 4), np.array([0, 1, 2, 0, 1, 2])
    fitted, driven = (Network([Dense(4, 5, seed=1), ReLU(), Dense(5, 3, seed=2)]) for _ in range(2))
    losses = fitted.fit(x, y, loss=CrossEntropyLoss(), optimizer=Adam(fitted.layers, 0.1), epochs=3, batch_size=6)
    loss, optimizer, expected = CrossEntropyLoss(), Adam(driven.layers, 0.1), []
    for _ in range(3):
        expected.append(loss.forward(driven.forward(x), y))
        driven.backward(loss.backward())
        optimizer.step()

    assert losses == pytest.approx(expected)
    assert fitted.layers[0].params["W"] == pytest.approx(driven.layers[0].params["W"], abs=1e-6)


def test_same_seed_gives_same_training() -> None:
    x, y = draw(20, 1, 6, 6), np.arange(20) % 3
    runs = []
    for seed in (3, 3, 4):
        network = make_network()
        runs.append(network.fit(x, y, loss=CrossEntropyLoss(), optimizer=SGD(network.layers, 0.1), epochs=2, batch_size=6, seed=seed))

    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_network_learns_to_tell_bars_apart() -> None:
    x, y = draw(120, 1, 6, 6) * 0.3, np.arange(120) % 3
    for label in range(3):
        x[y == label, :, 2 * label] += 2
    network = Network([Conv2D(1, 4, 3, seed=1), ReLU(), MaxPool2D(2), Flatten(), Dense(16, 3, seed=2)])
    losses = network.fit(x, y, loss=CrossEntropyLoss(), optimizer=Adam(network.layers, 0.02), epochs=8, batch_size=20, seed=0)

    assert losses[-1] < 0.1 * losses[0]
    assert network.accuracy(x, y) == 1.0


@pytest.mark.parametrize(
    "name, given",
    [("epochs", {"epochs": -1}), ("batch_size", {"batch_size": 0}), ("batch_size", {"epochs": 0, "batch_size": -2})],
)
def test_fit_refuses_argument_out_of_range(name: str, given: dict[str, int]) -> None:
    sizes = {"epochs": 1, "batch_size": 2} | given
    with pytest.raises(ValueError, match=name):
        Network([]).fit(np.ones((2, 1)), np.ones((2, 1)), loss=MSELoss(), optimizer=SGD([], 0.1), **sizes)


def test_fit_refuses_unequal_lengths() -> None:
    with pytest.raises(ValueError, match="samples"):
        Network([]).fit(np.ones((2, 1)), np.ones((3, 1)), loss=MSELoss(), optimizer=SGD([], 0.1), epochs=0, batch_size=1)


def test_loaded_network_answers_like_saved_one(tmp_path: Path) -> None:
    saved, loaded, x = make_network(1), make_network(5), draw(6, 1, 6, 6)
    saved.layers[5].params["b"] = draw(3)
    for network in (saved, loaded):
        network.forward(x * 3 + 1)
        network.eval()
    saved.save(tmp_path / "weights")
    loaded.load(os.fspath(tmp_path / "weights"))

    assert [path.name for path in tmp_path.iterdir()] == ["weights"]
    assert np.array_equal(loaded.forward(x), saved.forward(x))
    with np.load(tmp_path / "weights", allow_pickle=False) as file:
        assert {"0.W", "1.gamma", "1.running_mean", "1.running_var", "5.b"} <= set(file.files)


def snapshot(network: Network) -> list[Any]:
    return [
        (name, array.tolist(), array.dtype)
        for layer in network.layers
        for name, array in [*layer.params.items(), ("mean", getattr(layer, "running_mean", np.zeros(0)))]
    ]


def test_file_of_another_network_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    path, network = tmp_path / "w.npz", make_network()
    make_network().save(path)
    with np.load(path) as file:
        good = {key: file[key] + 1 for key in file.files}
    before = snapshot(network)
    bad: list[dict[str, np.ndarray]] = [
        {key: value for key, value in good.items() if key != "5.b"},
        {**good, "9.W": np.ones(2)},
        {**good, "5.b": np.ones(4)},
        {**good, "1.running_var": np.ones((2, 1))},
        {**good, "5.b": np.array(["a", "b", "c"])},
        {**good, "5.b": np.array([None, 1, 2], dtype=object)},
    ]
    for arrays in bad:
        np.savez(path, **arrays)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"\w"):
            network.load(path)
        assert snapshot(network) == before


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut short"])
def test_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"\w"):
        make_network().load(tmp_path / "w.npz")


def test_single_array_file_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.ones(3))
    with pytest.raises(ValueError, match=r"not a \.npz file"):
        make_network().load(tmp_path / "w.npy")


def test_network_trains_and_predicts_on_a_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cupy = make_module()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    x, y = draw(12, 1, 6, 6), np.arange(12) % 3
    results = []
    for move in (np.asarray, cupy.asarray):
        network = make_network()
        optimizer = Adam(network.layers, 0.01)
        losses = network.fit(move(x), y, loss=CrossEntropyLoss(), optimizer=optimizer, epochs=2, batch_size=5, seed=1)
        results.append((losses, network.accuracy(move(x), move(y))))
        network.save(tmp_path / "w.npz")
        network.load(tmp_path / "w.npz")

    assert results[1][0] == pytest.approx(results[0][0], rel=1e-4)
    assert results[1][1] == results[0][1]
