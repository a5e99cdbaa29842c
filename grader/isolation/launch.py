"""What a worker is started with, and what a layer says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from grader.model.limits import Limits


@dataclass(frozen=True)
class Availability:
    """Whether a layer works on this machine."""

    ok: bool
    """True when it does."""
    reason: str = ""
    """Why not, a sentence."""
    remedy: str = ""
    """What the operator can do about it."""


@dataclass(frozen=True)
class Step:
    """One layer's part of a launch."""

    layer: str
    """The layer's name."""
    settings: Mapping[str, Any]
    """What its `enter` gets: plain values."""


@dataclass(frozen=True)
class Tenant:
    """Whose worker it is; one zygote serves several."""

    package: str
    """The submission's package, `pytorchnano`."""
    root: str | None
    """The workspace that holds it, all that the worker gets to see of any; None for a worker without a submission."""
    probes: str | None
    """The folder of staff code that runs beside it."""


@dataclass(frozen=True)
class Launch:
    """One worker to be."""

    tenant: Tenant
    """What it holds."""
    limits: Limits
    """How much it may use."""
    folder: str
    """Its working folder: empty, or the check's scratch folder."""
    environment: Mapping[str, str]
    """All of its environment."""
    seed: int
    """For the global random states."""
    broken: Mapping[str, str]
    """Modules not to be imported again, dotted, with the reason."""
    steps: tuple[Step, ...] = field(default=())
    """The layers, in the order they are entered."""

    def add(self, layer: str, **settings: Any) -> Launch:
        """Return the launch with one more step."""
        return replace(self, steps=(*self.steps, Step(layer, settings)))

    def to_message(self, hello: int) -> dict[str, Any]:
        """Return what the zygote is told; `hello` is the number that the worker's hello must carry."""
        return {
            "do": "fork",
            "hello": hello,
            "package": self.tenant.package,
            "root": self.tenant.root,
            "probes": self.tenant.probes,
            "folder": self.folder,
            "environment": dict(self.environment),
            "seed": self.seed,
            "broken": dict(self.broken),
            "steps": [[step.layer, dict(step.settings)] for step in self.steps],
        }


class Layer(Protocol):
    """A layer's module."""

    @property
    def NAME(self) -> str:
        """The layer's name: its module's."""
        ...

    available: Callable[[], Availability]
    wrap: Callable[[Launch], Launch]
    enter: Callable[[Mapping[str, Any]], None]
