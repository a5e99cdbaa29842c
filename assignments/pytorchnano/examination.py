"""The points at which an item is examined that failed and that no misconception explains: sizes, settings and arrays around.

`draw_points` is what the grader asks for; the study of structural fits looks at seeded bugs at the same points.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.diagnosis.examination import Point
from grader.gradients import draws

Array = NDArray[Any]


def draw_points(generator: np.random.Generator) -> dict[str, list[Point]]:
    """For each item a few points with prime shapes."""
    makers = (_dense, _convolution, _pooling, _flatten, _batch_norm, _dropout, _activations, _maxout, _losses)
    points: dict[str, list[Point]] = {}
    for maker in makers:
        for point in maker(generator):
            points.setdefault(point.item, []).append(point)
    return points


_IMAGE = ("sample", "channel", "row", "column")
_ROWS = ("sample", "feature")


def _dense(generator: np.random.Generator) -> Iterator[Point]:
    samples, inputs, outputs = draws.DENSE
    arrays = draws.draw_dense(generator)
    axes = {"input": ("sample", "input"), "W": ("input", "output"), "b": ("output",), "output": ("sample", "output")}
    sizes = {"batch_size": samples, "input_features": inputs, "output_features": outputs}
    yield Point("layers.Dense", {"in_features": inputs, "out_features": outputs, "seed": 1}, arrays, sizes, axes)


def _convolution(generator: np.random.Generator) -> Iterator[Point]:
    axes = {
        "input": _IMAGE,
        "W": ("filter", "channel", "kernel row", "kernel column"),
        "b": ("filter",),
        "output": ("sample", "filter", "row", "column"),
    }
    for kernel, stride, padding, image in (
        ((3, 2), (1, 1), (0, 0), (7, 5)),
        ((3, 2), (2, 1), (1, 0), (7, 5)),
        ((2, 3), (1, 2), (2, 1), (5, 9)),
    ):
        samples, channels, filters = 3, 2, 5
        arrays = draws.draw_convolution(generator, (samples, channels, *image), filters, kernel)
        sizes = {"batch_size": samples, "channels": channels, "filters": filters, **_window_sizes(kernel, stride, image, padding)}
        settings = {"in_channels": channels, "out_channels": filters, "kernel_size": kernel, "stride": stride, "padding": padding}
        settings["seed"] = 1
        yield Point("layers.Conv2D", settings, arrays, sizes, axes, {"stride": (1, 1), "padding": (0, 0)})


def _window_sizes(
    kernel: tuple[int, int], stride: tuple[int, int], image: tuple[int, int], padding: tuple[int, int] = (0, 0)
) -> dict[str, int]:
    output = [(size + 2 * more - side) // step + 1 for size, more, side, step in zip(image, padding, kernel, stride, strict=True)]
    return {
        "output_rows": output[0],
        "output_columns": output[1],
        "output_pixels": math.prod(output),
        "rows": image[0],
        "columns": image[1],
        "pixels": math.prod(image),
        "kernel_rows": kernel[0],
        "kernel_columns": kernel[1],
        "kernel_area": math.prod(kernel),
        "stride_area": math.prod(stride),
    }


def _pooling(generator: np.random.Generator) -> Iterator[Point]:
    axes = {"input": _IMAGE, "output": _IMAGE}
    for kernel, stride, image in (((3, 2), (3, 2), (7, 5)), ((3, 2), (2, 1), (7, 5)), ((4, 5), (3, 4), (11, 13)), ((2, 3), (2, 3), (7, 8))):
        shape = (3, 2, *image)
        sizes = {"batch_size": 3, "channels": 2, **_window_sizes(kernel, stride, image)}
        settings = {"kernel_size": kernel, "stride": stride}
        for item, shift in (("layers.MaxPool2D", 0.0), ("layers.MaxPool2D", -5.0), ("layers.AvgPool2D", 0.0)):
            if shift and stride != kernel:
                continue
            arrays = {"input": draws.draw_permuted_grid(generator, shape) + shift}
            yield Point(item, settings, arrays, sizes, axes)
    ties = {"input": np.floor(generator.uniform(0, 3, (3, 2, 7, 5)))}
    sizes = {"batch_size": 3, "channels": 2, **_window_sizes((3, 2), (3, 2), (7, 5))}
    # A tie may go to any one of the largest, but not to more than one.
    told = ("region.right_zero.repeated",)
    yield Point("layers.MaxPool2D", {"kernel_size": (3, 2), "stride": (3, 2)}, ties, sizes, axes, told=told)


def _flatten(generator: np.random.Generator) -> Iterator[Point]:
    axes = {"input": _IMAGE, "output": _ROWS}
    yield Point("layers.Flatten", {}, {"input": draws.draw_gaussian(generator, draws.IMAGES)}, {"batch_size": 3, "channels": 2}, axes)
    turned = np.asfortranarray(draws.draw_gaussian(generator, draws.IMAGES))
    yield Point("layers.Flatten", {}, {"input": turned}, {"batch_size": 3, "channels": 2}, axes)


def _batch_norm(generator: np.random.Generator) -> Iterator[Point]:
    for shape, training, eps in (((7, 5), True, 1e-5), ((3, 5, 7, 2), True, 1e-5), ((7, 5), False, 1e-5), ((7, 5), True, 0.1)):
        drawn = draws.draw_batch_norm(generator, shape, 0.7)
        drawn["running_mean_before"] = draws.draw_gaussian(generator, (5,))
        drawn["running_var_before"] = generator.uniform(0.5, 2, 5)
        names = _ROWS if len(shape) == 2 else _IMAGE
        axes = {"input": names, "output": names, **dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), ("feature",))}
        sizes = {"batch_size": shape[0], "features": 5, "values_a_feature": math.prod(shape) // 5}
        settings = {"num_features": 5, "eps": eps, "momentum": 0.3, "training": training}
        yield Point("layers.BatchNorm", settings, drawn, sizes, axes, {"eps": 1e-5, "momentum": 0.1})


def _dropout(generator: np.random.Generator) -> Iterator[Point]:
    axes = {"input": _ROWS, "output": _ROWS}
    sizes = {"batch_size": 5, "features": 7}
    # Each submission draws in its own way, so that another mask than the reference's may be right, and these may not.
    told = ("mask.inverted", "mask.same.*", "mask.first_for_all.*")
    kept = {"p": 0.3, "seed": 4, "training": True}
    drawn = {"input": draws.draw_away_from_zero(generator, (5, 7))}
    yield Point("layers.Dropout", kept, drawn, sizes, axes, {"p": 0.5}, told, lambda output, source: source * (output != 0) / (1 - 0.3))
    yield Point("layers.Dropout", {**kept, "training": False}, drawn, sizes, axes, {"p": 0.5})


def _activations(generator: np.random.Generator) -> Iterator[Point]:
    settings: dict[str, dict[str, Any]] = {"LeakyReLU": {"negative_slope": 0.3}, "ELU": {"alpha": 0.7}}
    defaults: dict[str, dict[str, Any]] = {"LeakyReLU": {"negative_slope": 0.1}, "ELU": {"alpha": 1.0}}
    for name in ("ReLU", "Sigmoid", "Softmax", "Tanh", "LeakyReLU", "ELU"):
        given, usual = settings.get(name, {}), defaults.get(name, {})
        for shape in ((3, 5), draws.IMAGES):
            names = _ROWS if len(shape) == 2 else _IMAGE
            arrays = {"input": draws.draw_away_from_zero(generator, shape)}
            sizes = {"batch_size": 3, "features": 5} if len(shape) == 2 else {"batch_size": 3, "channels": 2}
            yield Point(f"activations.{name}", given, arrays, sizes, {"input": names, "output": names}, usual)
        extreme = {"input": np.array([[800.0, -1.0, 0.5, -800.0], [0.3, 1.0, -2.0, 0.1], [-900.0, -901.0, -902.5, -900.5]])}
        sizes = {"batch_size": 3, "features": 4}
        yield Point(f"activations.{name}", given, extreme, sizes, {"input": _ROWS, "output": _ROWS}, usual)


def _maxout(generator: np.random.Generator) -> Iterator[Point]:
    samples, inputs, outputs = draws.DENSE
    arrays = draws.draw_maxout(generator)
    sizes = {"batch_size": samples, "input_features": inputs, "output_features": outputs, "pieces": 2}
    settings = {"in_features": inputs, "out_features": outputs, "pieces": 2, "seed": 1}
    axes = {"input": ("sample", "input"), "W": ("piece", "input", "output"), "b": ("piece", "output"), "output": ("sample", "output")}
    yield Point("activations.Maxout", settings, arrays, sizes, axes)


def _losses(generator: np.random.Generator) -> Iterator[Point]:
    shape = samples, classes = 3, 5
    sizes = {"batch_size": samples, "classes": classes, "elements": samples * classes}
    axes = {"prediction": ("sample", "class")}
    labels = np.array([1, 4, 2])
    # A loss of 0, or of one number, at an edge: what does not come out as a number is told, and what would be right in its place.
    edge = ("not_finite.*", "exchanged.*")

    def point(item: str, settings: Mapping[str, Any], prediction: Array, target: Array, told: tuple[str, ...] = ("*",)) -> Point:
        arrays = {"prediction": prediction, "target": target}
        return Point(f"losses.{item}", dict(settings), arrays, sizes, axes, told=told)

    logits, rows = draws.draw_gaussian(generator, shape), draws.draw_probability_rows(generator, shape)
    for reduction in ("mean", "half_sum"):
        yield point("MSELoss", {"reduction": reduction}, logits, draws.draw_gaussian(generator, shape))
    for target in (labels, draws.draw_probability_rows(generator, shape)):
        yield point("CrossEntropyLoss", {"from_logits": True}, logits, target)
        yield point("CrossEntropyLoss", {"from_logits": False}, rows, target)
    sure = np.array([[1e-6, 1 - 1e-6, 0, 0, 0], [0.2] * 5, [0.0, 0, 1, 0, 0]])
    yield point("CrossEntropyLoss", {"from_logits": False}, sure, np.array([1, 4, 2]), edge)
    small = np.array([[1e-6, 0.9, 0.1 - 1e-6, 0, 0], [0.2] * 5, [0.3, 0.1, 0.6, 0, 0]])
    yield point("CrossEntropyLoss", {"from_logits": False}, small, np.array([0, 4, 2]))
    extreme = np.array([[800.0, 1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4, 0.5], [-900.0, -901, -902, -900, -900]])
    yield point("CrossEntropyLoss", {"from_logits": True}, extreme, labels, edge)
    targets = draws.draw_probabilities(generator, shape)
    yield point("BinaryCrossEntropyLoss", {"from_logits": True}, logits, targets)
    yield point("BinaryCrossEntropyLoss", {"from_logits": False}, draws.draw_probabilities(generator, shape), targets)
    whole = np.array([[0.0, 1, 0.5, 1, 0]] * 3)
    yield point("BinaryCrossEntropyLoss", {"from_logits": False}, whole, np.round(whole), edge)
    yield point("BinaryCrossEntropyLoss", {"from_logits": True}, np.linspace(-30, 30, 15).reshape(shape), np.round(targets), edge)
    yield point("BinaryCrossEntropyLoss", {"from_logits": True}, np.linspace(-800, 800, 15).reshape(shape), targets, edge)
    for margin in (1.0, 0.7):
        yield point("HingeLoss", {"margin": margin}, draws.draw_hinge_scores(generator, labels, classes, margin), labels)
