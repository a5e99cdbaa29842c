"""Honest functions are never called wrong; seeded bugs are."""

from __future__ import annotations

import numpy as np
import pytest

from grader.gradients import LocalSubject, Verdict, draws, judge_gradients
from grader.gradients.findings import Kind

LABELS = np.array([2, 0, 6])
TARGETS = np.random.default_rng(5).uniform(0.05, 0.95, (3, 5))


# ---- honest functions, in several styles ----


def dense(x, w, b):
    return x @ w + b


def dense_backward(g, x, w, b):
    return {"input": g @ w.T, "W": x.T @ g, "b": g.sum(axis=0)}


def dense_loops(x, w, b):
    out = np.zeros((x.shape[0], w.shape[1]))
    for n in range(x.shape[0]):
        for j in range(w.shape[1]):
            out[n, j] = b[j] + sum(x[n, i] * w[i, j] for i in range(x.shape[1]))
    return out


def dense_loops_backward(g, x, w, b):
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n, j in np.ndindex(*g.shape):
        dx[n] += g[n, j] * w[:, j]
        dw[:, j] += g[n, j] * x[n]
        db[j] += g[n, j]
    return dx, dw, db


def convolution(x, w, b, stride=2, padding=1):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("ncijkl,ockl->noij", windows, w) + b[:, None, None]


def convolution_backward(g, x, w, b, stride=2, padding=1):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dx, dw = np.zeros_like(padded), np.zeros_like(w)
    kh, kw = w.shape[2:]
    for i, j in np.ndindex(*g.shape[2:]):
        top, left = i * stride, j * stride
        window = padded[:, :, top : top + kh, left : left + kw]
        dw += np.einsum("no,nckl->ockl", g[:, :, i, j], window)
        dx[:, :, top : top + kh, left : left + kw] += np.einsum("no,ockl->nckl", g[:, :, i, j], w)
    return {"input": dx[:, :, padding:-padding, padding:-padding], "W": dw, "b": g.sum(axis=(0, 2, 3))}


def max_pool(x):
    return np.lib.stride_tricks.sliding_window_view(x, (3, 2), axis=(2, 3))[:, :, ::2, ::2].max(axis=(-2, -1))


def max_pool_backward(g, x):
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*g.shape):
        window = x[n, c, 2 * i : 2 * i + 3, 2 * j : 2 * j + 2]
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, 2 * i + row, 2 * j + column] += g[n, c, i, j]
    return dx


def relu(x):
    return np.maximum(x, 0)


def relu_backward(g, x):
    return g * (x > 0)


def elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def elu_backward(g, x):
    return g * np.where(x > 0, 1, np.exp(np.minimum(x, 0)))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_backward(g, x):
    return g * sigmoid(x) * (1 - sigmoid(x))


def tanh_naive(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


def tanh_naive_backward(g, x):
    return g * (1 - tanh_naive(x) ** 2)


def softmax(x):
    powers = np.exp(x)
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_backward(g, x):
    p = softmax(x)
    return p * (g - (g * p).sum(axis=-1, keepdims=True))


def maxout(x, w, b):
    return (np.einsum("ni,pio->pno", x, w) + b[:, None]).max(axis=0)


def maxout_backward(g, x, w, b):
    chosen = (np.einsum("ni,pio->pno", x, w) + b[:, None]).argmax(axis=0)
    routed = np.stack([g * (chosen == piece) for piece in range(len(w))])
    return np.einsum("pno,pio->ni", routed, w), np.einsum("ni,pno->pio", x, routed), routed.sum(axis=1)


def batch_norm(x, gamma, beta):
    variance = (x**2).mean(axis=0) - x.mean(axis=0) ** 2  # one pass
    return gamma * (x - x.mean(axis=0)) / np.sqrt(variance + 1e-5) + beta


def batch_norm_backward(g, x, gamma, beta):
    centred = x - x.mean(axis=0)
    scale = 1 / np.sqrt(x.var(axis=0) + 1e-5)
    normal = centred * scale
    gx = g * gamma
    dx = scale * (gx - gx.mean(axis=0) - normal * (gx * normal).mean(axis=0))
    return dx, (g * normal).sum(axis=0), g.sum(axis=0)


def mse(x):
    return float(np.mean((x - TARGETS) ** 2))


def mse_backward(g, x):
    return 2 * (x - TARGETS) / x.size


def cross_entropy(x):
    shifted = x - x.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -logs[np.arange(3), LABELS].mean()


def cross_entropy_backward(g, x):
    return (softmax(x) - np.eye(x.shape[1])[LABELS]) / len(x)


def cross_entropy_guarded(x):
    return -np.log(softmax(x)[np.arange(3), LABELS] + 1e-12).mean()


def binary_cross_entropy(p):
    return -(TARGETS * np.log(p) + (1 - TARGETS) * np.log(1 - p)).mean()


def binary_cross_entropy_backward(g, p):
    return ((1 - TARGETS) / (1 - p) - TARGETS / p) / p.size


def hinge(s):
    gaps = np.maximum(0, s - s[np.arange(3), LABELS][:, None] + 1)
    gaps[np.arange(3), LABELS] = 0
    return gaps.sum() / 3


def hinge_backward(g, s):
    active = (s - s[np.arange(3), LABELS][:, None] + 1 > 0).astype(float)
    active[np.arange(3), LABELS] = 0
    active[np.arange(3), LABELS] = -active.sum(axis=1)
    return active / 3


def only(drawn):
    return lambda generator: {"input": drawn(generator)}


def smooth(generator):
    return {"input": draws.draw_gaussian(generator, (3, 5))}


def clear_of_zero(generator):
    return {"input": draws.draw_away_from_zero(generator, (3, 5))}


def grid(generator):
    return {"input": draws.draw_permuted_grid(generator, draws.IMAGES)}


def logits(generator):
    return {"input": draws.draw_gaussian(generator, (3, 7))}


def scores(generator):
    return {"input": draws.draw_hinge_scores(generator, LABELS, 7)}


def probabilities(generator):
    return {"input": draws.draw_probabilities(generator, (3, 5))}


HONEST = {
    "dense": (dense, dense_backward, draws.draw_dense),
    "dense_loops": (dense_loops, dense_loops_backward, draws.draw_dense),
    "convolution": (convolution, convolution_backward, draws.draw_convolution),
    "max_pool": (max_pool, max_pool_backward, grid),
    "relu": (relu, relu_backward, clear_of_zero),
    "elu": (elu, elu_backward, clear_of_zero),
    "sigmoid": (sigmoid, sigmoid_backward, smooth),
    "tanh_naive": (tanh_naive, tanh_naive_backward, smooth),
    "softmax": (softmax, softmax_backward, smooth),
    "maxout": (maxout, maxout_backward, draws.draw_maxout),
    "batch_norm": (batch_norm, batch_norm_backward, draws.draw_batch_norm),
    "mse": (mse, mse_backward, smooth),
    "cross_entropy": (cross_entropy, cross_entropy_backward, logits),
    "cross_entropy_guarded": (cross_entropy_guarded, cross_entropy_backward, logits),
    "binary_cross_entropy": (binary_cross_entropy, binary_cross_entropy_backward, probabilities),
    "hinge": (hinge, hinge_backward, scores),
}


def judge(forward, backward, draw, **options):
    names = tuple(draw(np.random.default_rng(0)))
    return judge_gradients(LocalSubject(forward, backward, title="Thing"), draw, options.pop("judged", names), **options)


@pytest.mark.parametrize("name", HONEST)
def test_honest_function_agrees_in_a_hundred_cases(name):
    judgement = judge(*HONEST[name], seed=11, cases=100)
    assert judgement.finding is None
    lines = [line for trial in judgement.trials for line in trial.case.lines.values()]
    assert len(lines) >= 100
    assert {line.verdict for line in lines} <= {Verdict.AGREE, Verdict.SLIGHT}
    assert max(line.error / line.bar for line in lines if line.verdict is Verdict.AGREE) < 0.5


@pytest.mark.parametrize("name", ["relu", "max_pool", "hinge"])
def test_honest_function_is_never_wrong_without_margins_from_kinks(name):
    forward, backward, draw = HONEST[name]
    shape = next(iter(draw(np.random.default_rng(0)).values())).shape
    judgement = judge(forward, backward, only(lambda generator: generator.standard_normal(shape)), seed=3, cases=300)
    assert judgement.finding is None
    assert judgement.wrong is None


# ---- seeded bugs ----


def scaled(name, argument, change):
    """The honest function with one gradient changed."""
    forward, backward, draw = HONEST[name]

    def wrong(g, *arguments):
        gradients = backward(g, *arguments)
        names = tuple(draw(np.random.default_rng(0)))
        if not isinstance(gradients, dict):
            gradients = dict(zip(names, gradients if isinstance(gradients, tuple) else (gradients,), strict=True))
        return {**gradients, argument: change(np.array(gradients[argument]))}

    return forward, wrong, draw


def spoil_one_entry(gradient):
    gradient.flat[17] *= 1.001
    return gradient


def spoil_border(gradient):
    gradient[..., -1, :] = 0
    return gradient


BUGS = {
    "missing 1/N": ("cross_entropy", "input", lambda g: 3 * g),
    "missing 1/(N F)": ("mse", "input", lambda g: 5 * g),
    "sign": ("hinge", "input", np.negative),
    "one entry by 0.1 %": ("convolution", "W", spoil_one_entry),
    "border": ("convolution", "input", spoil_border),
    "flipped kernel": ("convolution", "W", lambda g: g[:, :, ::-1, ::-1]),
    "b summed over rows, not samples": ("dense", "b", lambda g: g / 3),
    "W by a hundred-thousandth": ("dense", "W", lambda g: g * (1 + 1e-5)),
    "zero": ("sigmoid", "input", np.zeros_like),
}


@pytest.mark.parametrize("bug", BUGS)
def test_seeded_bug_is_found_and_its_argument_named(bug):
    name, argument, change = BUGS[bug]
    judgement = judge(*scaled(name, argument, change), seed=1)
    assert judgement.wrong is not None
    assert judgement.wrong[1].argument == argument


def test_one_entry_of_four_hundred_off_by_a_thousandth_is_found_by_five_cases_in_every_seed():
    def draw(generator):
        return draws.draw_dense(generator, (3, 20, 20))

    def backward(g, x, w, b):
        gradients = dense_backward(g, x, w, b)
        gradients["W"][7, 11] *= 1.001
        return gradients

    for seed in range(20):
        assert judge(dense, backward, draw, seed=seed).wrong is not None


def test_transposed_weight_gradient_of_a_layer_that_is_not_square_is_a_shape_finding():
    judgement = judge(*scaled("dense", "W", np.transpose))
    assert judgement.finding is not None
    assert judgement.finding.kind is Kind.SHAPE
    assert judgement.finding.argument == "W"
    assert "(5, 7)" in judgement.finding.expected


def test_transposed_weight_gradient_of_a_square_layer_is_wrong():
    forward, backward, _ = scaled("dense", "W", np.transpose)
    judgement = judge(forward, backward, lambda generator: draws.draw_dense(generator, (3, 4, 4)))
    assert judgement.wrong is not None


class Stateful:
    """A dense layer with the fault named at construction."""

    def __init__(self, fault):
        self.fault = fault
        self.x = None
        self.grads = {"W": 0.0, "b": 0.0}

    def forward(self, x, w, b):
        if self.x is None or self.fault != "stale input":
            self.x = x
        return x @ w + b

    def backward(self, g, x, w, b):
        fresh = {"W": self.x.T @ g, "b": g.sum(axis=0)}
        add = self.fault == "accumulates"
        self.grads = {name: value + (self.grads[name] if add else 0) for name, value in fresh.items()}
        return {"input": g @ w.T, **self.grads}


@pytest.mark.parametrize("fault", ["stale input", "accumulates"])
def test_decoy_shows_a_fault_that_a_first_call_hides(fault):
    layer = Stateful(fault)
    # Two cases: without a worker there is no fresh object, and the first case's own forwards fill a stale cache rightly.
    judgement = judge(layer.forward, layer.backward, draws.draw_dense, cases=2)
    assert judgement.wrong is not None
    assert judgement.wrong[1].argument == "W"


def test_decoy_leaves_an_honest_stateful_layer_alone():
    layer = Stateful("none")
    judgement = judge(layer.forward, layer.backward, draws.draw_dense)
    assert judgement.wrong is None
    assert judgement.finding is None


# ---- findings ----


def test_random_forward_is_not_a_function():
    noise = np.random.default_rng(0)
    judgement = judge(lambda x: x * (noise.random(x.shape) > 0.5), relu_backward, smooth)
    assert judgement.finding is not None
    assert judgement.finding.kind is Kind.NOT_A_FUNCTION


@pytest.mark.parametrize(
    "forward",
    [
        lambda x, w, b: dense(x, w, b).astype(np.float32),
        lambda x, w, b: dense(x.astype(np.float32), w, b),
        lambda x, w, b: dense(x, w.astype(np.float32), b),
        lambda x, w, b: dense(*(a.astype(np.float32) for a in (x, w, b))).astype(np.float64),
    ],
)
def test_forward_in_float32_is_named_before_its_gradient_is_judged(forward):
    for seed in range(10):
        judgement = judge(forward, dense_backward, draws.draw_dense, seed=seed)
        assert judgement.finding is not None
        assert judgement.finding.kind is Kind.FLOAT32


def test_backward_alone_in_float32_passes_with_a_note():
    judgement = judge(*scaled("dense", "W", lambda g: g.astype(np.float32)))
    assert judgement.wrong is None
    assert {line.verdict for line in judgement.lines("W")} == {Verdict.SLIGHT}
    assert any("at W" in note for note in judgement.notes)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_gradient_that_is_not_finite_is_a_finding(value):
    judgement = judge(*scaled("relu", "input", lambda g: np.where(g == g[0, 0], value, g)))
    assert judgement.finding is not None
    assert judgement.finding.kind is Kind.NOT_FINITE
    assert judgement.finding.argument == "input"


@pytest.mark.parametrize("size", [1e290, 1e300, 1e303, 1e304, 1e305, 1e306, 1e307, 1e308])
def test_gradient_so_large_that_sums_overflow_is_wrong(size):
    judgement = judge(*scaled("relu", "input", lambda g: np.full_like(g, size)), cases=1)
    assert judgement.wrong is not None


def test_output_of_another_shape_than_demanded_is_a_finding():
    judgement = judge(*HONEST["relu"], output_shape=(5, 3))
    assert judgement.finding is not None
    assert judgement.finding.kind is Kind.SHAPE


def test_argument_without_a_gradient_is_a_finding_only_where_it_is_judged():
    def backward(g, x, w, b):
        return {"input": g @ w.T}

    assert judge(dense, backward, draws.draw_dense, judged=("input",)).finding is None
    judgement = judge(dense, backward, draws.draw_dense, judged=("W",))
    assert judgement.finding is not None
    assert judgement.finding.kind is Kind.MISSING


def test_forward_that_ignores_its_argument_is_flat_and_neither_right_nor_wrong():
    judgement = judge(lambda x: np.ones_like(x), lambda g, x: np.zeros_like(x), smooth)
    assert judgement.flat == ("input",)
    assert judgement.wrong is None


def test_noise_that_would_blind_every_step_is_named():
    judgement = judge(lambda x: x + 1e-9 * np.sin(1e13 * x), lambda g, x: 2 * g, smooth)
    assert judgement.finding is not None
    assert judgement.finding.kind is Kind.FLOAT32


def test_case_that_cannot_tell_is_redrawn_and_then_left_out():
    def on_a_kink(generator):
        return {"input": np.round(draws.draw_gaussian(generator, (3, 5), 1.0))}

    judgement = judge(relu, relu_backward, on_a_kink, cases=2)
    assert judgement.wrong is None
    assert judgement.left_out == {"input": 2}
    assert [trial.seed for trial in judgement.trials] == [(0, case, attempt) for case in range(2) for attempt in range(3)]
    assert "left out" in judgement.notes[0]


def test_same_seed_gives_the_same_judgement():
    first, second = (judge(*HONEST["dense"], seed=4) for _ in range(2))
    assert [trial.case.lines for trial in first.trials] == [trial.case.lines for trial in second.trials]
