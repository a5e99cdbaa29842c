"""Visualize: what a convolution's filters look like, and what they answer to an image."""

import os
from pathlib import Path

from .backend import Array
from .layers import Conv2D

__all__ = ["filter_responses", "plot_filter_responses", "plot_filters"]


def filter_responses(conv: Conv2D, image: Array) -> Array:
    """Return each filter's answer to one image, bias included: `(C, H, W) -> (out_channels, H', W')`.

    Raises ValueError for an image of another rank.
    """
    raise NotImplementedError("filter_responses is not implemented yet: see its docstring.")


def plot_filter_responses(conv: Conv2D, image: Array, path: str | os.PathLike[str]) -> Path:
    """Write a PNG with one numbered tile for each filter's answer to `image (C, H, W)`, and return its path."""
    raise NotImplementedError("plot_filter_responses is not implemented yet: see its docstring.")


def plot_filters(conv: Conv2D, path: str | os.PathLike[str]) -> Path:
    """Write a PNG with one numbered tile for each filter, its input channels side by side, and return its path."""
    raise NotImplementedError("plot_filters is not implemented yet: see its docstring.")


def _plot_tiles(tiles: Array, path: Path) -> Path:
    """Draw `(count, height, width)` in rows of 8 numbered tiles, each 120 pixels wide and high."""
    raise NotImplementedError("_plot_tiles is not implemented yet: see its docstring.")
