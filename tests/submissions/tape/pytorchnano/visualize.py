"""Pictures of filters: all tiles in one array, shown by one imshow."""
import math
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .tape import to_host


def filter_responses(conv, image):
    if image.ndim != 3:
        raise ValueError(f"image must have shape (C, H, W), but {image.shape} was given.")
    return conv.forward(image[None])[0]


def _mosaic(tiles, path, title):
    """One grid of tiles with a shared scale; the lines between are left empty."""
    tiles = np.asarray(tiles, np.float64)
    count, h, w = tiles.shape
    across = math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    gap = max(1, h // 5, w // 5)
    grid = np.full((down * (h + gap) + gap, across * (w + gap) + gap), np.nan)
    figure = Figure(figsize=(1.5 * across + 1, 1.5 * down + 0.5), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.86))
    for k, tile in enumerate(tiles):
        top, left = gap + (k // across) * (h + gap), gap + (k % across) * (w + gap)
        grid[top:top + h, left:left + w] = tile
        axes.text(left - 0.5, top - 0.5, str(k), fontsize=9, color="black", va="bottom", ha="left")
    largest = float(np.abs(tiles).max()) or 1.0
    axes.imshow(grid, cmap="RdBu", vmin=-largest, vmax=largest, interpolation="nearest")
    axes.set_axis_off()
    figure.suptitle(title)
    path = Path(path)
    figure.savefig(path, format="png")
    return path


def plot_filter_responses(conv, image, path):
    return _mosaic(to_host(filter_responses(conv, image)), path, "responses")


def plot_filters(conv, path):
    """Each filter's weights, the mean over the input channels if there are several."""
    return _mosaic(to_host(conv.params["W"]).mean(axis=1), path, "filters")
