"""`check_gradient`: the engine for a plain function, without worker and without pytest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.gradients.case import mirror
from grader.gradients.engine import CASES, Draw, Judgement, judge_gradients
from grader.gradients.line import FIRST_STEP, Line, Verdict
from grader.gradients.subject import LocalSubject


@dataclass(frozen=True)
class GradientReport:
    """A table for people: `print(report)`."""

    judgement: Judgement
    """Everything behind the table."""
    lines: dict[str, Line]
    """The most telling line of each argument: the worst one, evidence before none."""

    @property
    def passed(self) -> bool:
        """Nothing is wrong, and every argument was compared at least once."""
        seen = all(line.verdict in (Verdict.AGREE, Verdict.SLIGHT) for line in self.lines.values())
        return self.judgement.finding is None and bool(self.lines) and seen

    def __str__(self) -> str:
        rows = [f"{'argument':<12}{'slope':>12}{'error':>12}{'bar':>12}  verdict"]
        for name, line in self.lines.items():
            rows.append(f"{name:<12}{line.slope:>12.3g}{line.error:>12.3g}{line.bar:>12.3g}  {line.verdict}")
        finding = self.judgement.finding
        if finding is not None:
            rows.append(f"{finding.said} Expected {finding.expected}, got {finding.got}.")
        return "\n".join(rows)


def check_gradient(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    arguments: Mapping[str, Any] | None = None,
    *,
    draw: Draw | None = None,
    judge: Sequence[str] | None = None,
    seed: int = 0,
    cases: int = CASES,
    first_step: float = FIRST_STEP,
    title: str = "the function",
) -> GradientReport:
    """Compare `backward` with finite differences of `forward`; `print(check_gradient(...))` shows a table.

    `forward(*arguments)` gives an array or a number, `backward(grad_output, *arguments)` the gradients of
    `sum(grad_output * output)` as a dict by name, a tuple in order, or a lone array (`grad_output` is 1 for a number).
    Give the point as `arguments`, arrays by name in the order of the calls, or `draw(generator)` that draws such points.
    `judge` names the arguments to look at, all by default. Start at `NETWORK_STEP` for scalar functions of many units.
    Raises TypeError or ValueError when a function returns something that is not numbers.
    """
    if (arguments is None) == (draw is None):
        raise ValueError("check_gradient takes either arguments (one point) or draw (a function that draws points)")
    point = {name: np.array(value, dtype=np.float64) for name, value in (arguments or {}).items()}
    chosen: Draw = draw or (lambda generator: point)
    names = tuple(judge or chosen(np.random.default_rng(seed)))
    judgement = judge_gradients(
        LocalSubject(forward, backward, title=title),
        chosen,
        names,
        draw_decoy=draw or (lambda generator: mirror(point)),
        seed=seed,
        cases=cases,
        first_step=first_step,
    )
    return GradientReport(judgement, {name: _pick(judgement.lines(name)) for name in names if judgement.lines(name)})


def _pick(lines: list[Line]) -> Line:
    telling = (Verdict.FLAT, Verdict.BLIND, Verdict.AGREE, Verdict.SLIGHT, Verdict.WRONG)
    return max(lines, key=lambda line: (telling.index(line.verdict), line.error))

