"""Network.save and Network.load, in a scratch folder; what one worker saves another one loads."""

import numpy as np
import pytest

from grader.asserts.layers import read_answer
from grader.asserts.values import as_dict, assert_close, fail

FILE = "network.npz"
MAX_BYTES = 1 << 20
SHAPES = [{"W": (3, 5), "b": (5,)}, {}, {"W": (5, 5), "b": (5,)}, {"gamma": (5,), "beta": (5,)}, {"W": (2, 3, 2, 1)}]


def draw_stubs(rng, shapes=SHAPES, dtype=np.float64):
    return [{"params": {name: rng.standard_normal(shape).astype(dtype) for name, shape in layer.items()}} for layer in shapes]


def save(submission, stubs, statistics=None):
    """Save in one worker, put the file into a new one; returns its path there and whether BatchNorm was among the layers."""
    added = submission.probe("network_save", stubs, str(submission.scratch / FILE), statistics)
    data = submission.worker.read_scratch(FILE, MAX_BYTES)
    submission.restart()
    submission.worker.write_scratch(FILE, data)
    return str(submission.scratch / FILE), added is True


def load(submission, stubs, path, statistics=None, refused=False):
    answer = submission.probe("network_load", stubs, path, statistics, refused=refused)
    return read_answer(answer, "Network.load", ("params", "statistics", "raised", "text"))


def assert_params(params, stubs, what, hint=""):
    held = as_dict(params, what)
    for place, stub in enumerate(stubs):
        for name, array in stub["params"].items():
            assert_close(held.get(f"{place}.{name}"), array, f'layers[{place}].params["{name}"] {what}', hint=hint)


@pytest.mark.check("network.Network", points=0.4, holds=["Network.save"], scratch="-")
def test_load_restores_what_save_wrote(submission, rng):
    """A network that loads the file of another, saved in another process, has all of its parameters."""
    for dtype in (np.float64, np.float32):
        saved, other = draw_stubs(rng, dtype=dtype), draw_stubs(rng, dtype=dtype)
        path, _ = save(submission, saved)
        assert_params(load(submission, other, path)["params"], saved, "after Network.load")


@pytest.mark.check("network.Network", points=0.2, holds=["Network.save"], scratch="-")
def test_statistics_are_saved(submission, rng):
    """Running statistics are saved and loaded with the parameters, where the submission has BatchNorm."""
    # Without BatchNorm a submission is complete, so nothing but the parameters is asked of it. The layer must be its own:
    # which layers have statistics, its code may find out by their class.
    saved, other = draw_stubs(rng, SHAPES[:1]), draw_stubs(rng, SHAPES[:1])
    statistics = {"running_mean": rng.standard_normal(5), "running_var": rng.uniform(0.5, 2, 5)}
    path, added = save(submission, saved, statistics)
    answer = load(submission, other, path, {"running_mean": np.zeros(5), "running_var": np.ones(5)})
    assert_params(answer["params"], saved, "after Network.load")
    if added:
        loaded = as_dict(answer["statistics"], "BatchNorm's statistics after Network.load", keys=tuple(statistics))
        for name, array in statistics.items():
            assert_close(loaded[name], array, f"BatchNorm.{name} after Network.load", hint="Are running statistics in the file?")


def is_close(found, wanted):
    return isinstance(found, np.ndarray) and found.shape == wanted.shape and np.allclose(found, wanted, rtol=1e-6)


@pytest.mark.check("network.Network", points=0.2, holds=["Network.save"], scratch="-")
def test_saved_file_needs_no_pickle(submission, rng):
    """save writes one .npz file that NumPy reads without pickle and that holds every parameter."""
    stubs = draw_stubs(rng)
    path, _ = save(submission, stubs)
    # Read in the new worker, which has imported nothing of the submission.
    said = read_answer(submission.probe("read_saved", path), "the saved file", ("arrays", "error"))
    arrays = as_dict(said["arrays"], "the saved file's arrays")
    if said["error"]:
        got = str(said["error"])[:200]
        fail("NumPy can't read the file that Network.save wrote as .npz without pickle.", expected="an .npz file", got=got)
    for place, stub in enumerate(stubs):
        for name, wanted in stub["params"].items():
            if not any(is_close(array, wanted) for array in arrays.values()):
                fail(
                    f'The file that Network.save wrote does not hold layers[{place}].params["{name}"] as an array.',
                    expected="one array for each parameter, in an .npz file without pickled objects",
                    got=f"{len(arrays)} arrays: {', '.join(sorted(arrays))[:200]}",
                )


@pytest.mark.check("network.Network", points=0.3, holds=["Network.load_refuses"], scratch="-")
def test_load_refuses_what_does_not_fit(submission, rng):
    """Loading a file whose names or shapes don't match raises ValueError and changes nothing."""
    saved = draw_stubs(rng, [{"W": (3, 5), "b": (5,)}, {"W": (1, 5), "b": (2,)}])
    path, _ = save(submission, saved)
    cases = {
        "a layer less": [{"W": (3, 5), "b": (5,)}],
        "a layer more": [{"W": (3, 5), "b": (5,)}, {"W": (1, 5), "b": (2,)}, {"W": (2, 2)}],
        "another shape in its last layer": [{"W": (3, 5), "b": (5,)}, {"W": (1, 5), "b": (3,)}],
        "a shape to which the file's would broadcast": [{"W": (3, 5), "b": (5,)}, {"W": (4, 5), "b": (2,)}],
        "the shapes transposed": [{"W": (3, 5), "b": (5,)}, {"W": (5, 1), "b": (2,)}],
        "no b in its last layer": [{"W": (3, 5), "b": (5,)}, {"W": (1, 5)}],
    }
    for said, shapes in cases.items():
        own = draw_stubs(rng, shapes)
        answer = load(submission, own, path, refused=True)
        what = f"Network.load into a network with {said}"
        raised = [name for name in answer["raised"] if isinstance(name, str)] if isinstance(answer["raised"], list) else []
        if "ValueError" not in raised:
            got = f"{raised[0]}: {str(answer['text'])[:200]}" if raised else "no exception"
            fail(f"{what} than the file holds did not raise ValueError.", expected="a ValueError", got=got)
        hint = "Look at every name and shape first, and change parameters only when all of them fit."
        assert_params(answer["params"], own, f"after a refused Network.load into a network with {said}", hint)


