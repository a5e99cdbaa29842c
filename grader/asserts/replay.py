"""A few lines of Python that show a student the fault: NumPy and their own package, nothing of the grader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

MOST_ENTRIES = 80
"""Numbers in a snippet that a person still reads."""


@dataclass(frozen=True)
class Scene:
    """What the lines build and call."""

    package: str
    """The student's package."""
    constructor: tuple[str, str]
    """Module and class."""
    args: Sequence[Any]
    """What the object is constructed with."""
    kwargs: Mapping[str, Any]
    """Its options."""
    arrays: Mapping[str, NDArray[Any]]
    """`input` and parameters of a layer, or `prediction` and `target` of a loss."""
    argument: str
    """The one whose gradient is wrong."""
    grad_output: NDArray[Any] | None = None
    """A layer's upstream gradient; None for a loss."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Attributes set after construction."""
    used_before: bool = False
    """Whether the object must have been used once before for the fault to show."""


def write_replay(scene: Scene) -> str | None:
    """Return the lines, which print the gradient beside finite differences; None when there are too many numbers to read."""
    if sum(array.size for array in scene.arrays.values()) > MOST_ENTRIES:
        return None
    call = "forward(prediction, target)" if scene.grad_output is None else "forward(x)"
    earlier = "forward(0.5 * prediction[::-1], target)" if scene.grad_output is None else "forward(0.5 * x[::-1])"
    back = "backward()" if scene.grad_output is None else "backward(grad_output)"
    moved = _variable(scene.argument)
    module, name = scene.constructor
    value = f"made.{call}" if scene.grad_output is None else f"np.sum(grad_output * made.{call})"
    got = f'made.grads["{scene.argument}"]' if scene.argument in _parameters(scene) else "returned"
    lines = [
        "import numpy as np",
        f"from {scene.package}.{module} import {name}",
        "",
        *(f"{_variable(key)} = {_literal(array)}" for key, array in scene.arrays.items()),
        *([] if scene.grad_output is None else [f"grad_output = {_literal(scene.grad_output)}"]),
        "",
        "",
        f"def build({moved}):",
        f"    made = {name}({_write_arguments(scene)})",
        *(f"    made.{key} = {value!r}" for key, value in scene.settings.items()),
        *(f'    made.params["{key}"] = {key}.copy()' for key in _parameters(scene)),
        "    return made",
        "",
        "",
        f"def value({moved}):",
        f"    made = build({moved})",
        f"    return {value}",
        "",
        "",
        f"made = build({moved})",
        *([f"made.{earlier}  # the fault shows only after an earlier use", f"made.{back}"] if scene.used_before else []),
        f"made.{call}",
        f"returned = made.{back}",
        f"differences = np.zeros_like({moved})",
        f"for index in np.ndindex({moved}.shape):",
        f"    step = np.zeros_like({moved})",
        "    step[index] = 1e-5",
        f"    differences[index] = (value({moved} + step) - value({moved} - step)) / 2e-5",
        f'print("yours:", {got}, sep="\\n")',
        'print("by finite differences:", differences, sep="\\n")',
    ]
    return "\n".join(lines) + "\n"


def _parameters(scene: Scene) -> list[str]:
    return [name for name in scene.arrays if name not in ("input", "prediction", "target")]


def _variable(name: str) -> str:
    return "x" if name == "input" else name


def _write_arguments(scene: Scene) -> str:
    return ", ".join([*(repr(value) for value in scene.args), *(f"{key}={value!r}" for key, value in scene.kwargs.items())])


def _literal(array: NDArray[Any]) -> str:
    listed = array.tolist()
    return f"np.array({listed!r})" if array.size else f"np.zeros({array.shape!r})"
