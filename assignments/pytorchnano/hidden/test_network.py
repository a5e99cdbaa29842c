"""Network on stub layers: a chain of matrices, modes, the limit on layers."""

from itertools import pairwise

import numpy as np
import pytest

from grader.asserts.layers import read_answer, read_answers
from grader.asserts.values import as_list, as_number, assert_close, assert_refuses, fail

ACTIVATIONS = [("ReLU", ()), ("Sigmoid", ()), ("Softmax", ()), ("Tanh", ()), ("LeakyReLU", ()), ("ELU", ()), ("Maxout", (3, 5))]
TWO_FACED = [{"kind": "two-faced"}, {"kind": "two-faced", "reverse": True}]


@pytest.mark.check("network.Network", points=0.3, holds=["Network.forward", "Network.backward"])
def test_chain_of_matrices(submission, rng):
    """A network of matrices gives their product, forward and back, for one sample and for several."""
    sizes = (5, 7, 3, 2)
    weights = [rng.standard_normal(shape) for shape in pairwise(sizes)]
    for count in (3, 1):
        stubs = [{"kind": "matrix", "params": {"W": weight}} for weight in weights[:count]]
        product = np.linalg.multi_dot(weights) if count == 3 else weights[0]
        for samples in (4, 1):
            x, grad = rng.standard_normal((samples, 5)), rng.standard_normal((samples, product.shape[1]))
            answer = read_answer(submission.probe("network_pass", stubs, x, grad), "Network", ("output", "returned"))
            assert_close(answer["output"], x @ product, "Network.forward's result")
            assert_close(answer["returned"], grad @ product.T, "Network.backward's result")


@pytest.mark.check("network.Network", points=0.4, holds=["Network.predict", "Network.accuracy"])
def test_predictions_are_made_in_eval_mode(submission, rng):
    """predict and accuracy run the layers in eval mode, whatever mode each is in, for few samples and for many."""
    for samples in (7, 1, 600):
        scores = draw_scores(rng, samples)
        right = scores.argmax(axis=1)
        for modes in ((True, True), (True, False), (False, True), (False, False)):
            stubs = [{**stub, "training": mode} for stub, mode in zip(TWO_FACED, modes, strict=True)]
            what = f"Network.predict's result with training {modes} on two layers that are not what they seem in train mode"
            got = submission.probe("network_answers", stubs, scores)
            assert_close(got, right, what, hint="Does predict call eval() before forward?")
        labels = np.where(rng.random(samples) < 0.5, right, (right + 1) % 5)
        stubs = [{**stub, "training": True} for stub in TWO_FACED]
        share = float(np.mean(labels == right))
        got = as_number(submission.probe("network_answers", stubs, scores, labels), "Network.accuracy's result")
        assert_close(got, share, "Network.accuracy's result, for layers that begin in train mode", hint="Does accuracy run in eval mode?")


def draw_scores(rng, samples):
    """Scores whose best class is another one negated, reversed, and both: no wrong mode goes unseen."""
    rows = []
    while len(rows) < samples:
        row = rng.standard_normal(5)
        best = row.argmax()
        if best != 4 - best and 4 - (-row).argmax() != best:
            rows.append(row)
    return np.array(rows)


@pytest.mark.check("network.Network", points=0.3, holds=["Network.modes_restored"])
def test_modes_are_restored(submission, rng):
    """predict and accuracy leave each layer's mode as it was, also where the layers' modes differ."""
    scores, labels = rng.standard_normal((3, 5)), np.array([0, 1, 2])
    for modes in ((True, True, True), (False, False, False), (True, False, True), (False, True, False)):
        stubs = [{"training": mode} for mode in modes]
        seen = read_answers(submission.probe("network_modes", stubs, ["predict", "accuracy"], scores, labels), "Network", 3)
        for call, after in zip(("predict", "accuracy"), seen[1:], strict=True):
            if not all(mode is wanted for mode, wanted in zip(as_list(after, "the layers' modes", length=3), modes, strict=True)):
                fail(
                    f"Network.{call} did not leave each layer's mode as it was.",
                    expected=f"training is {', '.join(map(str, modes))}, as before",
                    got=", ".join(str(mode)[:20] for mode in after),
                    hint="Remember every layer's training before eval(), and give it back.",
                )


@pytest.mark.check("network.Network", points=0.3, holds=["Network.layers"])
def test_ten_layers_at_most(submission):
    """A network holds at most 10 layers, the classes of activations not counted; more are refused with a ValueError."""
    for counted in (1, 10):
        kept = as_number(submission.probe("network_limit", counted, []), "the length of Network.layers")
        assert_close(kept, counted, "the length of Network.layers")
    for counted in (11, 15):
        said = f"A Network of {counted} layers, none of them an activation,"
        assert_refuses(lambda counted=counted: submission.probe("network_limit", counted, []), said)
    as_number(submission.probe("network_limit", 10, ACTIVATIONS * 2), "the length of Network.layers with 10 layers and activations")
    as_number(submission.probe("network_limit", 0, ACTIVATIONS * 2), "the length of Network.layers with activations alone")
    assert_refuses(lambda: submission.probe("network_limit", 11, ACTIVATIONS), "A Network of 11 layers and some activations")
