"""Visualize: what a convolution's filters look like, and what they answer to an image."""

import os
from pathlib import Path
from typing import Any

from .backend import Array, to_host
from .layers import Conv2D

__all__ = ["filter_responses", "plot_filter_responses", "plot_filters"]


def filter_responses(conv: Conv2D, image: Array) -> Array:
    """Return each filter's answer to one image, bias included: `(C, H, W) -> (out_channels, H', W')`.

    Raises ValueError for an image of another rank.
    """
    # BEGIN SOLUTION filter_responses
    if image.ndim != 3:
        raise ValueError(f"image has shape {image.shape}, but must be (C, H, W)")
    return conv.forward(image[None])[0]
    # END SOLUTION filter_responses


def plot_filter_responses(conv: Conv2D, image: Array, path: str | os.PathLike[str]) -> Path:
    """Write a PNG with one numbered tile for each filter's answer to `image (C, H, W)`, and return its path."""
    # BEGIN SOLUTION plot_filter_responses
    return _plot_tiles(to_host(filter_responses(conv, image)), Path(path))
    # END SOLUTION plot_filter_responses


def plot_filters(conv: Conv2D, path: str | os.PathLike[str]) -> Path:
    """Write a PNG with one numbered tile for each filter, its input channels side by side, and return its path."""
    # BEGIN SOLUTION plot_filters
    weight = to_host(conv.params["W"])
    filters, channels, height, width = weight.shape
    return _plot_tiles(weight.transpose(0, 2, 1, 3).reshape(filters, height, channels * width), Path(path))
    # END SOLUTION plot_filters


def _plot_tiles(tiles: Array, path: Path) -> Path:
    """Draw `(count, height, width)` in rows of 8 numbered tiles, each 120 pixels wide and high."""
    # BEGIN SOLUTION plot_tiles
    # Imported here, so that a network without pictures does not wait for it, and without pyplot, whose figures are shared.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(len(tiles), 8)
    rows = -(-len(tiles) // columns)
    figure = Figure(figsize=(1.2 * columns, 1.2 * rows), dpi=100)
    canvas: Any = FigureCanvasAgg(figure)
    for number, tile in enumerate(tiles):
        axes: Any = figure.add_subplot(rows, columns, number + 1)
        axes.set_axis_off()
        axes.imshow(tile, cmap="gray", interpolation="nearest")
        # With y given, matplotlib need not look for a place: the half of a picture's time.
        axes.set_title(f"{number}", fontsize=8, pad=2, y=1)
    figure.subplots_adjust(left=0, right=1, bottom=0.02, top=1 - 0.15 / rows, wspace=0.1, hspace=0.2)
    canvas.print_png(path)
    return path
    # END SOLUTION plot_tiles
