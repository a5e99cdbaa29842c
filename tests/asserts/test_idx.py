"""Files in MNIST's format, as a submission's reader meets them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader.asserts.idx import FILES, draw_images, pack_idx, write_split
from tests.asserts.workers import REFERENCE


def test_labels_are_packed_by_the_format() -> None:
    assert pack_idx(np.array([7, 2], dtype=np.uint8)) == b"\x00\x00\x08\x01\x00\x00\x00\x02\x07\x02"


def test_images_are_packed_row_by_row_whatever_their_layout() -> None:
    images = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
    packed = b"\x00\x00\x08\x03\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x01\x02\x03\x04\x05"
    assert pack_idx(images) == pack_idx(np.asfortranarray(images)) == packed


def test_long_axis_is_written_highest_byte_first() -> None:
    assert pack_idx(np.zeros(258, dtype=np.uint8))[4:8] == b"\x00\x00\x01\x02"


def test_images_hold_black_and_white_and_labels_are_digits() -> None:
    images, labels = draw_images(np.random.default_rng(0), 40)
    assert (images.shape, images.dtype, labels.shape, labels.dtype) == ((40, 28, 28), np.uint8, (40,), np.uint8)
    assert (images[:, 0, 0] == 0).all()
    assert (images[:, 0, 1] == 255).all()
    assert set(labels.tolist()) == set(range(10))


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("split", ["train", "test"])
def test_reference_reads_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, split: str, compressed: bool) -> None:
    images, labels = draw_images(np.random.default_rng(1), 5)
    write_split(lambda name, data: (tmp_path / name).write_bytes(data), split, images, labels, compressed=compressed)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name + ".gz" * compressed for name in FILES[split]]
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    read, digits = REFERENCE.data.load_mnist(split)
    assert np.array_equal(np.rint(read[:, 0] * 255), images)
    assert digits.tolist() == labels.tolist()


def test_compressed_files_are_the_same_every_time() -> None:
    images, labels = draw_images(np.random.default_rng(1), 2)
    written: list[tuple[str, bytes]] = []
    for _ in range(2):
        write_split(lambda *entry: written.append(entry), "test", images, labels, compressed=True)
    assert written[:2] == written[2:]
    # RFC 1952: two fixed bytes, and from the fifth on the time, which is left out.
    assert all(data[:2] == b"\x1f\x8b" and data[4:8] == bytes(4) for _, data in written)
