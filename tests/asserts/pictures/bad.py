"""Pictures that a person would refuse: each function draws a case (weights, image, expected tiles) to a PNG.

MISTAKES lists those that are wrong for responses and for filters, RESPONSE_MISTAKES those that only responses can make.
"""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

MISTAKES = {}
RESPONSE_MISTAKES = {}


def mistake(draw):
    MISTAKES[draw.__name__] = draw
    return draw


def response_mistake(draw):
    RESPONSE_MISTAKES[draw.__name__] = draw
    return draw


def show(tiles, path, rows=2, columns=3, **imshow):
    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for number, (ax, tile) in enumerate(zip(axes, tiles, strict=False)):
        ax.imshow(tile, **imshow)
        ax.set_title(f"filter {number}")
    figure.savefig(path)


def plot(path, draw, count=6):
    figure = Figure()
    FigureCanvasAgg(figure)
    for number, ax in enumerate(figure.subplots(2, 3).ravel()[:count]):
        draw(ax, number)
        ax.set_title(f"filter {number}")
    figure.savefig(path)


def correlate(image, weights):
    windows = np.lib.stride_tricks.sliding_window_view(image, weights.shape[1:])
    return np.einsum("ijkl,fkl->fij", windows, weights)


@mistake
def last_filter_missing(case, path, rng):
    show(case.expected[:5], path)


@mistake
def first_filter_missing_of_a_strip(case, path, rng):
    show([np.hstack(list(case.expected[1:]))], path, 1, 1, cmap="gray")


@mistake
def one_filter_twice(case, path, rng):
    show(case.expected[[0, 1, 2, 3, 4, 4]], path)


@mistake
def one_filter_everywhere(case, path, rng):
    show(case.expected[[2] * 6], path, cmap="gray")


@mistake
def one_pixel_a_cell_with_a_filter_missing(case, path, rng):
    tiles = case.expected.copy()
    tiles[3] = 0
    grid = np.vstack([np.hstack(list(tiles[:3])), np.hstack(list(tiles[3:]))])
    Image.fromarray(np.uint8(255 * (grid - grid.min()) / np.ptp(grid))).save(path)


@mistake
def random_tiles(case, path, rng):
    show(rng.normal(size=case.expected.shape), path)


@mistake
def random_pixels(case, path, rng):
    Image.fromarray(rng.integers(0, 256, (480, 640, 3), np.uint8)).save(path)


@mistake
def random_gray_blocks(case, path, rng):
    Image.fromarray(rng.integers(0, 256, (60, 80), np.uint8).repeat(8, axis=0).repeat(8, axis=1)).save(path)


@mistake
def small_noise(case, path, rng):
    Image.fromarray(rng.integers(0, 256, (100, 120), np.uint8)).save(path)


@mistake
def smooth_noise(case, path, rng):
    Image.fromarray(rng.integers(0, 256, (40, 60), np.uint8)).resize((900, 600), Image.Resampling.BICUBIC).save(path)


@mistake
def transposed(case, path, rng):
    show(case.expected.swapaxes(1, 2), path)


@mistake
def transposed_and_stretched(case, path, rng):
    show(case.expected.swapaxes(1, 2), path, aspect="auto")


@mistake
def upside_down(case, path, rng):
    show(case.expected[:, ::-1], path)


@mistake
def origin_at_the_bottom(case, path, rng):
    show(case.expected, path, origin="lower")


@mistake
def mirrored(case, path, rng):
    show(case.expected[:, :, ::-1], path)


@mistake
def turned(case, path, rng):
    show(case.expected[:, ::-1, ::-1], path)


@mistake
def reshaped_wrongly(case, path, rng):
    count, h, w = case.expected.shape
    show(case.expected.reshape(count, w, h), path, aspect="auto")


@mistake
def channels_last_by_reshape(case, path, rng):
    count, h, w = case.expected.shape
    show(case.expected.transpose(1, 2, 0).reshape(count, h, w), path)


@mistake
def absolute_values(case, path, rng):
    show(np.abs(case.expected), path, cmap="gray")


@mistake
def squares(case, path, rng):
    show(case.expected**2, path, cmap="hot")


@mistake
def positive_part(case, path, rng):
    show(np.maximum(case.expected, 0), path)


@mistake
def scale_from_zero(case, path, rng):
    show(case.expected, path, cmap="gray", vmin=0)


@mistake
def negative_numbers_cast_to_bytes(case, path, rng):
    tiles = np.trunc(case.expected * 255).astype(np.int64).astype(np.uint8)
    show(tiles, path, cmap="gray")


@mistake
def cast_to_whole_numbers(case, path, rng):
    show(np.trunc(case.expected), path, cmap="gray")


@mistake
def thresholded(case, path, rng):
    show(case.expected > 0, path, cmap="gray")


@mistake
def constant_tiles(case, path, rng):
    show(np.ones_like(case.expected) * np.arange(6)[:, None, None], path, vmin=0, vmax=6)


@mistake
def mean_of_each_filter(case, path, rng):
    show(np.ones_like(case.expected) * case.expected.mean(axis=(1, 2), keepdims=True), path)


@mistake
def shuffled_cells(case, path, rng):
    show(rng.permuted(case.expected.reshape(6, -1), axis=1).reshape(case.expected.shape), path)


@mistake
def rolled_cells(case, path, rng):
    show(np.roll(case.expected, 2, axis=2), path)


@mistake
def sorted_cells(case, path, rng):
    show(np.sort(case.expected.reshape(6, -1), axis=1).reshape(case.expected.shape), path)


@mistake
def cut_to_a_part(case, path, rng):
    show(case.expected[:, 1:-1, 1:-1], path)


@mistake
def a_row_missing(case, path, rng):
    show(case.expected[:, :-1], path, aspect="auto")


@mistake
def sum_of_the_filters(case, path, rng):
    show([case.expected.sum(axis=0)], path, 1, 1)


@mistake
def differences_of_neighbours(case, path, rng):
    show(case.expected - np.roll(case.expected, 1, axis=0), path)


@mistake
def images(case, path, rng):
    show([case.image[0]] * 6, path, cmap="gray")


@mistake
def image_cut_to_the_tiles(case, path, rng):
    h, w = case.expected.shape[1:]
    show([case.image[0, 1 : 1 + h, 1 : 1 + w]] * 6, path, cmap="gray")


@mistake
def blank_figure(case, path, rng):
    figure = Figure()
    FigureCanvasAgg(figure)
    figure.savefig(path)


@mistake
def one_pixel(case, path, rng):
    Image.new("RGB", (1, 1)).save(path)


@mistake
def one_row_of_pixels(case, path, rng):
    Image.fromarray(rng.integers(0, 256, (1, 3000), np.uint8)).save(path)


@mistake
def only_titles(case, path, rng):
    plot(path, lambda ax, number: ax.set_axis_off())


@mistake
def empty_axes(case, path, rng):
    plot(path, lambda ax, number: None)


@mistake
def bars(case, path, rng):
    plot(path, lambda ax, number: ax.bar(range(case.expected.shape[2]), case.expected[number].mean(axis=0)))


@mistake
def histograms(case, path, rng):
    plot(path, lambda ax, number: ax.hist(case.expected[number].ravel(), bins=20))


@mistake
def lines(case, path, rng):
    plot(path, lambda ax, number: ax.plot(case.expected[number].T))


@mistake
def flat_lines(case, path, rng):
    plot(path, lambda ax, number: ax.plot(case.expected[number].ravel()))


@mistake
def one_row_a_filter(case, path, rng):
    show([case.expected.reshape(6, -1)], path, 1, 1, aspect="auto")


@mistake
def one_tile_over_another(case, path, rng):
    figure = Figure()
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    for tile in case.expected:
        ax.imshow(tile)
    figure.savefig(path)


@response_mistake
def weights_for_responses(case, path, rng):
    show(case.weights[:, 0], path)


@response_mistake
def other_weights(case, path, rng):
    show(correlate(case.image[0], rng.normal(size=case.weights[:, 0].shape)), path)


@response_mistake
def turned_kernels(case, path, rng):
    show(correlate(case.image[0], case.weights[:, 0, ::-1, ::-1]), path)


@response_mistake
def transposed_kernels(case, path, rng):
    show(correlate(case.image[0], case.weights[:, 0].swapaxes(1, 2)), path)


@response_mistake
def mirrored_image(case, path, rng):
    show(correlate(case.image[0, :, ::-1], case.weights[:, 0]), path)


@response_mistake
def inverted_image_through_relu(case, path, rng):
    show(np.maximum(correlate(1 - case.image[0], case.weights[:, 0]), 0), path)


@response_mistake
def one_response_seen_by_all(case, path, rng):
    show(case.expected[[0] * 6] * case.weights.mean(axis=(1, 2, 3))[:, None, None], path)


@response_mistake
def pooled(case, path, rng):
    tiles = case.expected[:, :6, :8].reshape(6, 3, 2, 4, 2).max(axis=(2, 4))
    show(tiles, path)


@response_mistake
def through_a_softmax_over_the_filters(case, path, rng):
    powers = np.exp(3 * case.expected)
    show(powers / powers.sum(axis=0), path, cmap="gray")
