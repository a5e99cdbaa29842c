import gzip
import hashlib
import subprocess
import sys

import numpy as np
import pytest

from grader.datasets import fetch, files, load_full, mnist_folder, verify
from grader.datasets.idx import write_idx
from grader.faults import EnvironmentFault, RequestFault

ARRAYS = {
    "train-images-idx3-ubyte": np.arange(4 * 784, dtype=np.uint8).reshape(4, 28, 28),
    "train-labels-idx1-ubyte": np.array([3, 1, 4, 1], np.uint8),
    "t10k-images-idx3-ubyte": np.ones((2, 28, 28), np.uint8),
    "t10k-labels-idx1-ubyte": np.array([5, 9], np.uint8),
}
RAW = {name: write_idx(array) for name, array in ARRAYS.items()}


@pytest.fixture(autouse=True)
def tiny_mnist(monkeypatch):
    monkeypatch.setattr(files, "RAW_SHA256", {name: hashlib.sha256(raw).hexdigest() for name, raw in RAW.items()})


@pytest.fixture
def published(tmp_path):
    folder = tmp_path / "published"
    folder.mkdir()
    for name, raw in RAW.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(raw))
    return folder


@pytest.fixture
def downloads(monkeypatch):
    """What the mirrors answer, by URL; the URLs asked for are appended to "asked"."""
    import pooch

    served: dict = {"asked": []}

    def retrieve(url, known_hash, fname, path, downloader):
        served["asked"].append(url)
        content = served.get(url, served.get("*"))
        if isinstance(content, Exception):
            raise content
        with open(f"{path}/{fname}", "wb") as file:
            file.write(content(fname.removesuffix(".gz")))

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    return served


def test_files_are_copied_from_a_local_folder_of_gz_files(published, tmp_path):
    statuses = fetch(tmp_path / "cache", source=published)
    assert [status.status for status in statuses] == ["verified"] * 4
    assert (tmp_path / "cache" / "t10k-labels-idx1-ubyte").read_bytes() == RAW["t10k-labels-idx1-ubyte"]


def test_full_set_is_read_from_raw_or_gz_files(published):
    name = "train-labels-idx1-ubyte"
    (published / f"{name}.gz").unlink()
    (published / name).write_bytes(RAW[name])
    full = load_full(published)
    assert full.train_images.tolist() == ARRAYS["train-images-idx3-ubyte"].tolist()
    assert (full.train_labels.tolist(), full.test_labels.tolist()) == ([3, 1, 4, 1], [5, 9])
    assert full.train_labels.dtype == np.int64


def test_each_file_has_a_status_of_its_own(published):
    names = list(RAW)
    (published / f"{names[0]}.gz").unlink()
    (published / f"{names[1]}.gz").write_bytes(gzip.compress(b"other"))
    (published / f"{names[2]}.gz").write_bytes(b"no gzip at all")
    assert [status.status for status in verify(published)] == ["absent", "damaged", "unreadable", "verified"]


def test_truncated_gz_file_is_unreadable_and_no_crash(published):
    path = published / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-12])
    assert verify(published)[2].status == "unreadable"


def test_gz_file_that_grows_without_end_is_not_unpacked(published, monkeypatch):
    monkeypatch.setattr(files, "_LARGEST_RAW", 4000)
    (published / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(10**6)))
    status = verify(published)[2]
    assert (status.status, "more than 4000 bytes" in status.said) == ("unreadable", True)


def test_loading_says_which_files_are_wrong_and_what_to_do(published):
    (published / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(RequestFault, match=r"train-labels-idx1-ubyte is absent.*grader data fetch"):
        load_full(published)


def test_source_without_a_file_is_a_request_fault_that_names_it(published, tmp_path):
    (published / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(RequestFault, match="t10k-labels-idx1-ubyte is absent"):
        fetch(tmp_path / "cache", source=published)


def test_source_with_another_file_is_refused_and_nothing_is_written(published, tmp_path):
    (published / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(write_idx(np.zeros((4, 28, 28), np.uint8))))
    with pytest.raises(RequestFault, match="SHA-256"):
        fetch(tmp_path / "cache", source=published)
    assert not (tmp_path / "cache" / "train-images-idx3-ubyte").exists()


def test_download_takes_the_first_mirror_and_checks_the_raw_content(downloads, tmp_path):
    downloads["*"] = lambda name: gzip.compress(RAW[name])
    statuses = fetch(tmp_path)
    assert {status.status for status in statuses} == {"verified"}
    assert downloads["asked"] == [f"{files.MIRRORS[0]}{name}.gz" for name in RAW]


def test_second_mirror_serves_when_the_first_gives_another_file(downloads, tmp_path):
    downloads["*"] = lambda name: gzip.compress(RAW[name])
    downloads[f"{files.MIRRORS[0]}train-labels-idx1-ubyte.gz"] = lambda name: gzip.compress(b"<html>not found</html>")
    assert {status.status for status in fetch(tmp_path)} == {"verified"}
    assert f"{files.MIRRORS[1]}train-labels-idx1-ubyte.gz" in downloads["asked"]


def test_without_a_network_the_fault_names_the_mirrors_and_the_way_round(downloads, tmp_path):
    downloads["*"] = ConnectionError("Name or service not known\nand a stack of details")
    with pytest.raises(EnvironmentFault) as caught:
        fetch(tmp_path)
    assert all(mirror in str(caught.value) for mirror in files.MIRRORS)
    assert "--from FOLDER" in str(caught.value)
    assert "details" not in str(caught.value)


def test_files_that_are_right_are_not_fetched_again(downloads, published):
    assert {status.status for status in fetch(published)} == {"verified"}
    assert downloads["asked"] == []


def test_folder_is_named_by_the_environment_or_lies_in_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    assert mnist_folder() == tmp_path
    monkeypatch.delenv("MNIST_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert mnist_folder() == tmp_path / "cache" / "grader" / "mnist"


def test_importing_datasets_does_not_import_pooch():
    code = "import sys, grader.datasets; sys.exit('pooch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
