"""Layers against the oracle: other sizes and options, one layer for inputs of several sizes, arrays in any layout."""

import pytest

from grader.asserts.layers import assert_layouts, assert_turns
from grader.gradients.draws import draw_permuted_grid

KEEPS_UP = ["layer.backward_uses_last_forward", "layer.grads_set", "arrays.batches"]
CONV = ["Conv2D.forward", "Conv2D.backward", "arrays.pairs", *KEEPS_UP]
VALUES = ("output", "returned")
DENSE_SHAPES = {"W": (5, 7), "b": (7,)}
CONV_SHAPES = {"W": (5, 2, 3, 4), "b": (5,)}


def draw_parameters(rng, shapes):
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def draw_turns(rng, layer, shapes, draw=None):
    """Inputs of these shapes, and upstream gradients in the shapes of the oracle's outputs."""
    inputs = [draw(rng, shape) if draw else rng.standard_normal(shape) for shape in shapes]
    return [(x, rng.standard_normal(layer.forward(x).shape)) for x in inputs]


def compare(submission, oracle, rng, parts, name, args, kwargs=None, *, inputs, parameters=None, draw=None):
    """The parts of what one layer gives, used with inputs of these shapes one after the other, against the oracle's."""
    oracle_class = getattr(oracle.layers, name)
    given = draw_parameters(rng, parameters or {})
    turns = draw_turns(rng, oracle_class(*args, **(kwargs or {})), inputs, draw)
    assert_turns(submission, oracle_class, ("layers", name), args, kwargs, turns=turns, parameters=given, parts=parts)


def compare_dense(submission, oracle, rng, parts):
    """Single features and samples, square and wide weights."""
    for samples, inputs, outputs in ((11, 2, 13), (1, 17, 5), (7, 1, 1), (4, 6, 6)):
        shapes = {"W": (inputs, outputs), "b": (outputs,)}
        compare(submission, oracle, rng, parts, "Dense", (inputs, outputs), inputs=[(samples, inputs)], parameters=shapes)


@pytest.mark.check("layers.Dense", points=0.4, holds=["Dense.forward", "Dense.backward", "arrays.batches"])
def test_other_sizes(submission, oracle, rng):
    """Output and input gradient are right for single features and samples, square and wide weights."""
    compare_dense(submission, oracle, rng, VALUES)


@pytest.mark.check("layers.Dense", points=0.4, holds=["Dense.backward", *KEEPS_UP])
def test_gradients_at_parameters_for_other_sizes(submission, oracle, rng):
    """The gradients at W and b are right for other sizes, and after batches of other lengths."""
    compare_dense(submission, oracle, rng, ("grads",))
    compare(submission, oracle, rng, ("grads",), "Dense", (5, 7), inputs=[(6, 5), (2, 5), (9, 5)], parameters=DENSE_SHAPES)


@pytest.mark.check("layers.Dense", points=0.2, holds=["Dense.forward", "Dense.backward", *KEEPS_UP])
def test_batches_of_several_lengths(submission, oracle, rng):
    """One layer takes a long, then a short, then a long batch; each backward belongs to the last forward."""
    compare(submission, oracle, rng, VALUES, "Dense", (5, 7), inputs=[(6, 5), (2, 5), (9, 5)], parameters=DENSE_SHAPES)


KERNELS = (
    ((3, 4, 1), (2, 3, 5, 4)),
    ((2, 3, (1, 4)), (3, 2, 5, 7)),
    ((2, 3, (5, 1)), (3, 2, 6, 4)),
    ((3, 2, (5, 6)), (2, 3, 5, 6)),
    ((1, 1, 3), (1, 1, 4, 6)),
    ((2, 5, 2), (1, 2, 5, 3)),
)
PADDINGS = (((0, 3), (2, 2, 6, 5)), ((4, 0), (1, 2, 3, 5)), (2, (3, 2, 3, 1)), ((1, 2), (2, 2, 1, 2)))
STRIDES = (((1, 3), (2, 2, 6, 9)), ((4, 1), (1, 2, 9, 5)), (5, (2, 2, 8, 11)), ((2, 3), (2, 2, 7, 10)))
BOTH = (((2, 3), (1, 2), (2, 2, 7, 6)), (2, 1, (3, 2, 8, 7)), ((3, 2), (2, 0), (1, 2, 5, 9)))


def compare_kernels(submission, oracle, rng, parts):
    """Kernels of one pixel, one row, the whole image; single images and channels."""
    for args, shape in KERNELS:
        kernel = args[2] if isinstance(args[2], tuple) else (args[2], args[2])
        shapes = {"W": (args[1], args[0], *kernel), "b": (args[1],)}
        compare(submission, oracle, rng, parts, "Conv2D", args, inputs=[shape], parameters=shapes)


def compare_options(submission, oracle, rng, parts, cases):
    """A 3 x 4 kernel with options, each with an image's shape."""
    for options, shape in cases:
        compare(submission, oracle, rng, parts, "Conv2D", (2, 5, (3, 4)), options, inputs=[shape], parameters=CONV_SHAPES)


ALL_PADDINGS = [({"padding": padding}, shape) for padding, shape in PADDINGS]
ALL_STRIDES = [({"stride": stride}, shape) for stride, shape in STRIDES]
ALL_BOTH = [({"stride": stride, "padding": padding}, shape) for stride, padding, shape in BOTH]


@pytest.mark.check("layers.Conv2D", points=0.4, holds=CONV)
def test_other_kernels(submission, oracle, rng):
    """The output is right for other kernels: one pixel, one row, the whole image; for single images and channels."""
    compare_kernels(submission, oracle, rng, ("output",))


@pytest.mark.check("layers.Conv2D", points=0.3, holds=["Conv2D.padding", *CONV])
def test_other_paddings(submission, oracle, rng):
    """The output is right for padding along one axis alone, larger than the kernel, or needed for the window to fit."""
    compare_options(submission, oracle, rng, ("output",), ALL_PADDINGS)


@pytest.mark.check("layers.Conv2D", points=0.3, holds=["Conv2D.stride", "windows.dropped", *CONV])
def test_other_strides(submission, oracle, rng):
    """The output is right for strides that fit and that don't, larger than the kernel or along one axis alone."""
    compare_options(submission, oracle, rng, ("output",), ALL_STRIDES)


@pytest.mark.check("layers.Conv2D", points=0.4, holds=["Conv2D.padding", "Conv2D.stride", "windows.dropped", *CONV])
def test_padding_and_stride_together(submission, oracle, rng):
    """The output is right for padding and stride together, where the last windows fit and where they are dropped."""
    compare_options(submission, oracle, rng, ("output",), ALL_BOTH)


@pytest.mark.check("layers.Conv2D", points=0.5, holds=CONV)
def test_gradient_at_input_everywhere(submission, oracle, rng):
    """The gradient at the images is right for other kernels, paddings and strides."""
    compare_kernels(submission, oracle, rng, ("returned",))
    compare_options(submission, oracle, rng, ("returned",), [*ALL_PADDINGS, *ALL_STRIDES, *ALL_BOTH])


@pytest.mark.check("layers.Conv2D", points=0.4, holds=CONV)
def test_gradients_at_parameters_everywhere(submission, oracle, rng):
    """The gradients at W and b are right for other kernels, paddings and strides."""
    compare_kernels(submission, oracle, rng, ("grads",))
    compare_options(submission, oracle, rng, ("grads",), [*ALL_PADDINGS, *ALL_STRIDES, *ALL_BOTH])


@pytest.mark.check("layers.Conv2D", points=0.3, holds=CONV)
def test_images_of_several_sizes(submission, oracle, rng):
    """One layer takes images of different sizes and numbers; each backward belongs to the last forward."""
    inputs = [(3, 2, 7, 5), (1, 2, 4, 8), (4, 2, 6, 6)]
    compare(submission, oracle, rng, VALUES, "Conv2D", (2, 5, (3, 4)), inputs=inputs, parameters=CONV_SHAPES)


POOLS = {"MaxPool2D": draw_permuted_grid, "AvgPool2D": None}
WINDOWS = (
    ((3,), {}, (1, 1, 9, 6)),
    (((1, 4),), {}, (2, 3, 5, 9)),
    (((5, 6),), {}, (2, 3, 5, 6)),
    (((3, 2),), {"stride": (4, 1)}, (2, 2, 8, 5)),
    ((3,), {"stride": 1}, (1, 2, 5, 4)),
    ((1,), {}, (2, 1, 3, 4)),
    (((2, 3),), {"stride": (3, 2)}, (2, 2, 9, 8)),
)


def per_pool(worths, holds):
    """One check for each kind of pooling, with its points and the sentences it holds."""

    def mark(name, worth):
        return pytest.param(name, marks=pytest.mark.check(f"layers.{name}", points=worth, holds=[s.replace("POOL", name) for s in holds]))

    return pytest.mark.parametrize("name", list(map(mark, POOLS, worths)))


@per_pool((0.25, 0.2), ["POOL.forward", "MaxPool2D.stride", "arrays.pairs", "windows.dropped"])
def test_other_windows(submission, oracle, rng, name):
    """The output is right for other windows and strides, single images and the whole image."""
    for args, kwargs, shape in WINDOWS:
        compare(submission, oracle, rng, ("output",), name, args, kwargs, inputs=[shape], draw=POOLS[name])


@per_pool((0.25, 0.2), ["POOL.backward", "MaxPool2D.stride", "arrays.pairs", "windows.dropped"])
def test_gradient_for_other_windows(submission, oracle, rng, name):
    """The gradient is right for other windows and strides, single images and the whole image."""
    for args, kwargs, shape in WINDOWS:
        compare(submission, oracle, rng, ("returned",), name, args, kwargs, inputs=[shape], draw=POOLS[name])


@per_pool((0.3, 0.25), ["POOL.forward", "POOL.backward", *KEEPS_UP])
def test_images_of_several_sizes_pooled(submission, oracle, rng, name):
    """One layer takes images of different sizes and numbers; each backward belongs to the last forward."""
    inputs = [(3, 2, 7, 5), (1, 4, 4, 8), (2, 1, 5, 5)]
    compare(submission, oracle, rng, VALUES, name, (2,), inputs=inputs, draw=POOLS[name])


@pytest.mark.check("layers.Flatten", points=0.2, holds=["Flatten.forward", "Flatten.backward", *KEEPS_UP])
def test_other_ranks(submission, oracle, rng):
    """Samples of any rank from 1, singles included, one after the other."""
    inputs = [(3, 5), (2, 3, 4), (1, 2, 3, 5), (2, 1, 3, 1, 2), (4, 1)]
    compare(submission, oracle, rng, VALUES, "Flatten", (), inputs=inputs)


LAYOUTS = (
    pytest.param("Dense", (5, 7), (3, 5), DENSE_SHAPES, marks=pytest.mark.check("layers.Dense", points=0.2, holds=KEEPS_UP)),
    pytest.param("Conv2D", (2, 5, (3, 4)), (3, 2, 7, 5), CONV_SHAPES, marks=pytest.mark.check("layers.Conv2D", points=0.3, holds=CONV)),
    pytest.param("MaxPool2D", (2,), (3, 2, 7, 5), {}, marks=pytest.mark.check("layers.MaxPool2D", points=0.3, holds=["MaxPool2D.forward"])),
    pytest.param("AvgPool2D", (2,), (3, 2, 7, 5), {}, marks=pytest.mark.check("layers.AvgPool2D", points=0.2, holds=["AvgPool2D.forward"])),
    pytest.param("Flatten", (), (3, 2, 7, 5), {}, marks=pytest.mark.check("layers.Flatten", points=0.05, holds=["Flatten.forward"])),
)


@pytest.mark.parametrize("name, args, shape, shapes", LAYOUTS)
def test_layouts(submission, oracle, rng, name, args, shape, shapes):
    """Arrays that are not contiguous in memory, as other layers may return them, give the same numbers."""
    oracle_class = getattr(oracle.layers, name)
    [(x, grad_output)] = draw_turns(rng, oracle_class(*args), [shape], POOLS.get(name))
    arrays = {"x": x, "grad_output": grad_output, "parameters": draw_parameters(rng, shapes)}
    assert_layouts(submission, oracle_class, ("layers", name), args, **arrays, parts=VALUES)
