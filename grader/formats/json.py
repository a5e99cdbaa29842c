"""`report.json`: the report itself, and its schema."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from grader.model.report import Report

_MAX_BYTES = 1_000_000
_MEASURED_MESSAGE = "(depends on the machine)"


def render(report: Report) -> str:
    """Return the report as JSON under 1 MB; what is cut to keep to that is said in `problems`."""
    record = to_plain(report)
    text = _dump(record)
    if len(text.encode()) > _MAX_BYTES:
        for check in record["checks"]:
            check["evidence"] = {"cut": True}
            check["message"] = check["message"][:300]
        record["submission"]["files"] = record["submission"]["files"][:500]
        record["problems"].append("The report was larger than 1 MB: evidence, long messages and files after the 500th were cut.")
        text = _dump(record)
    return text


def to_plain(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON types, `schema` first."""
    record = json.loads(json.dumps(asdict(report)))
    return {"schema": record.pop("schema"), **record}


def parse(text: str) -> Report:
    """Read a report back; raises pydantic's ValidationError when it is not one."""
    return TypeAdapter(Report).validate_json(text)


def schema() -> str:
    """Return the JSON Schema of the report."""
    return _dump({"$schema": "https://json-schema.org/draft/2020-12/schema", **TypeAdapter(Report).json_schema()})


def normalize(text: str) -> str:
    """Return a report without what depends on the machine: two runs with one seed are then equal byte for byte."""
    record = json.loads(text)
    run = record["run"]
    record["run"] = {key: run[key] for key in ("grader_version", "seed", "device", "partial", "in_process") if key in run}
    measured = {artifact["path"] for artifact in record["artifacts"] if artifact.get("measured")}
    for check in record["checks"]:
        check.pop("seconds", None)
        if check.get("evidence", {}).get("timed"):
            check["message"] = _MEASURED_MESSAGE
            check["hint"] = ""
            check["evidence"] = {"timed": True}
    for artifact in record["artifacts"]:
        if artifact["path"] in measured:
            artifact.pop("sha256", None)
            artifact.pop("bytes", None)
    return _dump(record)


def _dump(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=1, ensure_ascii=True) + "\n"
