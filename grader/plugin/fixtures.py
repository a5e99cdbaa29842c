"""What a check can ask for by naming it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.diagnosis.transcript import Transcript
from grader.faults import GraderFault
from grader.plugin.definition import CheckDefinition
from grader.plugin.grading import Grading, Oracle
from grader.plugin.seeds import generator
from grader.plugin.submitted import Submitted
from grader.remote.worker import Worker

GRADING = pytest.StashKey[Grading]()
DEFINITION = pytest.StashKey[CheckDefinition]()
TRANSCRIPT = pytest.StashKey[Transcript]()


@pytest.fixture(scope="session")
def grading(request: pytest.FixtureRequest) -> Grading:
    """The session's state; checks rarely need it."""
    return request.config.stash[GRADING]


@pytest.fixture
def definition(request: pytest.FixtureRequest) -> CheckDefinition:
    """What this check says of itself."""
    return request.node.stash[DEFINITION]


@pytest.fixture
def seed(grading: Grading, definition: CheckDefinition) -> int:
    """The check's own seed."""
    return grading.seed_of(definition)


@pytest.fixture
def rng(seed: int) -> np.random.Generator:
    """NumPy's generator, seeded for this check."""
    return generator(seed)


@pytest.fixture
def submission(request: pytest.FixtureRequest, grading: Grading, definition: CheckDefinition, seed: int) -> Iterator[Submitted]:
    """The student's package, in a fresh worker of this check's own."""

    def start() -> Worker:
        return grading.wall.worker(
            seed=seed % 2**32,
            limits=grading.limits_of(definition),
            scratch=definition.scratch,
            preload=grading.preload_of(definition),
        )

    # What depends on the machine's speed is not run again, and a training says a lot.
    transcript = None if definition.timed else Transcript()
    if transcript is not None:
        request.node.stash[TRANSCRIPT] = transcript
    submitted = Submitted(start, grading.count, transcript)
    yield submitted
    submitted.close()


@pytest.fixture
def oracle(grading: Grading, definition: CheckDefinition) -> Oracle:
    """The reference's modules; for hidden checks alone, so that the public folder can be given away."""
    if definition.visibility == "public":
        raise GraderFault(f"{definition.id} is public and asks for the oracle")
    return grading.oracle


@pytest.fixture
def save_artifact(grading: Grading, definition: CheckDefinition) -> Callable[..., Path]:
    """Write a file beside the report: `save_artifact("curve.png", write, measured=True)`, `write(path)` makes it."""

    def save(name: str, write: Callable[[Path], Any], *, measured: bool = False) -> Path:
        file_name = f"{definition.group}-{name}"
        path = Path(grading.session.artifacts) / file_name
        write(path)
        grading.journal.write("artifact", check=definition.id, name=f"{definition.group} {name}", path=file_name, measured=measured)
        return path

    return save
