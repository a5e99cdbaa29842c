"""Pictures that a person would accept: each function draws `tiles (F, h, w)` to a PNG in a style of its own.

`rng` is for the styles that leave something to chance. STYLES lists them all.
"""

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

STYLES = {}


def style(draw):
    STYLES[draw.__name__] = draw
    return draw


def figure_of(count, rows, columns, size=(6.4, 4.8), dpi=100, layout=None):
    figure = Figure(figsize=size, dpi=dpi, layout=layout)
    FigureCanvasAgg(figure)
    axes = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for spare in axes[count:]:
        spare.set_axis_off()
    return figure, axes[:count]


def show(tiles, path, rows, columns, size=(6.4, 4.8), dpi=100, layout=None, title="filter {}", axis=True, bar=False, save=None, **imshow):
    figure, axes = figure_of(len(tiles), rows, columns, size, dpi, layout)
    for number, (ax, tile) in enumerate(zip(axes, tiles, strict=True)):
        image = ax.imshow(tile, **imshow)
        if title:
            ax.set_title(title.format(number))
        if not axis:
            ax.set_axis_off()
        if bar:
            figure.colorbar(image, ax=ax)
    figure.savefig(path, **(save or {}))


def normalize(tile):
    return np.uint8(np.round(255 * (tile - tile.min()) / (tile.max() - tile.min())))


def mosaic(tiles, columns, gap, fill, margin=0):
    count, h, w = tiles.shape
    rows = -(-count // columns)
    grid = np.full((rows * h + (rows - 1) * gap + 2 * margin, columns * w + (columns - 1) * gap + 2 * margin), fill, float)
    for k, tile in enumerate(tiles):
        y, x = margin + k // columns * (h + gap), margin + k % columns * (w + gap)
        grid[y : y + h, x : x + w] = tile
    return grid


# ---- one set of axes for each filter ----


@style
def subplots_by_default(tiles, path, rng):
    show(tiles, path, 2, 3)


@style
def gray_without_axes(tiles, path, rng):
    show(tiles, path, 2, 3, cmap="gray", axis=False)


@style
def jet_with_colorbars(tiles, path, rng):
    show(tiles, path, 2, 3, cmap="jet", bar=True)


@style
def tight_coolwarm(tiles, path, rng):
    show(tiles, path, 3, 2, cmap="coolwarm", layout="tight")


@style
def constrained_magma(tiles, path, rng):
    show(tiles, path, 3, 2, cmap="magma", layout="constrained", size=(5, 7))


@style
def hot_cut_to_content(tiles, path, rng):
    show(tiles, path, 2, 3, cmap="hot", axis=False, title="", save={"bbox_inches": "tight", "pad_inches": 0})


@style
def inverted_gray(tiles, path, rng):
    show(tiles, path, 2, 3, cmap="gray_r", axis=False)


@style
def cividis_in_a_row(tiles, path, rng):
    show(tiles, path, 1, 6, cmap="cividis", size=(12, 2.5))


@style
def plasma_in_a_column(tiles, path, rng):
    show(tiles, path, 6, 1, cmap="plasma", size=(3, 14))


@style
def row_in_a_default_figure(tiles, path, rng):
    show(tiles, path, 1, 6, title="{}")


@style
def column_in_a_default_figure(tiles, path, rng):
    show(tiles, path, 6, 1, axis=False, title="")


@style
def inferno_of_few_dots(tiles, path, rng):
    show(tiles, path, 2, 3, cmap="inferno", dpi=60)


@style
def many_dots(tiles, path, rng):
    show(tiles, path, 2, 3, cmap="viridis", dpi=200)


@style
def large_figure_of_many_dots(tiles, path, rng):
    show(tiles, path, 2, 3, cmap="turbo", dpi=200, size=(15, 10))


@style
def bilinear(tiles, path, rng):
    show(tiles, path, 2, 3, interpolation="bilinear")


@style
def bilinear_gray_without_axes(tiles, path, rng):
    show(tiles, path, 2, 3, interpolation="bilinear", cmap="gray", axis=False, title="")


@style
def bicubic(tiles, path, rng):
    show(tiles, path, 2, 3, interpolation="bicubic", cmap="RdBu")


@style
def hanning_and_small(tiles, path, rng):
    show(tiles, path, 2, 3, interpolation="hanning", cmap="gray", size=(3, 2), title="")


@style
def shared_scale(tiles, path, rng):
    show(tiles, path, 2, 3, cmap="gray", vmin=tiles.min(), vmax=tiles.max())


@style
def diverging_about_zero(tiles, path, rng):
    largest = np.abs(tiles).max()
    show(tiles, path, 2, 3, cmap="RdBu", vmin=-largest, vmax=largest, axis=False)


@style
def seismic_with_two_slopes(tiles, path, rng):
    show(tiles, path, 2, 3, cmap="seismic", norm=TwoSlopeNorm(0, tiles.min(), tiles.max()), bar=True)


@style
def clipped_to_percentiles(tiles, path, rng):
    figure, axes = figure_of(6, 2, 3)
    for ax, tile in zip(axes, tiles, strict=True):
        low, high = np.percentile(tile, [2, 98])
        ax.imshow(tile, vmin=low, vmax=high, cmap="gray")
    figure.savefig(path)


@style
def stretched_to_the_axes(tiles, path, rng):
    show(tiles, path, 2, 3, aspect="auto")


@style
def stretched_in_a_column(tiles, path, rng):
    show(tiles, path, 6, 1, aspect="auto", layout="constrained")


@style
def last_row_incomplete(tiles, path, rng):
    show(tiles, path, 2, 4, cmap="bone", size=(8, 4))


@style
def one_colorbar_on_the_last(tiles, path, rng):
    figure, axes = figure_of(6, 2, 3)
    for ax, tile in zip(axes, tiles, strict=True):
        image = ax.imshow(tile)
    figure.colorbar(image, ax=axes[-1])
    figure.savefig(path)


@style
def one_colorbar_for_all(tiles, path, rng):
    figure, axes = figure_of(6, 2, 3)
    for ax, tile in zip(axes, tiles, strict=True):
        image = ax.imshow(tile, vmin=tiles.min(), vmax=tiles.max(), cmap="coolwarm")
    figure.colorbar(image, ax=list(axes), label="response")
    figure.suptitle("Responses of all filters")
    figure.savefig(path)


@style
def reversed_order(tiles, path, rng):
    show(tiles[::-1], path, 2, 3)


@style
def shuffled_order_with_numbers(tiles, path, rng):
    order = rng.permutation(len(tiles))
    figure, axes = figure_of(6, 3, 2)
    for ax, number in zip(axes, order, strict=True):
        ax.imshow(tiles[number], cmap="cividis")
        ax.set_xlabel(f"number {number}")
    figure.savefig(path)


@style
def subplot_mosaic(tiles, path, rng):
    figure = Figure(figsize=(6, 6), layout="constrained")
    FigureCanvasAgg(figure)
    for name, ax in figure.subplot_mosaic("ab.;cd.;.ef").items():
        ax.imshow(tiles["abcdef".index(name)])
        ax.set_title(name)
    figure.savefig(path)


@style
def sizes_of_their_own(tiles, path, rng):
    figure = Figure(figsize=(9, 6))
    FigureCanvasAgg(figure)
    for ax, tile in zip(figure.subplot_mosaic("aabc;aade;aaff", width_ratios=[2, 1, 1, 1]).values(), tiles, strict=True):
        ax.imshow(tile, cmap="gray")
    figure.savefig(path)


@style
def label_over_the_corner(tiles, path, rng):
    figure, axes = figure_of(6, 2, 3)
    for number, (ax, tile) in enumerate(zip(axes, tiles, strict=True)):
        ax.imshow(tile, cmap="gray")
        ax.text(0, 0, f"{number}", color="red", fontsize=12, ha="left", va="top", bbox={"facecolor": "white", "pad": 1})
        ax.set_axis_off()
    figure.savefig(path)


@style
def numbers_in_the_cells(tiles, path, rng):
    figure, axes = figure_of(6, 2, 3, size=(15, 9))
    for ax, tile in zip(axes, tiles, strict=True):
        ax.imshow(tile, cmap="viridis")
        for (y, x), value in np.ndenumerate(tile):
            ax.text(x, y, f"{value:.1f}", ha="center", va="center", color="white", fontsize=6)
    figure.savefig(path)


@style
def grid_lines_through_the_cells(tiles, path, rng):
    figure, axes = figure_of(6, 2, 3)
    for ax, tile in zip(axes, tiles, strict=True):
        ax.imshow(tile)
        ax.grid(True)
    figure.savefig(path)


@style
def dark_background(tiles, path, rng):
    with mpl.rc_context({"figure.facecolor": "black", "savefig.facecolor": "black", "text.color": "white", "axes.edgecolor": "white"}):
        show(tiles, path, 2, 3, cmap="magma")


@style
def transparent_background(tiles, path, rng):
    show(tiles, path, 2, 3, cmap="gray", axis=False, save={"transparent": True})


@style
def half_transparent_tiles(tiles, path, rng):
    show(tiles, path, 2, 3, cmap="viridis", alpha=0.7)


@style
def pcolormesh_from_the_top(tiles, path, rng):
    figure, axes = figure_of(6, 2, 3)
    for ax, tile in zip(axes, tiles, strict=True):
        ax.pcolormesh(tile, cmap="coolwarm")
        ax.invert_yaxis()
    figure.savefig(path)


@style
def pcolormesh_with_white_lines(tiles, path, rng):
    figure, axes = figure_of(6, 2, 3, size=(9, 6))
    for ax, tile in zip(axes, tiles, strict=True):
        ax.pcolormesh(tile, edgecolors="white", linewidth=1.5)
        ax.invert_yaxis()
        ax.set_aspect("equal")
    figure.savefig(path)


@style
def matshow_with_ticks_above(tiles, path, rng):
    figure, axes = figure_of(6, 2, 3)
    for ax, tile in zip(axes, tiles, strict=True):
        ax.matshow(tile)
    figure.savefig(path)


@style
def frames_of_thick_lines(tiles, path, rng):
    figure, axes = figure_of(6, 2, 3)
    for ax, tile in zip(axes, tiles, strict=True):
        ax.imshow(tile, cmap="gray")
        ax.set(xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set(linewidth=4, color="tab:blue")
    figure.savefig(path)


@style
def twelve_colours(tiles, path, rng):
    show(tiles, path, 2, 3, cmap=mpl.colormaps["viridis"].resampled(12))


@style
def beside_the_image(tiles, path, rng):
    figure, axes = figure_of(7, 2, 4)
    axes[0].imshow(rng.uniform(size=(9, 11)), cmap="gray")
    for ax, tile in zip(axes[1:], tiles, strict=True):
        ax.imshow(tile, cmap="gray")
    figure.savefig(path)


# ---- one array for all filters ----


@style
def grid_with_empty_gaps(tiles, path, rng):
    show([mosaic(tiles, 3, 1, np.nan)], path, 1, 1, cmap="RdBu", title="filters")


@style
def grid_with_black_gaps(tiles, path, rng):
    show([mosaic(tiles, 3, 1, tiles.min(), margin=1)], path, 1, 1, cmap="gray", axis=False)


@style
def grid_without_gaps(tiles, path, rng):
    show([mosaic(tiles, 3, 0, 0)], path, 1, 1, cmap="jet")


@style
def smooth_grid_without_gaps(tiles, path, rng):
    show([mosaic(tiles, 2, 0, 0)], path, 1, 1, cmap="gray", interpolation="bilinear")


@style
def strip_across(tiles, path, rng):
    show([np.hstack(list(tiles))], path, 1, 1, cmap="gray")


@style
def strip_down(tiles, path, rng):
    show([np.vstack(list(tiles))], path, 1, 1, cmap="viridis", bar=True)


@style
def saved_one_pixel_a_cell(tiles, path, rng):
    mpl.image.imsave(path, mosaic(tiles, 3, 1, tiles.min()), cmap="gray")


@style
def saved_one_pixel_a_cell_without_gaps(tiles, path, rng):
    mpl.image.imsave(path, mosaic(tiles, 6, 0, 0), cmap="viridis")


@style
def saved_repeated_pixels(tiles, path, rng):
    mpl.image.imsave(path, np.kron(mosaic(tiles, 3, 2, tiles.max()), np.ones((16, 16))), cmap="hot")


# ---- PIL ----


@style
def pil_nearest(tiles, path, rng):
    canvas = Image.new("L", (700, 420), 255)
    for k, tile in enumerate(tiles):
        canvas.paste(Image.fromarray(normalize(tile)).resize((180, 140), Image.Resampling.NEAREST), (20 + k % 3 * 220, 30 + k // 3 * 200))
        ImageDraw.Draw(canvas).text((20 + k % 3 * 220, 15 + k // 3 * 200), f"filter {k}", fill=0)
    canvas.save(path)


@style
def pil_bicubic(tiles, path, rng):
    canvas = Image.new("RGB", (640, 360), (40, 40, 60))
    for k, tile in enumerate(tiles):
        large = Image.fromarray(normalize(tile)).convert("RGB").resize((190, 150), Image.Resampling.BICUBIC)
        canvas.paste(large, (10 + k % 3 * 205, 20 + k // 3 * 170))
    canvas.save(path)


@style
def pil_of_fractional_cells(tiles, path, rng):
    canvas = Image.new("RGB", (500, 100), "white")
    for k, tile in enumerate(tiles):
        canvas.paste(Image.fromarray(normalize(tile)).resize((67, 53), Image.Resampling.NEAREST), (5 + k * 80, 20))
    canvas.save(path)


@style
def pil_palette(tiles, path, rng):
    grid = np.kron(mosaic(np.array([normalize(tile) for tile in tiles]), 2, 1, 0, margin=1), np.ones((9, 9)))
    image = Image.fromarray(np.uint8(grid))
    image.putpalette(np.uint8(255 * mpl.colormaps["plasma"](np.arange(256))[:, :3]).tobytes())
    image.save(path)


@style
def pil_red_and_blue(tiles, path, rng):
    colours = np.zeros((*tiles.shape, 3), np.uint8)
    scaled = tiles / np.abs(tiles).max()
    colours[..., 0] = np.round(255 * np.maximum(scaled, 0))
    colours[..., 2] = np.round(255 * np.maximum(-scaled, 0))
    grid = np.concatenate([np.pad(tile, ((1, 1), (1, 1), (0, 0)), constant_values=128) for tile in colours], axis=1)
    Image.fromarray(grid.repeat(8, axis=0).repeat(8, axis=1)).save(path)
