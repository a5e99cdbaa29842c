"""What an assertion needs of a worker."""

from __future__ import annotations

from typing import Any, Protocol


class Prober(Protocol):
    """A worker, or the submission that stands for it."""

    @property
    def package(self) -> str:
        """The submission's package, `pytorchnano`."""
        ...

    def probe(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Run a function of the worker's probe file and return its answer; raises a StudentFault where it used too much or died."""
        ...
