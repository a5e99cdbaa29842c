import numpy as np
import pytest

from grader.asserts.training.disguise import Disguise, draw_disguise, draw_parameters

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
SAME = np.arange(10)


def test_permuted_images_hold_the_same_pixels_between_0_and_1():
    dressed = draw_disguise("permute", np.random.default_rng(1)).dress_images(IMAGES)
    assert (dressed.shape, dressed.dtype) == ((3, 784), np.float32)
    assert not np.allclose(dressed, IMAGES.reshape(3, -1) / 255)
    np.testing.assert_allclose(np.sort(dressed), np.sort(IMAGES.reshape(3, -1) / 255), rtol=1e-6)


def test_planes_are_turned_then_mirrored():
    turned = Disguise(SAME, None, quarter_turns=1).dress_images(IMAGES)
    np.testing.assert_allclose(turned[1, 0], np.rot90(IMAGES[1]) / 127.5 - 1, rtol=1e-6, atol=1e-6)
    both = Disguise(SAME, None, quarter_turns=1, mirrored=True).dress_images(IMAGES)
    assert np.array_equal(both[1, 0], turned[1, 0][:, ::-1])


def test_inverting_is_a_change_of_sign():
    plain, inverted = (Disguise(SAME, None, inverted=value).dress_images(IMAGES) for value in (False, True))
    assert np.array_equal(inverted, -plain)


def test_labels_are_permuted_alike_for_every_image():
    disguise = draw_disguise("turn", np.random.default_rng(2))
    classes = disguise.dress_labels(np.arange(10))
    assert sorted(classes.tolist()) == list(range(10))
    assert disguise.dress_labels(np.array([3, 3, 7])).tolist() == [classes[3], classes[3], classes[7]]


@pytest.mark.parametrize("kind", ["permute", "turn"])
def test_secrets_differ_and_the_same_secret_is_the_same_disguise(kind):
    first, again, other = (draw_disguise(kind, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first.dress_images(IMAGES), again.dress_images(IMAGES))
    assert np.array_equal(first.classes, again.classes)
    assert not np.array_equal(first.classes, other.classes)


def test_every_way_to_lie_is_drawn():
    drawn = {(d.quarter_turns, d.mirrored, d.inverted) for d in (draw_disguise("turn", np.random.default_rng(s)) for s in range(200))}
    assert len(drawn) == 16


def test_biases_are_away_from_zero_and_weights_scaled_by_their_fan_in():
    shapes = {"0.W": (784, 16), "0.b": (500,), "3.W": (12, 6, 3, 3)}
    drawn = draw_parameters(shapes, np.random.default_rng(5))
    assert {name: array.shape for name, array in drawn.items()} == shapes
    assert all(array.dtype == np.float32 for array in drawn.values())
    assert np.abs(drawn["0.b"]).min() > 0.019
    assert (drawn["0.b"] > 0).any()
    assert (drawn["0.b"] < 0).any()
    assert drawn["0.W"].std() == pytest.approx((2 / 784) ** 0.5, rel=0.05)
    assert drawn["3.W"].std() == pytest.approx((2 / 54) ** 0.5, rel=0.1)
