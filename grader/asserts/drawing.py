"""Pictures for a report: how the loss fell, and which classes are taken for which.

matplotlib is imported when something is drawn, for it takes longer to import than most checks take to run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Drawn = Any
"""A matplotlib figure or axes, whose own annotations leave most arguments unknown."""

_SIZE_INCHES = (6.4, 4.8)
_DPI = 100
_MOST_MARKERS = 40
"""Epochs up to which each is a dot."""
_MOST_LABELS = 12
"""Classes up to which every cell is labelled with its count."""
_SPAN_OF_LOG = 50.0
"""The ratio of the largest loss to the smallest from which the scale is logarithmic."""
_LEAST_OF_LOG = 1e-30
"""The smallest loss of a logarithmic scale: matplotlib's overflows over hundreds of decades."""


def draw_learning_curve(losses: Sequence[float], path: Path, title: str, *, width: int = 1, unit: str = "epoch") -> Path:
    """Draw the mean loss of every `width` units (by default one an epoch) as a PNG of 640 x 480 pixels at `path`, and return it.

    The bytes depend on the arguments alone. Losses that are not finite are left out of the line and counted above it.
    """
    values = np.asarray(losses, np.float64).ravel()
    finite = np.isfinite(values)
    figure, axes = _start()
    ends = np.arange(1, len(values) + 1) * width
    marker = "o" if len(values) <= _MOST_MARKERS else None
    axes.plot(ends, np.where(finite, values, np.nan), color="tab:blue", linewidth=1.8, marker=marker, markersize=4)
    shown = values[finite]
    if shown.size and shown.min() > _LEAST_OF_LOG and shown.max() > _SPAN_OF_LOG * shown.min():
        axes.set_yscale("log")
    axes.set_xlabel(unit)
    axes.set_ylabel("mean loss")
    axes.locator_params(axis="x", integer=True)
    axes.grid(True, alpha=0.3)
    lost = int((~finite).sum())
    notes = [_shorten(title)]
    notes += [f"{lost} of {len(values)} losses are not finite"] if lost else []
    notes += [f"last: {shown[-1]:.4g}"] if shown.size else []
    axes.set_title("\n".join(notes), parse_math=False)
    return _save(figure, path)


def draw_confusion(matrix: NDArray[Any], path: Path, title: str) -> Path:
    """Draw a confusion matrix `(C, C)`, rows the true classes, as a PNG of 640 x 480 pixels at `path`, and return it.

    Colours are shares of a row, so that rare classes can be read, too; the numbers are counts.
    """
    counts = np.asarray(matrix, np.int64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"a confusion matrix is square; its shape is {counts.shape}")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _start()
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    bar = figure.colorbar(image, ax=axes)
    bar.set_label("share of the true class")
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.set_title(_shorten(title), parse_math=False)
    if len(counts) <= _MOST_LABELS:
        axes.set_xticks(range(len(counts)))
        axes.set_yticks(range(len(counts)))
        _label_cells(axes, counts, shares)
    return _save(figure, path)


def _label_cells(axes: Drawn, counts: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    size = 9 if len(counts) <= 10 else 7
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=size)


def _start() -> tuple[Drawn, Drawn]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure: Drawn = Figure(figsize=_SIZE_INCHES, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _save(figure: Drawn, path: Path) -> Path:
    """Write the PNG without the name and version of the software, so that equal figures are equal bytes."""
    figure.savefig(path, format="png", dpi=_DPI, metadata={"Software": None})
    return path


def _shorten(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= 60 else line[:59] + "…"
