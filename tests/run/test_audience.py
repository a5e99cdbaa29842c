"""What a student may see."""

from __future__ import annotations

from grader.formats import json as json_format
from grader.formats import terminal
from grader.run.audience import redact
from tests.formats.reports import check, report

SAMPLE = report(
    check("layers.Dense/forward", "failed", 2, replay="secret replay", hint="secret hint", evidence={"secret": 1}),
    check("layers.Dense/gradient", "skipped", 2, evidence={"after": "layers.Dense/forward"}),
    check("layers.Dense/shape", "failed", visibility="public", message="open message"),
    problems=("a secret file of checks can't be loaded",),
)


def test_nothing_hidden_reaches_a_student() -> None:
    seen = redact(SAMPLE, "student")
    for text in (json_format.render(seen), terminal.render(seen)):
        assert "secret" not in text
        assert "layers.Dense/forward" not in text
        assert "gradient" not in text
    assert "open message" in json_format.render(seen)


def test_points_and_statuses_stay() -> None:
    seen = redact(SAMPLE, "student")
    assert [(c.id, c.points, c.status) for c in seen.checks][:2] == [
        ("layers.Dense/hidden-1", 2, "failed"),
        ("layers.Dense/hidden-2", 2, "skipped"),
    ]
    assert (seen.score, seen.max_score) == (SAMPLE.score, SAMPLE.max_score)


def test_seed_of_hidden_checks_is_redacted() -> None:
    assert redact(SAMPLE, "student").run.seed is None
    assert redact(SAMPLE, "staff") is SAMPLE
