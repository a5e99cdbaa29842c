"""What a case costs."""

from __future__ import annotations

import numpy as np

from grader.gradients import LocalSubject, draws
from grader.gradients.case import run_case


class Counted(LocalSubject):
    """Counts trips."""

    trips = 0

    def forward(self, points):
        self.trips += 1
        return super().forward(points)

    def backward(self, point, grad_output, decoy):
        self.trips += 1
        return super().backward(point, grad_output, decoy)


def test_case_costs_three_trips_and_one_for_each_argument():
    subject = Counted(lambda x, w, b: x @ w + b, lambda g, x, w, b: (g @ w.T, x.T @ g, g.sum(axis=0)))
    generator = np.random.default_rng(0)
    point, decoy = draws.draw_dense(generator), draws.draw_dense(generator)
    case = run_case(subject, point, decoy, ("input", "W", "b"), generator)
    assert set(case.lines) == {"input", "W", "b"}
    assert subject.trips == 6


def test_upstream_gradient_of_a_number_is_one():
    seen = []
    subject = LocalSubject(lambda x: float((x**2).sum()), lambda g, x: seen.append(g) or 2 * x)
    case = run_case(subject, {"x": np.ones(3)}, {"x": np.full(3, 0.5)}, ("x",), np.random.default_rng(0))
    assert [g.tolist() for g in seen] == [1.0, 1.0]
    assert case.findings == ()
