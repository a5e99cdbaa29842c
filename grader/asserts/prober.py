"""What an assertion needs of a worker, or of the submission that stands for it."""

from __future__ import annotations

from typing import Any, Protocol


class Prober(Protocol):
    """Runs probes."""

    def probe(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Run a function of the worker's probe file and return its answer; raises a StudentFault where it used too much or died."""
        ...


class SubmissionProber(Prober, Protocol):
    """Runs probes beside a submission, and keeps what a check that passes has to say of it."""

    @property
    def package(self) -> str:
        """The submission's package, `pytorchnano`."""
        ...

    def note(self, said: str) -> None:
        """Keep a sentence for the check's outcome."""
        ...

    def conclude(self, said: str) -> None:
        """Say that the check has failed with this sentence: whatever is asked from now on only explains it."""
        ...
