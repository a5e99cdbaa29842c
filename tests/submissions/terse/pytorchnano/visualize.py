import copy
import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from .layers import host, need


def filter_responses(conv, image):
    need(image.ndim == 3, f"image has shape {image.shape}, expected (C, H, W)")
    return copy.copy(conv).forward(image[None])[0]      # the copy: a pending backward of conv is not disturbed


def draw(tiles, path, cmap):
    n = len(tiles)
    cols = min(n, 8)
    rows = math.ceil(n / cols)
    fig = Figure((1.2 * cols + 0.4, 1.4 * rows + 0.4), layout="constrained")
    for k, (ax, tile) in enumerate(zip(fig.subplots(rows, cols, squeeze=False).flat, tiles), 1):
        low, high = float(tile.min()), float(tile.max())
        ax.pcolormesh(tile, cmap=cmap, vmin=low, vmax=high if high > low else low + 1)
        ax.set(title=f"#{k}", aspect="equal", xticks=[], yticks=[])
        ax.invert_yaxis()
    for ax in fig.axes[n:]:
        ax.remove()
    fig.savefig(Path(path), format="png", dpi=90)
    return Path(path)


def plot_filter_responses(conv, image, path):
    return draw(host(filter_responses(conv, image)), path, "viridis")


def plot_filters(conv, path):
    w = host(conv.params["W"])                          # channels of a filter side by side
    return draw(np.concatenate([*w.swapaxes(0, 1)], axis=-1), path, "gray")
