"""What a case costs, whatever the number of coordinates."""

from __future__ import annotations

import pytest

from grader.gradients import LocalSubject, draws, judge_gradients


class Counted(LocalSubject):
    """A dense layer that counts calls and trips."""

    def __init__(self):
        self.forwards = self.backwards = self.trips = 0
        super().__init__(self.count_forward, self.count_backward)

    def count_forward(self, x, w, b):
        self.forwards += 1
        return x @ w + b

    def count_backward(self, g, x, w, b):
        self.backwards += 1
        return g @ w.T, x.T @ g, g.sum(axis=0)

    def take_turns(self, turns):
        self.trips += 1
        return super().take_turns(turns)


@pytest.mark.parametrize("sizes", [(3, 5, 7), (2, 30, 40)])
@pytest.mark.parametrize("judged", [("input",), ("W", "b"), ("input", "W", "b")])
@pytest.mark.parametrize("cases", [1, 5])
def test_case_costs_four_forwards_an_argument_three_forwards_and_two_backwards(sizes, judged, cases):
    subject = Counted()
    judgement = judge_gradients(subject, lambda generator: draws.draw_dense(generator, sizes), judged, cases=cases)
    assert judgement.wrong is None
    assert judgement.finding is None
    assert set(judgement.trials[0].case.lines) == set(judged)
    assert subject.forwards == cases * (4 * len(judged) + 3)
    assert subject.backwards == cases * 2
    assert subject.trips == 1


def test_upstream_gradient_of_a_number_is_one():
    seen = []
    subject = LocalSubject(lambda x: float((x**2).sum()), lambda g, x: seen.append(g) or 2 * x)
    judgement = judge_gradients(subject, lambda generator: {"x": generator.standard_normal(3)}, ("x",), cases=1)
    assert [g.tolist() for g in seen] == [1.0, 1.0]
    assert judgement.finding is None


def test_draws_of_several_shapes_are_each_asked_for_their_own():
    def draw(generator):
        return draws.draw_dense(generator, (int(generator.integers(2, 6)), 5, 7))

    subject = Counted()
    judgement = judge_gradients(subject, draw, ("W",), cases=8)
    assert judgement.wrong is None
    assert judgement.finding is None
    assert len({trial.case.turn.grad_output.shape for trial in judgement.trials}) > 1
