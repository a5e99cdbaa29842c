"""Pictures of what a convolution looks for and what it answers."""

import math
from pathlib import Path

import numpy as np

from .places import is_cupy, numbers


def filter_responses(conv, image):
    """What conv.forward gives for one image (C, H, W): (out_channels, H', W')."""
    if not is_cupy(image):
        image = np.asarray(image)
    if image.ndim != 3:
        raise ValueError(f"image has shape {image.shape}, but (C, H, W) was expected.")
    return conv.forward(image.reshape((1,) + image.shape))[0]


def plot_filter_responses(conv, image, path):
    """A PNG with one tile per filter, showing its response to the image."""
    responses = numbers(filter_responses(conv, image))
    return _tiles([responses[o] for o in range(responses.shape[0])], path)


def plot_filters(conv, path):
    """A PNG with one tile per filter; several input channels stand side by side in the tile."""
    kernels = numbers(conv.params["W"])
    pictures = []
    for o in range(kernels.shape[0]):
        pictures.append(np.concatenate([kernels[o, c] for c in range(kernels.shape[1])], axis=1))
    return _tiles(pictures, path)


def _tiles(pictures, path):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    figure = Figure(figsize=(1.6 * columns, 1.8 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False)
    for place in range(rows * columns):
        axes = grid[place // columns][place % columns]
        axes.set_axis_off()
        if place < len(pictures):
            axes.imshow(pictures[place], cmap="magma", interpolation="nearest")
            axes.set_title(f"filter {place}", fontsize=9)
    path = Path(path)
    figure.savefig(path, format="png", dpi=110)
    return path
