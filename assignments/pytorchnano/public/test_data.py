"""Minibatches, one-hot rows, and the reading of MNIST's files, on small data."""

import numpy as np
import pytest

from grader.asserts.batches import assert_each_once, assert_pair, assert_sizes, draw_batches, find_rows, read_batches
from grader.asserts.idx import draw_images, write_split
from grader.asserts.values import as_list, assert_close


@pytest.mark.check("data.minibatches", points=1.0, holds=["minibatches.once"])
def test_every_sample_comes_once(submission):
    """Every sample comes exactly once, in full batches; the last one may be short."""
    for samples, batch_size in ((10, 4), (12, 4), (7, 7), (5, 8), (3, 1), (1, 2)):
        x = np.stack([np.arange(samples) + 0.5, np.arange(samples) ** 2.0], axis=1)
        [drawn] = draw_batches(submission, x, np.arange(samples), batch_size, [1])
        what = f"minibatches of {samples} samples with batch_size={batch_size}"
        batches = [batch for batch, _ in read_batches(drawn["batches"], x, what)]
        assert_sizes([len(batch) for batch in batches], samples, batch_size, 1, what)
        assert_each_once([row for batch in batches for row in find_rows(batch, x, what)], samples, what)


@pytest.mark.check("data.minibatches", points=0.6, holds=["minibatches.pairs"])
def test_samples_keep_their_targets(submission):
    """Each batch of x comes with the targets of the same samples."""
    x = np.stack([np.arange(11) + 0.5, np.arange(11) ** 2.0], axis=1)
    y = np.array([3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 97])
    [drawn] = draw_batches(submission, x, y, 4, [1])
    for batch, target in read_batches(drawn["batches"], x, "minibatches"):
        assert_pair(target, find_rows(batch, x, "minibatches: x_batch"), y, "minibatches: y_batch")


@pytest.mark.check("data.one_hot", points=0.6, holds=["one_hot"])
def test_rows(submission):
    """one_hot gives a row for each label, with a 1 at the label and 0 elsewhere."""
    rows = submission.data.one_hot(np.array([2, 0, 2, 3]), 5)
    right = [[0, 0, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    assert_close(rows, right, "one_hot of the labels 2, 0, 2, 3 in 5 classes")


@pytest.mark.check("data.load_mnist", points=0.7, holds=["load_mnist.files", "load_mnist.values"], scratch="MNIST_DIR")
def test_plain_files_are_read(submission, rng):
    """load_mnist gives the training images, from 0 to 1, in shape (N, 1, 28, 28), and their labels."""
    images, labels = draw_images(rng, 7)
    write_split(submission.worker.write_scratch, "train", images, labels)
    write_split(submission.worker.write_scratch, "test", *draw_images(rng, 5))
    read, numbers = as_list(submission.data.load_mnist(), "load_mnist's result", length=2)
    hint = "Are bytes divided by 255?" if isinstance(read, np.ndarray) and read.size and read.max() > 1 else ""
    assert_close(read, images[:, None] / 255, "load_mnist's images", atol=1e-6, hint=hint)
    assert_close(numbers, labels, "load_mnist's labels", hint="A file of labels begins with 8 bytes that are no labels.")
