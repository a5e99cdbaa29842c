import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reference.pytorchnano.layers import Conv2D
from reference.pytorchnano.visualize import filter_responses, plot_filter_responses, plot_filters
from tests.reference.cupy_stand_in import make_module


def test_responses_are_forwards_of_one_image_bias_included() -> None:
    conv, image = Conv2D(2, 3, 3, padding=1, seed=1), np.random.default_rng(0).random((2, 6, 5))
    conv.params["b"] = np.array([1.0, 2.0, 3.0])

    assert np.array_equal(filter_responses(conv, image), conv.forward(image[None])[0])
    assert filter_responses(conv, image).shape == (3, 6, 5)


def test_batch_of_images_is_refused() -> None:
    with pytest.raises(ValueError, match="image"):
        filter_responses(Conv2D(1, 2, 3), np.ones((1, 1, 5, 5)))


@pytest.mark.parametrize("filters, size", [(1, (120, 120)), (8, (960, 120)), (10, (960, 240))])
def test_pictures_are_png_of_whole_tiles(tmp_path: Path, filters: int, size: tuple[int, int]) -> None:
    conv = Conv2D(1, filters, 5, seed=1)
    written = [
        plot_filters(conv, tmp_path / "filters.png"),
        plot_filter_responses(conv, np.random.default_rng(0).random((1, 12, 12)), str(tmp_path / "responses.picture")),
    ]

    assert written == [tmp_path / "filters.png", tmp_path / "responses.picture"]
    for path in written:
        with Image.open(path) as picture:
            assert (picture.format, picture.size) == ("PNG", size)


def test_every_tile_shows_its_own_filter(tmp_path: Path) -> None:
    conv = Conv2D(1, 3, 2)
    weight = np.zeros((3, 1, 2, 2))
    weight[0, 0, 0, 0] = weight[1, 0, 0, 1] = weight[2, 0, 1, 1] = 1
    conv.params["W"] = weight
    with Image.open(plot_filters(conv, tmp_path / "f.png")) as picture:
        pixels = np.asarray(picture.convert("L")).astype(float)
    tiles = pixels[:, :360].reshape(120, 3, 120).swapaxes(0, 1)

    for tile, (row, column) in zip(tiles, [(0, 0), (0, 1), (1, 1)], strict=True):
        # Clear of the number above and of the white between the tiles.
        quarters = np.array([[tile[y, x] for x in (40, 80)] for y in (45, 90)])
        assert np.unravel_index(quarters.argmax(), (2, 2)) == (row, column)
        assert sorted(quarters.ravel()) == [0, 0, 0, 255]


def test_input_channels_stand_side_by_side(tmp_path: Path) -> None:
    conv = Conv2D(2, 1, 4)
    conv.params["W"] = np.stack([np.ones((4, 4)), np.zeros((4, 4))])[None]
    with Image.open(plot_filters(conv, tmp_path / "f.png")) as picture:
        row = np.asarray(picture.convert("L"))[66]

    assert (row[20:55] == 255).all()
    assert (row[65:100] == 0).all()


def test_pictures_of_a_convolution_on_a_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cupy = make_module()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    conv, image = Conv2D(1, 2, 3, seed=1), np.random.default_rng(0).random((1, 6, 6))
    on_host = plot_filter_responses(conv, image, tmp_path / "host.png").read_bytes()
    conv.params = {name: cupy.asarray(parameter) for name, parameter in conv.params.items()}
    on_device = plot_filter_responses(conv, cupy.asarray(image), tmp_path / "device.png").read_bytes()

    assert on_device == on_host
    assert plot_filters(conv, tmp_path / "filters.png").is_file()


def test_pyplot_is_never_loaded(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from reference.pytorchnano import layers, visualize\n"
        f"visualize.plot_filters(layers.Conv2D(1, 2, 3), {str(tmp_path / 'f.png')!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
