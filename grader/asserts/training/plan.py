"""What a training is: the network, how long it trains, what it must reach, what it may cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.faults import RequestFault

Layer = tuple[str, str, tuple[int | float, ...]]
"""Module, class and constructor arguments: `("layers", "Dense", (784, 16))`."""

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1, strict=False)]
Amount = Annotated[float, Field(gt=0, strict=False)]


class _Settings(BaseModel):
    """The shape of a `[trainings.NAME]` table in `assignment.toml`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    layers: Annotated[list[list[str | int | float]], Field(min_length=1)]
    disguise: Literal["permute", "turn"]
    epochs: Positive
    batch_size: Positive
    lr: Amount
    threshold: Share
    budget_cpu_s: Amount


@dataclass(frozen=True)
class TrainingPlan:
    """One watched training: cross-entropy from logits, plain SGD, every batch full."""

    name: str
    """The key in `assignment.toml`, `mnist_mlp`."""
    layers: tuple[Layer, ...]
    """The network, first layer first; its last output is the logits of ten classes."""
    disguise: str
    """`permute`: flat images in [0, 1] with permuted pixels. `turn`: planes in [-1, 1], turned, mirrored, inverted."""
    epochs: int
    """How often each training image is used."""
    batch_size: int
    """Images a step; what does not fill a batch at an epoch's end is left out."""
    lr: float
    """SGD's learning rate."""
    threshold: float
    """The share of test images to be recognised."""
    budget_cpu_s: float
    """CPU seconds that all steps together may take."""

    def with_epochs(self, epochs: int) -> TrainingPlan:
        """Return the same training, shorter or longer; its budget changes in proportion."""
        return replace(self, epochs=epochs, budget_cpu_s=self.budget_cpu_s * epochs / self.epochs)


def read_plan(name: str, table: dict[str, Any], *, full: bool = False) -> TrainingPlan:
    """Validate `[trainings.NAME]` of an assignment; with `full`, its sub-table `full` replaces what it names.

    `RequestFault` says every mistake at once.
    """
    settings = {key: value for key, value in table.items() if key != "full"}
    if full:
        if not isinstance(table.get("full"), dict):
            raise RequestFault(f"trainings.{name} says nothing about the full MNIST: the table trainings.{name}.full is missing.")
        settings |= table["full"]
    mistakes: list[str] = []
    try:
        read = _Settings.model_validate(settings)
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise RequestFault(_say(name, mistakes)) from error
    layers: list[Layer] = []
    for entry in read.layers:
        path, *args = entry
        module, _, class_name = path.partition(".") if isinstance(path, str) else ("", "", "")
        if not module.isidentifier() or not class_name.isidentifier() or any(isinstance(arg, str) for arg in args):
            mistakes.append(f'layers: {entry!r} is not ["module.Class", numbers...], as ["layers.Dense", 784, 16]')
        layers.append((module, class_name, tuple(arg for arg in args if not isinstance(arg, str))))
    if mistakes:
        raise RequestFault(_say(name, mistakes))
    return TrainingPlan(
        name=name,
        layers=tuple(layers),
        disguise=read.disguise,
        epochs=read.epochs,
        batch_size=read.batch_size,
        lr=read.lr,
        threshold=read.threshold,
        budget_cpu_s=read.budget_cpu_s,
    )


def _say(name: str, mistakes: list[str]) -> str:
    return f"trainings.{name} in assignment.toml is wrong:\n" + "\n".join(f"  {line}" for line in mistakes)
