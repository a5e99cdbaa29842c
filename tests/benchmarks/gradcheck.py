"""The engine beside `torch.autograd.gradcheck(fast_mode=True)` on the same functions: `python -m tests.benchmarks.gradcheck`.

Needs PyTorch, which the project itself does not: run it in an environment of its own that also holds NumPy and pydantic. Both sides check
one case of each function a round, in turn and in this process, one thread; medians and their ratio are printed.
"""

from __future__ import annotations

import os
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
from torch.nn import functional

from tests.studies.gradients import FAMILIES, judge, make_subject
from tests.studies.in_process import LocalWorker, load_submission

ROUNDS = 15

Tensor = torch.Tensor
FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "Dense": lambda x, w, b: x @ w + b,
    "Conv2D": lambda x, w, b: functional.conv2d(x, w, b),
    "Conv2D, padding": lambda x, w, b: functional.conv2d(x, w, b, padding=(2, 1)),
    "Conv2D, stride": lambda x, w, b: functional.conv2d(x, w, b, stride=(2, 3)),
    "MaxPool2D": lambda x: functional.max_pool2d(x, (2, 3)),
    "MaxPool2D, stride": lambda x: functional.max_pool2d(x, (3, 2), (2, 1)),
    "AvgPool2D": lambda x: functional.avg_pool2d(x, (2, 3)),
    "BatchNorm": lambda x, gamma, beta: functional.batch_norm(x, None, None, gamma, beta, training=True),
    "ReLU": functional.relu,
    "LeakyReLU": lambda x: functional.leaky_relu(x, 0.1),
    "ELU": functional.elu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Softmax": lambda x: torch.softmax(x, dim=1),
    "Maxout": lambda x, w, b: (torch.einsum("ni,pio->pno", x, w) + b[:, None]).amax(0),
}
"""What PyTorch calls the same layers; its losses take part through `LOSSES`."""
LOSSES: dict[str, Callable[[Tensor, Any], Tensor]] = {
    "MSELoss": functional.mse_loss,
    "CrossEntropyLoss": functional.cross_entropy,
    "CrossEntropyLoss, probabilities": lambda p, t: functional.nll_loss(torch.log(p), t),
    "BinaryCrossEntropyLoss": functional.binary_cross_entropy_with_logits,
    "HingeLoss": lambda p, t: functional.multi_margin_loss(p, t, reduction="sum") * p.shape[1] / p.shape[0],
}


def prepare(name: str) -> Callable[[], bool]:
    """Return what checks one case of a function with PyTorch."""
    _, family, _ = FAMILIES[name]
    made = family.make(family.sizes)
    assert made is not None
    point = made.draw(np.random.default_rng(0))
    inputs = tuple(torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in point.values())
    if made.target is None:
        function = FUNCTIONS[name]
    else:
        target, loss = torch.tensor(made.target), LOSSES[name]
        function = lambda prediction: loss(prediction, target)  # noqa: E731
    return lambda: torch.autograd.gradcheck(function, inputs, fast_mode=True)


def measure(call: Callable[[], Any]) -> float:
    """Return the CPU milliseconds of one call."""
    started = time.process_time()
    call()
    return 1000 * (time.process_time() - started)


def main() -> None:
    """Measure in turn and print."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    worker = LocalWorker(load_submission("reference"))
    ours: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    subjects = {name: make_subject(worker, name) for name in FAMILIES}
    checks = {name: prepare(name) for name in FAMILIES}
    for seed in range(ROUNDS):
        for name in FAMILIES:
            ours.setdefault(name, []).append(measure(lambda name=name, seed=seed: judge(subjects[name], name, seed, cases=1)))
            theirs.setdefault(name, []).append(measure(checks[name]))
    print(f"{'one case, CPU ms':<34}{'engine':>9}{'gradcheck':>11}{'ratio':>8}")
    for name in FAMILIES:
        mine, other = statistics.median(ours[name]), statistics.median(theirs[name])
        print(f"{name:<34}{mine:>9.2f}{other:>11.2f}{mine / other:>8.2f}")
    mine, other = (sum(statistics.median(values) for values in side.values()) for side in (ours, theirs))
    print(f"{'all':<34}{mine:>9.2f}{other:>11.2f}{mine / other:>8.2f}   (PyTorch {torch.__version__}, NumPy {np.__version__})")


if __name__ == "__main__":
    main()
