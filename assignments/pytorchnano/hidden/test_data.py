"""Minibatches, one-hot rows, and the reading of MNIST's files: seeds, images, splits, refusals."""

import itertools

import numpy as np
import pytest

from grader.asserts.batches import assert_pair, draw_batches, find_rows, read_batches
from grader.asserts.idx import FILES, draw_images, write_split
from grader.asserts.manners import assert_global_state
from grader.asserts.values import as_array, as_list, assert_close, assert_refuses, fail
from grader.faults import NotImplementedYet, SubmissionRaised


def draw_samples(rng, shape):
    """Samples whose first entries are their own, in no order."""
    x = rng.standard_normal(shape)
    x.reshape(len(x), -1)[:, 0] = rng.permutation(len(x)) + 10.0
    return x


@pytest.mark.check("data.minibatches", points=0.3, holds=["minibatches.pairs", "minibatches.once"])
def test_images_and_rows_are_paired(submission, rng):
    """Images keep their labels, and samples their rows of targets, in every batch."""
    for x, y in (
        (draw_samples(rng, (13, 2, 3, 5)), rng.permutation(13)),
        (draw_samples(rng, (13, 2)), rng.standard_normal((13, 3))),
        (draw_samples(rng, (9, 4)).astype(np.float32), rng.permutation(9).astype(np.uint8)),
    ):
        for drawn in draw_batches(submission, x, y, 4, [7, None]):
            what = f"minibatches of x of shape {x.shape} and y of shape {y.shape}"
            for batch, target in read_batches(drawn["batches"], x, what):
                assert_pair(target, find_rows(batch, x, f"{what}: x_batch"), y, f"{what}: y_batch")


def read_order(drawn, x):
    """The rows of all batches, one after another."""
    return [row for batch, _ in read_batches(drawn["batches"], x, "minibatches") for row in find_rows(batch, x, "minibatches: x_batch")]


@pytest.mark.check("data.minibatches", points=0.7, holds=["minibatches.shuffled", "seed.same"])
def test_seed_decides_the_order(submission, rng):
    """The samples are shuffled; the same seed gives the same order, another seed another one."""
    x, y = draw_samples(rng, (37, 2)), rng.permutation(37)
    first, again, other, unseeded = (read_order(drawn, x) for drawn in draw_batches(submission, x, y, 8, [5, 5, 6, None]))
    for order, said in ((first, "with seed=5"), (unseeded, "without a seed")):
        if order in ([*range(37)], [*range(36, -1, -1)]):
            fail(f"minibatches {said} did not shuffle.", expected="a shuffled order", got="the order in which the samples were given")
        if [sorted(order[start : start + 8]) for start in (0, 8, 16, 24)] == [[*range(start, start + 8)] for start in (0, 8, 16, 24)]:
            fail(f"minibatches {said} shuffled within each batch alone.", expected="all samples shuffled", got="the same batches each time")
        # Of 36 neighbours about one is a successor by chance; 20 are not one in 10^20 shuffles.
        if sum(after - before == 1 for before, after in itertools.pairwise(order)) > 20:
            fail(f"minibatches {said} shuffled the batches alone.", expected="all samples shuffled", got="runs of neighbours in each batch")
    if again != first:
        fail("minibatches: the same seed gave another order.", expected="equal orders for equal seeds", got="different ones")
    if other == first:
        fail("minibatches: two different seeds gave the same order.", expected="an order that depends on the seed", got="equal ones")


@pytest.mark.check("data.minibatches", points=0.2, holds=["refuse.sizes"])
def test_batch_size_is_refused(submission, rng):
    """A batch_size below 1 is refused with a ValueError that names it."""
    x, y = draw_samples(rng, (5, 2)), rng.permutation(5)
    for size in (0, -1):
        said = f"minibatches with batch_size={size}"
        assert_refuses(lambda size=size: draw_batches(submission, x, y, size, [1]), said, names=["batch_size"])


@pytest.mark.check("data.minibatches", points=0.2, holds=["seed.global"])
def test_global_state_stays(submission, rng):
    """minibatches leaves NumPy's global random state alone."""
    x, y = draw_samples(rng, (9, 2)), rng.permutation(9)
    for seed, drawn in zip((3, None), draw_batches(submission, x, y, 4, [3, None]), strict=True):
        read_batches(drawn["batches"], x, "minibatches")
        assert_global_state(drawn["before"], drawn["after"], f"minibatches with seed={seed}")


@pytest.mark.check("data.one_hot", points=0.25, holds=["one_hot"])
def test_rows_of_other_sizes(submission, rng):
    """one_hot is right for one label, one class, and labels of any integer dtype."""
    for samples, classes, dtype in ((17, 11, np.int64), (1, 3, np.int32), (4, 1, np.int64), (9, 10, np.uint8)):
        labels = rng.integers(0, classes, samples).astype(dtype)
        rows = submission.data.one_hot(labels, classes)
        assert_close(rows, np.eye(classes)[labels], f"one_hot of {samples} labels of dtype {np.dtype(dtype)} in {classes} classes")


@pytest.mark.check("data.one_hot", points=0.15, holds=["refuse.labels"])
def test_labels_out_of_range(submission):
    """Labels below 0 or from num_classes on are refused with a ValueError."""
    for labels in ([0, 1, 3], [0, -1, 2], [7]):
        assert_refuses(lambda labels=labels: submission.data.one_hot(np.array(labels), 3), f"one_hot of the labels {labels} in 3 classes")


def write(submission, rng, compressed=False):
    """Both splits, of different lengths; returns what was written."""
    written = {"train": draw_images(rng, 7), "test": draw_images(rng, 5)}
    for split, (images, labels) in written.items():
        write_split(submission.worker.write_scratch, split, images, labels, compressed=compressed)
    return written


def load(submission, *args, **kwargs):
    return as_list(submission.data.load_mnist(*args, **kwargs), "load_mnist's result", length=2)


@pytest.mark.check("data.load_mnist", points=0.5, holds=["load_mnist.files", "load_mnist.values"], scratch="MNIST_DIR")
def test_both_splits_are_read(submission, rng):
    """load_mnist reads the training and the test files, compressed or not."""
    for compressed in (True, False):
        for split, (images, labels) in write(submission, rng, compressed).items():
            said = f"of the split {split} from {'.gz' if compressed else 'plain'} files"
            read, numbers = load(submission, split)
            assert_close(read, images[:, None] / 255, f"load_mnist's images {said}", atol=1e-6)
            assert_close(numbers, labels, f"load_mnist's labels {said}")
        submission.restart()


@pytest.mark.check("data.load_mnist", points=0.4, holds=["load_mnist.subset"], scratch="MNIST_DIR")
def test_subset_gives_the_first(submission, rng):
    """subset=k gives the first k images and labels of those that it gives without."""
    write(submission, rng)
    for split, samples, k in (("train", 7, 3), ("test", 5, 1), ("test", 5, 5)):
        everything, part = load(submission, split=split), load(submission, split=split, subset=k)
        for what, full, first in zip(("images", "labels"), everything, part, strict=True):
            whole = as_array(full, f"load_mnist's {what}")
            if whole.ndim == 0 or len(whole) != samples:
                fail(f"load_mnist's {what} are not {samples}, as many as in the file.", expected=str(samples), got=str(whole.shape))
            assert_close(first, whole[:k], f"load_mnist's {what} with subset={k}, beside the first {k} without")


@pytest.mark.check("data.load_mnist", points=0.2, holds=["load_mnist.values"], scratch="MNIST_DIR")
def test_dtypes(submission, rng):
    """load_mnist gives images as float32 and labels as int64."""
    write(submission, rng)
    for split, samples in (("train", 7), ("test", 5)):
        read, numbers = load(submission, split)
        as_array(read, "load_mnist's images", shape=(samples, 1, 28, 28), dtype=np.float32)
        as_array(numbers, "load_mnist's labels", shape=(samples,), dtype=np.int64)


@pytest.mark.check("data.load_mnist", points=0.2, holds=["load_mnist.absent"], scratch="MNIST_DIR")
def test_absent_files(submission, rng):
    """Absent files are a FileNotFoundError that says how to get them."""
    assert_absent(submission, "train", "where MNIST_DIR is empty")
    images, labels = draw_images(rng, 7)
    write_split(submission.worker.write_scratch, "test", images, labels)
    assert_absent(submission, "train", "where only the test files are there")
    submission.restart()
    names = FILES["train"]
    write_split(lambda name, data: submission.worker.write_scratch(name, data) if name == names[0] else None, "train", images, labels)
    assert_absent(submission, "train", "where the file of labels is missing")


def assert_absent(submission, split, said):
    wanted = "a FileNotFoundError that says how to get the files"
    try:
        submission.data.load_mnist(split)
    except NotImplementedYet:
        raise
    except SubmissionRaised as fault:
        if "FileNotFoundError" not in fault.bases:
            fail(f"load_mnist {said} raised {fault.type_name}.", expected=wanted, got=f"{fault.type_name}: {fault.text}"[:300])
        if not fault.text.strip() or fault.text.startswith("[Errno"):
            hint = "Raise it with a sentence of your own: which files are missing, where to get them, where to put them."
            fail(f"load_mnist {said} does not say how to get the files.", expected=wanted, got=fault.text[:300] or "no text", hint=hint)
        return
    fail(f"load_mnist {said} returned something.", expected=wanted, got="no exception")
