"""Network: layers in a row, on stub layers and numbers that can be worked out by hand."""

import numpy as np
import pytest

from grader.asserts.layers import find_hint, read_answer, read_answers
from grader.asserts.values import as_labels, as_list, as_number, assert_close, fail

# Forward, a layer gives scale x + shift; back, it gives scale g - shift: no gradient, but the order shows.
AFFINE = [
    {"kind": "affine", "params": {"scale": np.array(scale), "shift": np.array(shift)}}
    for scale, shift in ((2.0, 1.0), (3.0, -4.0), (0.5, 2.0))
]


@pytest.mark.check("network.Network", points=0.4, holds=["Network.forward"])
def test_forward_goes_through_the_layers(submission):
    """forward applies the layers in the order in which they were given."""
    # 1 -> 3 -> 5 -> 4.5; -2 -> -3 -> -13 -> -4.5; 0 -> 1 -> -1 -> 1.5; 4 -> 9 -> 23 -> 13.5. Backwards, 1 -> 2.5 -> 3.5 -> 8.
    answer = read_answer(submission.probe("network_pass", AFFINE, np.array([[1.0, -2.0], [0.0, 4.0]])), "Network.forward", ("output",))
    wrong = {"The layers were applied in reverse order.": [[8.0, -1.0], [5.0, 17.0]]}
    right = [[4.5, -4.5], [1.5, 13.5]]
    assert_close(answer["output"], right, "Network.forward's result", hint=find_hint(answer["output"], wrong))


@pytest.mark.check("network.Network", points=0.4, holds=["Network.backward"])
def test_backward_goes_back_through_the_layers(submission):
    """backward hands the gradient from the last layer to the first and returns the gradient at the input."""
    # 1 -> -1.5 -> -0.5 -> -2; 4 -> 0 -> 4 -> 7; -2 -> -3 -> -5 -> -11; 0 -> -2 -> -2 -> -5. First layer first, 1 -> 1 -> 7 -> 1.5.
    x, grad = np.array([[1.0, -2.0], [0.0, 4.0]]), np.array([[1.0, 4.0], [-2.0, 0.0]])
    answer = read_answer(submission.probe("network_pass", AFFINE, x, grad), "Network.backward", ("returned",))
    wrong = {
        "The gradient went through the layers in the order of forward. Go from the last to the first.": [[1.5, 10.5], [-7.5, -1.5]],
        "The gradient came back as it was given.": grad,
    }
    right = [[-2.0, 7.0], [-11.0, -5.0]]
    assert_close(answer["returned"], right, "Network.backward's result", hint=find_hint(answer["returned"], wrong))


@pytest.mark.check("network.Network", points=0.2, holds=["Network.modes"])
def test_train_and_eval_reach_every_layer(submission):
    """train() and eval() set training to True and False on every layer."""
    calls = ["eval", "train", "eval"]
    modes = read_answers(submission.probe("network_modes", [{}, {}, {}], calls, None, None), "Network", 4)
    for call, seen in zip(calls, modes[1:], strict=True):
        wanted = call == "train"
        if not all(mode is wanted for mode in as_list(seen, "the layers' modes", length=3)):
            got = ", ".join(str(mode)[:20] for mode in seen)
            fail(f"After Network.{call}() not every layer's training is {wanted}.", expected=f"{wanted}, three times", got=got)


@pytest.mark.check("network.Network", points=0.4, holds=["Network.predict"])
def test_predict_gives_the_best_class(submission):
    """predict gives, for each sample, the index of the largest score."""
    scores = np.array([[0.1, 0.7, 0.2], [-3.0, -2.0, -1.0], [5.0, -7.0, 4.0], [0.0, 0.5, 0.25], [-1e-3, -2e-3, -3e-3]])
    for rows in (scores, scores[1:2]):
        labels = as_labels(submission.probe("network_answers", [{}, {}], rows), "Network.predict's result", shape=(len(rows),))
        right = [1, 2, 0, 1, 0] if len(rows) == 5 else [2]
        assert_close(labels, right, "Network.predict's result", rtol=0, atol=0)


@pytest.mark.check("network.Network", points=0.3, holds=["Network.accuracy"])
def test_accuracy_is_the_share_of_right_predictions(submission):
    """accuracy is the number of right predictions divided by the number of samples."""
    scores = np.eye(3)[[0, 1, 2, 0, 1, 2, 0]]
    # The predictions are 0 1 2 0 1 2 0.
    for labels, right in (([0, 2, 2, 1, 1, 0, 1], 3 / 7), ([0, 1, 2, 0, 1, 2, 0], 1.0), ([1, 2, 0, 1, 2, 0, 1], 0.0)):
        got = as_number(submission.probe("network_answers", [{}], scores, np.array(labels)), "Network.accuracy's result")
        wrong = {"This is a percentage; a share lies from 0 to 1.": 100 * right, "This is the share of wrong predictions.": 1 - right}
        assert_close(got, right, "Network.accuracy's result", hint=find_hint(np.asarray(got), wrong))
