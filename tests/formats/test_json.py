"""report.json and its schema."""

from __future__ import annotations

import json

import jsonschema

from grader.formats import json as json_format
from tests.formats.reports import check, report

SAMPLE = report(check("layers.Dense/forward", "failed", evidence={"shape": [3, 5]}), check("layers.Dense/gradient"))


def test_report_holds_to_its_own_schema() -> None:
    jsonschema.validate(json.loads(json_format.render(SAMPLE)), json.loads(json_format.schema()))


def test_report_reads_back_as_itself() -> None:
    assert json_format.parse(json_format.render(SAMPLE)) == SAMPLE


def test_every_field_of_the_schema_is_described() -> None:
    described = json.loads(json_format.schema())
    for record in [described, *described["$defs"].values()]:
        assert record["description"]


def test_huge_report_is_cut_below_one_megabyte_and_says_so() -> None:
    big = report(*(check(f"layers.Dense/c{n}", "failed", message="m" * 2000, evidence={"x": ["y" * 500] * 10}) for n in range(300)))
    text = json_format.render(big)
    assert len(text.encode()) < 1_000_000
    assert "cut" in json.loads(text)["problems"][-1]


def test_normalize_removes_seconds_run_and_messages_of_timed_checks() -> None:
    def make(seconds: float, wall: float) -> str:
        timed = check(
            "training.mnist_mlp/fast", "failed", message=f"{seconds} ms", evidence={"timed": True, "ms": seconds}, seconds=seconds
        )
        sample = report(timed, check("layers.Dense/forward", seconds=seconds))
        from dataclasses import replace

        return json_format.normalize(json_format.render(replace(sample, run=replace(sample.run, wall_s=wall, platform=str(wall)))))

    assert make(1.0, 2.0) == make(3.0, 4.0)
    assert "forward" in make(1.0, 2.0)
