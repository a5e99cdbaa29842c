import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

from reference.pytorchnano.data import load_mnist, minibatches, one_hot
from tests.reference.cupy_stand_in import DeviceArray, make_module

images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
labels = np.array([5, 0, 9, 1, 1], dtype=np.uint8)


def write_idx(path: Path, array: np.ndarray) -> None:
    content = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.fixture
def mnist_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_idx(tmp_path / "train-images-idx3-ubyte", images)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", labels)
    write_idx(tmp_path / "t10k-images-idx3-ubyte.gz", images[:2])
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", labels[:2])
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    return tmp_path


def test_batches_hold_every_sample_once_with_its_label() -> None:
    x = np.arange(10)[:, None] * 1.0
    x.flags.writeable = False
    batches = list(minibatches(x, np.arange(10), 4, seed=1))
    order = np.concatenate([y for _, y in batches])

    assert [len(x_batch) for x_batch, _ in batches] == [4, 4, 2]
    assert all(np.array_equal(x_batch[:, 0], y_batch) for x_batch, y_batch in batches)
    assert sorted(order.tolist()) == list(range(10))
    assert order.tolist() != list(range(10))


def test_order_follows_seed_and_leaves_global_state_alone() -> None:
    def read_order(seed: int | None) -> list[int]:
        return np.concatenate([y for _, y in minibatches(np.ones(50), np.arange(50), 8, seed)]).tolist()

    np.random.seed(3)
    expected = np.random.random()
    np.random.seed(3)
    orders = [read_order(seed) for seed in (1, 1, 2, None, None)]

    assert np.random.random() == expected
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert orders[3] != orders[4]


def test_batches_stay_on_their_device(monkeypatch: pytest.MonkeyPatch) -> None:
    cupy = make_module()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    x, y = np.arange(6.0), np.arange(6)
    for (x_batch, y_batch), (x_host, y_host) in zip(minibatches(cupy.asarray(x), y, 4, 0), minibatches(x, y, 4, 0), strict=True):
        assert isinstance(x_batch, DeviceArray)
        assert np.array_equal(x_batch.get(), x_host)
        assert np.array_equal(y_batch, y_host)


@pytest.mark.parametrize("batch_size", [0, -3])
def test_batch_size_below_one_is_refused(batch_size: int) -> None:
    with pytest.raises(ValueError, match="batch_size"):
        next(minibatches(np.ones(3), np.ones(3), batch_size))


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="samples"):
        next(minibatches(np.ones(3), np.ones(2), 1))


def test_one_hot_marks_label() -> None:
    assert one_hot(np.array([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert one_hot(np.array([], dtype=int), 3).shape == (0, 3)


@pytest.mark.parametrize(
    "given, num_classes, said",
    [([0, 3], 3, "labels"), ([-1, 0], 3, "labels"), ([[0]], 3, "labels"), ([0], 0, "num_classes")],
)
def test_labels_that_do_not_fit_are_refused(given: list[int], num_classes: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        one_hot(np.array(given), num_classes)


@pytest.mark.usefixtures("mnist_dir")
def test_mnist_is_read_plain_or_compressed() -> None:
    x, y = load_mnist()
    x_test, y_test = load_mnist("test")

    assert (x.dtype, x.shape, y.dtype, y.shape) == (np.float32, (5, 1, 28, 28), np.int64, (5,))
    assert x[:, 0] == pytest.approx(images / 255)
    assert y.tolist() == labels.tolist()
    assert (x_test.shape, y_test.tolist()) == ((2, 1, 28, 28), [5, 0])


@pytest.mark.usefixtures("mnist_dir")
def test_subset_gives_first_samples() -> None:
    x, y = load_mnist("train", subset=3)

    assert np.array_equal(x, load_mnist()[0][:3])
    assert y.tolist() == [5, 0, 9]
    assert len(load_mnist("train", subset=99)[1]) == 5


def test_absent_file_says_how_to_get_it(mnist_dir: Path) -> None:
    (mnist_dir / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"train-labels-idx1-ubyte.*Download"):
        load_mnist()


def test_unset_folder_says_how_to_get_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNIST_DIR", raising=False)
    with pytest.raises(FileNotFoundError, match=r"MNIST_DIR.*Download"):
        load_mnist()


@pytest.mark.parametrize(
    "content", [b"", b"<html>no such page", bytes(8), bytes([0, 0, 8, 3, 0, 0, 0, 5]), bytes([0, 0, 8, 1, 0, 0, 0, 9, 1])]
)
def test_damaged_file_is_refused(mnist_dir: Path, content: bytes) -> None:
    (mnist_dir / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(ValueError, match=r"MNIST|IDX|ends"):
        load_mnist()


@pytest.mark.parametrize("content", [b"not compressed", gzip.compress(labels.tobytes())[:-12]], ids=["plain", "cut"])
def test_damaged_compressed_file_is_refused(mnist_dir: Path, content: bytes) -> None:
    (mnist_dir / "train-labels-idx1-ubyte.gz").write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        load_mnist()


@pytest.mark.usefixtures("mnist_dir")
def test_unknown_split_and_negative_subset_are_refused() -> None:
    with pytest.raises(ValueError, match="split"):
        load_mnist("validation")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="subset"):
        load_mnist(subset=-1)
