import numpy as np
import pytest

from reference.pytorchnano.layers import AvgPool2D, BatchNorm, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D
from tests.reference.cases import set_params
from tests.reference.differences import correlate, pool


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(shape)


def test_dense_multiplies_and_adds_bias() -> None:
    layer = Dense(3, 2)
    layer.params = {"W": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), "b": np.array([10.0, 20.0])}

    assert layer.forward(np.array([[1.0, 0.0, 2.0]])).tolist() == [[21.0, 34.0]]


@pytest.mark.parametrize(
    "kernel, stride, padding",
    [
        (3, 1, 0),
        (1, 1, 0),
        ((2, 3), (1, 1), (0, 0)),
        (3, 2, 1),
        ((3, 2), (2, 3), (1, 2)),
        (2, 3, 0),
        (5, 4, 2),
        (2, 1, (0, 1)),
        (2, 1, (1, 0)),
    ],
)
def test_convolution_equals_a_loop_over_pixels(kernel: object, stride: object, padding: object) -> None:
    layer = Conv2D(2, 3, kernel, stride=stride, padding=padding)  # type: ignore[arg-type]
    set_params(layer)
    x = draw(2, 2, 8, 7)
    stride, padding = (pair if isinstance(pair, tuple) else (pair, pair) for pair in (stride, padding))

    assert layer.forward(x) == pytest.approx(correlate(x, layer.params["W"], layer.params["b"], stride, padding))


def test_convolution_accepts_pair_as_list() -> None:
    assert Conv2D(1, 1, [2, 3]).params["W"].shape == (1, 1, 2, 3)  # type: ignore[arg-type]


def test_pixels_in_no_window_get_no_gradient() -> None:
    layer = Conv2D(1, 1, 2, stride=3)
    y = layer.forward(np.ones((1, 1, 6, 6)))
    grad_input = layer.backward(np.ones_like(y))

    assert y.shape == (1, 1, 2, 2)
    assert not grad_input[:, :, [2, 5]].any()
    assert not grad_input[:, :, :, [2, 5]].any()
    assert grad_input[:, :, [0, 1, 3, 4]][:, :, :, [0, 1, 3, 4]].all()


@pytest.mark.parametrize("kernel, stride", [((2, 2), None), ((3, 2), (1, 2)), ((2, 2), (3, 3)), ((1, 4), (2, 1))])
@pytest.mark.parametrize("make, reduce", [(MaxPool2D, np.max), (AvgPool2D, np.mean)])
def test_pooling_equals_a_loop_over_windows(make: type, reduce: object, kernel: tuple[int, int], stride: object) -> None:
    x = draw(2, 3, 7, 6)

    assert make(kernel, stride).forward(x) == pytest.approx(pool(x, reduce, kernel, stride or kernel))  # type: ignore[arg-type]


def test_tie_sends_gradient_to_one_maximum() -> None:
    layer = MaxPool2D(2)
    layer.forward(np.zeros((1, 1, 4, 4)))
    grad_input = layer.backward(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]))

    blocks = grad_input.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(4, 4)
    assert [sorted(block) for block in blocks.tolist()] == [[0, 0, 0, value] for value in (1, 2, 3, 4)]


def test_flatten_keeps_order() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)

    assert np.array_equal(Flatten().forward(x), x.reshape(2, 12))


@pytest.mark.parametrize("shape, axes", [((6, 3), (0,)), ((2, 3, 4, 5), (0, 2, 3))])
def test_batch_norm_normalises_and_moves_running_statistics(shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
    layer, x = BatchNorm(3, momentum=0.2), draw(*shape) * 3 + 5
    y = layer.forward(x)

    assert y.mean(axis=axes) == pytest.approx(np.zeros(3), abs=1e-12)
    assert y.var(axis=axes) == pytest.approx(np.ones(3), rel=1e-4)
    assert layer.running_mean == pytest.approx(0.2 * x.mean(axis=axes))
    assert layer.running_var == pytest.approx(0.8 + 0.2 * x.var(axis=axes, ddof=1))


def test_batch_norm_uses_assigned_statistics_when_not_training() -> None:
    layer, x = BatchNorm(2, eps=0.0), draw(4, 2)
    layer.params = {"gamma": np.array([2.0, 3.0]), "beta": np.array([1.0, -1.0])}
    layer.running_mean, layer.running_var = np.array([0.5, 1.0]), np.array([4.0, 9.0])
    layer.training = False
    y = layer.forward(x)
    grad_input = layer.backward(np.ones((4, 2)))

    assert y == pytest.approx((x - [0.5, 1.0]) / [2.0, 3.0] * [2.0, 3.0] + [1.0, -1.0])
    assert grad_input == pytest.approx(np.ones((4, 2)))
    assert layer.running_mean.tolist() == [0.5, 1.0]


def test_batch_norm_leaves_assigned_statistics_array_alone() -> None:
    layer, mean = BatchNorm(2), np.array([1.0, 2.0], dtype=np.float32)
    layer.running_mean = mean
    layer.forward(draw(4, 2))

    assert mean.tolist() == [1.0, 2.0]
    assert layer.running_mean.dtype == np.float32
    assert layer.running_mean.tolist() != [1.0, 2.0]


def test_dropout_drops_share_and_keeps_mean() -> None:
    layer, x = Dropout(0.3, seed=1), np.ones((200, 200))
    y = layer.forward(x)

    assert set(np.unique(y)) == {0.0, 1 / 0.7}
    assert (y == 0).mean() == pytest.approx(0.3, abs=0.02)
    assert (y == 0).any(axis=0).all()
    assert (y == 0).any(axis=1).all()
    assert np.array_equal(layer.backward(x), y)


def test_dropout_draws_new_mask_each_time_but_same_with_seed() -> None:
    first, second, x = Dropout(seed=1), Dropout(seed=1), np.ones((20, 20))
    masks = [first.forward(x), first.forward(x), second.forward(x)]

    assert not np.array_equal(masks[0], masks[1])
    assert np.array_equal(masks[0], masks[2])
    assert not np.array_equal(masks[0], Dropout(seed=2).forward(x))


def test_dropout_is_identity_when_not_training() -> None:
    layer, x = Dropout(), draw(3, 4)
    layer.training = False

    assert np.array_equal(layer.forward(x), x)
    assert np.array_equal(layer.backward(x), x)


def test_base_layer_has_no_forward() -> None:
    with pytest.raises(NotImplementedError):
        Layer().forward(np.ones(1))
    with pytest.raises(NotImplementedError):
        Layer().backward(np.ones(1))


@pytest.mark.parametrize(
    "make, name",
    [
        (lambda: Dense(0, 2), "in_features"),
        (lambda: Dense(2, -1), "out_features"),
        (lambda: Conv2D(0, 1, 3), "in_channels"),
        (lambda: Conv2D(1, 0, 3), "out_channels"),
        (lambda: Conv2D(1, 1, 0), "kernel_size"),
        (lambda: Conv2D(1, 1, (3, 0)), "kernel_size"),
        (lambda: Conv2D(1, 1, (3, 3, 3)), "kernel_size"),  # type: ignore[arg-type]
        (lambda: Conv2D(1, 1, 3, stride=0), "stride"),
        (lambda: Conv2D(1, 1, 3, padding=(0, -1)), "padding"),
        (lambda: MaxPool2D(0), "kernel_size"),
        (lambda: AvgPool2D(2, stride=(1, 0)), "stride"),
        (lambda: BatchNorm(0), "num_features"),
        (lambda: BatchNorm(2, momentum=1.0), "momentum"),
        (lambda: BatchNorm(2, momentum=-0.1), "momentum"),
        (lambda: Dropout(1.0), "p"),
        (lambda: Dropout(-0.1), "p"),
    ],
)
def test_argument_out_of_range_is_refused_by_name(make: object, name: str) -> None:
    with pytest.raises(ValueError, match=rf"\b{name}\b"):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    "layer, shape",
    [
        (Dense(3, 2), (3,)),
        (Dense(3, 2), (2, 4)),
        (Dense(3, 2), (2, 3, 3)),
        (Conv2D(2, 1, 3), (2, 5, 5)),
        (Conv2D(2, 1, 3), (1, 3, 5, 5)),
        (Conv2D(2, 1, 3), (1, 2, 5, 2)),
        (Conv2D(2, 1, 7, padding=1), (1, 2, 4, 9)),
        (MaxPool2D(2), (2, 4, 4)),
        (MaxPool2D(3), (1, 1, 2, 5)),
        (AvgPool2D((1, 3)), (1, 1, 5, 2)),
        (Flatten(), ()),
        (BatchNorm(3), (2, 4)),
        (BatchNorm(3), (2, 3, 4)),
    ],
)
def test_input_that_does_not_fit_is_refused(layer: Layer, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="x has"):
        layer.forward(np.ones(shape))
