"""One argument, one random direction: does the analytic gradient agree with forward along it?

Five points lie on the line: the point itself and two to each side, at t = h and h/2. Each pair gives the residual
r(t) = (<G, y+ - y-> - <g, a+ - a->) / 2t, and Richardson's R = (4 r(h/2) - r(h)) / 3 removes its leading error.
What may remain of a correct gradient is bounded by the bar: curvature shows in the change of the central difference D,
kinks and noise in the change of the second difference E, round-off by counting. Absolute values are taken output by
output, before the sum, so that errors cannot cancel. R above the bar is an error of backward; a bar that is large
against the slope means that the line can't tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from grader.gradients.subject import Arguments, Array, Subject

FIRST_STEP = 2.0**-14
"""h of the first rung, in units of the direction."""
NETWORK_STEP = 2.0**-16
"""The first rung for scalar functions of many units, whose kinks could cancel in one output."""
RUNGS = 4
"""Steps tried before a line is given up as blind."""
RUNG_FACTOR = 16.0
"""From one rung to the next."""

_SPREAD = 4.0
_ROUND_OFF = 16.0
_TELLING = 1e-5
_SLIGHT = 1e-6
_UNIT = 2.0**-53


class Verdict(StrEnum):
    """What a line says of one argument's gradient, best first."""

    AGREE = "agree"
    SLIGHT = "slight"
    """Off by at most a millionth of the slope: passes, with a note."""
    FLAT = "flat"
    """The output does not change along the line: no evidence."""
    BLIND = "blind"
    """The bar is too wide to tell: no evidence."""
    WRONG = "wrong"


@dataclass(frozen=True)
class Line:
    """One argument's verdict and the numbers behind it."""

    argument: str
    """The argument that was moved."""
    verdict: Verdict
    """agree, slight, flat, blind or wrong."""
    slope: float
    """Size of the derivative along the direction, from forward alone: sqrt(sum_j (G_j D_j)^2)."""
    error: float
    """|R|: how far backward is from forward along the direction."""
    bar: float
    """What `error` can be at most when backward is right."""
    numeric: float
    """The derivative of <G, y> along the direction, by differences."""
    analytic: float
    """The same from backward's gradient."""
    steps: tuple[float, ...]
    """h of each rung, in the order tried; of a second key too."""


@dataclass(frozen=True)
class Setting:
    """What all lines of one case share."""

    subject: Subject
    """The function."""
    point: Arguments
    """Where the derivative is taken."""
    output: Array
    """Forward at the point."""
    grad_output: Array
    """G, in the output's shape."""


class StrayOutput(Exception):
    """Forward gave an output of another shape, or one that is not finite, next to a point where all was well."""

    def __init__(self, output: Array) -> None:
        super().__init__("forward went astray beside the point")
        self.output = output


@dataclass(frozen=True)
class Ray:
    """A line before it is walked."""

    direction: Array
    """In the argument's shape."""
    step: float
    """h, in units of the direction."""

    def places(self, at: Array) -> Array:
        """The four places h and h/2 up and down the line, along a new first axis: up, down, half up, half down."""
        return np.stack([at + t * self.direction for t in (self.step, -self.step, self.step / 2, -self.step / 2)])


def draw_ray(array: Array, generator: np.random.Generator, step: float) -> Ray:
    """A Gaussian direction as large as the array, at most 1 an entry (larger steps run into saturation)."""
    size = float(np.sqrt(np.mean(array**2))) if array.size else 0.0
    return Ray(generator.standard_normal(array.shape) * (min(1.0, size) or 1.0), step)


def judge_line(
    setting: Setting,
    argument: str,
    gradient: Array,
    generator: np.random.Generator,
    ray: Ray,
    outputs: Sequence[Array] | None = None,
) -> Line:
    """Climb the rungs along one direction; a line that says wrong must say so again on another, at a smaller step.

    `gradient` is finite and has the argument's shape. `outputs` are forward's at the ray's four places, where they are known.
    Raises `StrayOutput` where forward fails right beside the point.
    """
    first = _climb(setting, argument, gradient, ray, outputs)
    if first.verdict is not Verdict.WRONG:
        return first
    nearer = first.steps[-1] / RUNG_FACTOR
    second, _ = _measure(setting, argument, gradient, draw_ray(setting.point[argument], generator, nearer))
    steps = (*first.steps, nearer)
    if second.verdict is Verdict.WRONG:
        return replace(first, steps=steps)
    return replace(first, verdict=Verdict.BLIND, steps=steps)


def _climb(setting: Setting, argument: str, gradient: Array, ray: Ray, outputs: Sequence[Array] | None) -> Line:
    line, factor = _measure(setting, argument, gradient, ray, outputs)
    steps, turned = [ray.step], factor
    while line.verdict is Verdict.BLIND and len(steps) < RUNGS and factor == turned:
        ray = replace(ray, step=ray.step * factor)
        try:
            line, factor = _measure(setting, argument, gradient, ray)
        except StrayOutput:
            if factor < 1:
                raise
            break  # a wide step may leave the function's domain: that is nobody's fault
        steps.append(ray.step)
    return replace(line, steps=tuple(steps))


def _measure(
    setting: Setting, argument: str, gradient: Array, ray: Ray, outputs: Sequence[Array] | None = None
) -> tuple[Line, float]:
    """One rung: the verdict at this step, and the factor that leads to a more promising one."""
    places = ray.places(setting.point[argument])
    if outputs is None:
        outputs = setting.subject.forward([{**setting.point, argument: place} for place in places])
    for output in outputs:
        if output.shape != setting.output.shape or not np.isfinite(output).all():
            raise StrayOutput(output)
    with np.errstate(over="ignore", invalid="ignore"):
        return _compare(setting, argument, gradient, ray, places, outputs)


def _compare(
    setting: Setting, argument: str, gradient: Array, ray: Ray, places: Array, outputs: Sequence[Array]
) -> tuple[Line, float]:
    weight, output = setting.grad_output, setting.output
    numeric: list[float] = []
    analytic: list[float] = []
    central: list[Array] = []
    second: list[Array] = []
    for pair, t in enumerate((ray.step, ray.step / 2)):
        up, down = outputs[2 * pair], outputs[2 * pair + 1]
        numeric.append(float(np.sum(weight * (up - down))) / (2 * t))
        analytic.append(float(np.sum(gradient * (places[2 * pair] - places[2 * pair + 1]))) / (2 * t))
        central.append((up - down) / (2 * t))
        second.append((up + down - 2 * output) / t)
    error = abs(_extrapolate(numeric[0] - analytic[0], numeric[1] - analytic[1]))
    size = np.abs(weight)
    spread = _SPREAD * float(np.sum(size * (np.abs(central[0] - central[1]) + np.abs(second[0] - 2 * second[1]))))
    round_off = _bound_round_off(setting, argument, gradient, ray)
    slope = float(np.sqrt(np.sum((weight * central[1]) ** 2)))
    line = Line(
        argument=argument,
        verdict=_decide(error, spread + round_off, slope),
        slope=slope,
        error=error,
        bar=spread + round_off,
        numeric=_extrapolate(*numeric),
        analytic=_extrapolate(*analytic),
        steps=(ray.step,),
    )
    return line, 1 / RUNG_FACTOR if spread > round_off else RUNG_FACTOR


def _bound_round_off(setting: Setting, argument: str, gradient: Array, ray: Ray) -> float:
    largest = max(1.0, float(np.max(np.abs(setting.output), initial=0.0)))
    outputs = float(np.sum(np.abs(setting.grad_output))) * largest
    inputs = float(np.sum(np.abs(gradient * setting.point[argument])))
    return _ROUND_OFF * _UNIT * ((outputs + inputs) / ray.step + float(np.sum(np.abs(gradient * ray.direction))))


def _decide(error: float, bar: float, slope: float) -> Verdict:
    # A gradient so large that the sums overflow must not hide behind an infinite bar.
    if not np.isfinite(error) or not np.isfinite(bar):
        return Verdict.WRONG
    if not error <= bar:
        return Verdict.SLIGHT if error <= _SLIGHT * slope else Verdict.WRONG
    if slope == 0.0:
        return Verdict.FLAT
    return Verdict.AGREE if bar <= _TELLING * slope else Verdict.BLIND


def _extrapolate(whole: float, half: float) -> float:
    """Richardson's formula: the values at h and h/2 without their error in h squared."""
    return (4 * half - whole) / 3

