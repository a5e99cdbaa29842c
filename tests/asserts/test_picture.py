"""Whether the judge accepts what a person would accept and refuses what a person would refuse (pictures/good.py, bad.py)."""

import importlib.util
import io
import itertools
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from grader.asserts.picture import MAX_PIXELS, assert_pictures_differ, assert_tiles, design_case, validate_pixels
from grader.asserts.pictures.tiles import find_tiles
from grader.faults import CheckFailed
from grader.worker.probes import load_probes

ROOT = Path(__file__).resolve().parents[2]
PROBES = load_probes(str(ROOT / "assignments" / "pytorchnano" / "probes"), frozenset()).functions
KINDS = ("responses", "filters")


def load(name):
    spec = importlib.util.spec_from_file_location(f"pictures_{name}", Path(__file__).parent / "pictures" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


good, bad = load("good"), load("bad")


def decode(data, max_pixels=MAX_PIXELS):
    return PROBES["decode_picture"](None, data, max_pixels)


def draw(drawing, drawn, path, seed=0):
    drawing(drawn, path, np.random.default_rng([seed, 1]))
    return validate_pixels(decode(path.read_bytes()))


def seeded(names, kinds):
    """One seed and one kind for each name, and the rest as slow."""
    every = itertools.product(enumerate(names), range(5), enumerate(kinds))
    return [
        pytest.param(name, kind, seed, marks=() if seed == 0 and number == place % len(kinds) else pytest.mark.slow)
        for (place, name), seed, (number, kind) in every
    ]


@pytest.mark.parametrize("name, kind, seed", seeded(good.STYLES, KINDS))
def test_every_tile_is_found_when_a_person_would_accept_the_picture(name, kind, seed, tmp_path):
    case = design_case(np.random.default_rng(seed), kind)
    pixels = draw(good.STYLES[name], case.expected, tmp_path / "picture.png", seed)
    assert_tiles(pixels, case.expected, "the picture")


@pytest.mark.parametrize("name, kind, seed", seeded(bad.MISTAKES, KINDS))
def test_picture_is_refused_when_its_tiles_are_wrong(name, kind, seed, tmp_path):
    case = design_case(np.random.default_rng(seed), kind)
    pixels = draw(bad.MISTAKES[name], case, tmp_path / "picture.png", seed)
    with pytest.raises(CheckFailed, match="of 6 tiles found; no tile for filter"):
        assert_tiles(pixels, case.expected, "the picture")


@pytest.mark.parametrize("name, kind, seed", seeded(bad.RESPONSE_MISTAKES, KINDS[:1]))
def test_picture_is_refused_when_the_responses_are_wrong(name, kind, seed, tmp_path):
    case = design_case(np.random.default_rng(seed), kind)
    pixels = draw(bad.RESPONSE_MISTAKES[name], case, tmp_path / "picture.png", seed)
    with pytest.raises(CheckFailed, match="of 6 tiles found; no tile for filter"):
        assert_tiles(pixels, case.expected, "the picture")


@pytest.mark.parametrize(
    "name, said",
    [
        ("upside_down", "upside down"),
        ("mirrored", "mirrored"),
        ("turned", "half a turn"),
        ("transposed", "transposed"),
        ("absolute_values", "absolute value"),
        ("positive_part", "ReLU"),
        ("random_tiles", "no rectangle"),
    ],
)
def test_the_mistake_is_named_when_it_is_a_usual_one(name, said, tmp_path):
    case = design_case(np.random.default_rng(3), "responses")
    pixels = draw(bad.MISTAKES[name], case, tmp_path / "picture.png")
    with pytest.raises(CheckFailed) as failure:
        assert_tiles(pixels, case.expected, "the picture")
    assert said in failure.value.evidence.got


def test_the_filter_without_a_tile_is_named(tmp_path):
    case = design_case(np.random.default_rng(4), "responses")
    pixels = draw(good.STYLES["beside_the_image"], case.expected[[0, 1, 2, 0, 4, 5]], tmp_path / "p.png")
    with pytest.raises(CheckFailed, match=r"5 of 6 tiles found; no tile for filter 3 \(counted from 0\)"):
        assert_tiles(pixels, case.expected, "the picture")


def test_tiles_lie_where_they_were_drawn():
    case = design_case(np.random.default_rng(5), "filters")
    canvas = np.full((300, 500, 3), 200, np.uint8)
    corners = [(20 + 160 * (k % 3), 30 + 130 * (k // 3)) for k in range(6)]
    for (x, y), tile in zip(corners, case.expected, strict=True):
        canvas[y : y + 90, x : x + 105] = good.normalize(tile).repeat(15, axis=0).repeat(15, axis=1)[:, :, None]
    for (x, y), tile in zip(corners, find_tiles(canvas, case.expected), strict=True):
        assert tile is not None
        assert np.allclose(tile.rectangle, (x, y, x + 105, y + 90), atol=4)


def test_a_picture_of_other_weights_differs(tmp_path):
    first, second = (design_case(np.random.default_rng(seed), "filters") for seed in (0, 1))
    style = good.STYLES["subplots_by_default"]
    one, other = draw(style, first.expected, tmp_path / "1.png"), draw(style, second.expected, tmp_path / "2.png")
    assert_pictures_differ(one, other, "plot_filters' picture")
    with pytest.raises(CheckFailed, match=r"looks the same for other weights: 0\.00%"):
        assert_pictures_differ(one, one.copy(), "plot_filters' picture")


def test_pictures_are_the_same_when_only_a_title_changed(tmp_path):
    tiles = design_case(np.random.default_rng(0), "filters").expected
    pictures = []
    for title in ("filter {}", "Filter {}"):
        good.show(tiles, tmp_path / "p.png", 2, 3, title=title)
        pictures.append(validate_pixels(decode((tmp_path / "p.png").read_bytes())))
    with pytest.raises(CheckFailed):
        assert_pictures_differ(*pictures, "the picture")


# ---- designed cases ----


@pytest.mark.parametrize("kind", KINDS)
def test_a_designed_case_is_repeated_by_its_seed_and_half_negative(kind):
    first, again = (design_case(np.random.default_rng(7), kind) for _ in range(2))
    assert np.array_equal(first.weights, again.weights)
    assert np.array_equal(first.image, again.image)
    assert first.weights.shape[:2] == (6, 1)
    assert (np.abs((first.expected < 0).mean(axis=(1, 2)) - 0.5) < 0.1).all()


def test_designed_responses_are_the_cross_correlation_plus_bias():
    case = design_case(np.random.default_rng(8), "responses")
    window = case.image[0, 2:5, 4:7]
    assert np.isclose(case.expected[1, 2, 4], (window * case.weights[1, 0]).sum() + case.bias[1])
    assert case.expected.shape == (6, 7, 9)


def test_designed_filters_are_the_weights():
    case = design_case(np.random.default_rng(9), "filters")
    assert np.array_equal(case.expected, case.weights[:, 0])


# ---- decoding ----


def encode(array, mode=None, **options):
    stream = io.BytesIO()
    (array if isinstance(array, Image.Image) else Image.fromarray(array, mode)).save(stream, "PNG", **options)
    return stream.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def header(width, height, depth=8, colour=2, interlaced=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


MAGIC = b"\x89PNG\r\n\x1a\n"
ZEROS = chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")
GRAY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def interlaced_gray():
    """A 1 x 1 picture, whose only pixel is in the first of the seven passes."""
    return MAGIC + header(1, 1, colour=0, interlaced=1) + chunk(b"IDAT", zlib.compress(b"\x00\x50")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data, expected",
    [
        pytest.param(encode(GRAY), GRAY, id="gray"),
        pytest.param(encode(GRAY.astype(np.uint16) * 256), GRAY, id="gray of 16 bits"),
        pytest.param(encode(Image.fromarray(GRAY).convert("P")), GRAY, id="palette"),
        pytest.param(encode(Image.fromarray(GRAY > 100)), np.where(GRAY > 100, 255, 0), id="one bit"),
        pytest.param(encode(Image.fromarray(np.full((3, 4, 4), (200, 0, 0, 0), np.uint8))), np.full((3, 4), 255), id="transparent"),
        pytest.param(encode(Image.fromarray(np.full((3, 4, 2), (0, 128), np.uint8), "LA")), np.full((3, 4), 127), id="half transparent"),
        pytest.param(interlaced_gray(), np.full((1, 1), 0x50), id="interlaced"),
        pytest.param(
            encode(Image.fromarray(GRAY), save_all=True, append_images=[Image.fromarray(255 - GRAY)]), GRAY, id="first of an animation"
        ),
    ],
)
def test_every_kind_of_png_becomes_the_same_pixels(data, expected):
    pixels = validate_pixels(decode(data))
    assert pixels.shape == (*expected.shape, 3)
    assert np.abs(pixels.astype(int) - expected[:, :, None]).max() <= 1


def text_bomb():
    bomb = PngInfo()
    bomb.add_text("Comment", "x" * 40_000_000, zip=True)
    return encode(GRAY, pnginfo=bomb)


@pytest.mark.parametrize(
    "data, said",
    [
        pytest.param(b"", "not a PNG", id="empty"),
        pytest.param(b"\xff\xd8\xff\xe0" + b"x" * 100, "not a PNG", id="a JPEG by its magic"),
        pytest.param("text", "not a PNG", id="no bytes"),
        pytest.param(MAGIC, "can't be read", id="magic alone"),
        pytest.param(encode(GRAY.repeat(99, axis=0))[:-40], "can't be read", id="truncated"),
        pytest.param(MAGIC + header(20_000, 20_000) + ZEROS, "can't be read", id="1.2 GB unpacked"),
        pytest.param(MAGIC + header(5_000, 5_000) + ZEROS, "5000 x 5000 pixels; at most", id="more than the limit"),
        pytest.param(MAGIC + header(4, 3) + header(5_000, 5_000) + ZEROS, "5000 x 5000 pixels; at most", id="two headers"),
        pytest.param(MAGIC + header(0, 5) + ZEROS, "can't be read", id="no width"),
        pytest.param(MAGIC + header(4, 3) + chunk(b"IDAT", b"no zlib") + chunk(b"IEND", b""), "can't be read", id="no zlib"),
        pytest.param(text_bomb(), "can't be read", id="text bomb"),
    ],
)
def test_a_hostile_picture_is_refused_with_a_sentence(data, said):
    answer = decode(data)
    assert list(answer) == ["error"]
    assert said in answer["error"]
    with pytest.raises(CheckFailed, match="can't be looked at"):
        validate_pixels(answer)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"pixels": None},
        {"pixels": np.zeros((3, 4), np.uint8)},
        {"pixels": np.zeros((3, 4, 4), np.uint8)},
        {"pixels": np.zeros((0, 4, 3), np.uint8)},
        {"pixels": np.zeros((3, 4, 3), np.float64)},
        {"pixels": np.broadcast_to(np.zeros(3, np.uint8), (4_000, 4_000, 3))},
        {"error": "\x1b[2J" + "x" * 10_000},
    ],
    ids=range(10),
)
def test_an_answer_that_is_no_picture_fails_the_check(answer):
    with pytest.raises(CheckFailed) as failure:
        validate_pixels(answer, "plot_filters' picture")
    assert "\x1b" not in failure.value.evidence.said
    assert len(failure.value.evidence.said) < 400
