import subprocess
import sys
import types

import numpy as np
import pytest

from reference.pytorchnano.backend import array_module, match, to_host
from tests.reference.cupy_stand_in import DeviceArray, make_module


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    module = make_module()
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


def test_module_is_numpy_for_host_arrays() -> None:
    assert array_module(np.ones(2), np.ones(3)) is np


def test_module_is_cupys_as_soon_as_one_array_is(cupy: types.ModuleType) -> None:
    assert array_module(np.ones(2), cupy.ones(3)) is cupy


def test_cupy_is_not_imported_for_host_arrays() -> None:
    code = (
        "import sys, importlib.abc\n"
        "class Refuse(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        assert name.partition('.')[0] not in ('cupy', 'matplotlib'), name\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "import numpy as np\n"
        "from reference.pytorchnano import layers, activations, losses, optimizers, network, data, visualize\n"
        "layers.Dense(2, 1).forward(np.ones((1, 2)))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_match_returns_array_itself_when_it_fits() -> None:
    array = np.ones(2, dtype=np.float32)

    assert match(array, np.zeros(5, dtype=np.float32)) is array


def test_match_changes_dtype_and_device(cupy: types.ModuleType) -> None:
    to_device = match(np.arange(3.0), cupy.zeros(1, dtype=np.float32))
    to_numpy = match(cupy.asarray([1.0, 2.0]), np.zeros(1, dtype=np.float32))

    assert isinstance(to_device, DeviceArray)
    assert to_device.dtype == np.float32
    assert to_device.get().tolist() == [0.0, 1.0, 2.0]
    assert isinstance(to_numpy, np.ndarray)
    assert to_numpy.dtype == np.float32


def test_to_host_brings_array_home(cupy: types.ModuleType) -> None:
    assert to_host(cupy.asarray([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_stand_in_refuses_what_cupy_refuses(cupy: types.ModuleType) -> None:
    device, host = cupy.ones(2), np.ones(2)
    for mix in (lambda: device + host, lambda: host + device, lambda: device @ host, lambda: cupy.maximum(device, host)):
        with pytest.raises(TypeError):
            mix()
    with pytest.raises(TypeError):
        np.asarray(device)
    for missing in (lambda: cupy.multiply.at, lambda: cupy.maximum.reduce, lambda: cupy.errstate):
        with pytest.raises(AttributeError):
            missing()
