"""Saving a network of stub layers, and loading it."""

import numpy as np

from .building import find_constructor, tell
from .stubs import make_stubs


def add_batch_norm(layers, statistics):
    """Append the submission's BatchNorm with these running statistics, where it has one that takes them; say whether."""
    try:
        layer = find_constructor(("layers", "BatchNorm"))(len(statistics["running_mean"]))
        for name, array in statistics.items():
            if not isinstance(getattr(layer, name), np.ndarray) or getattr(layer, name).shape != array.shape:
                return False
            setattr(layer, name, array.copy())
        layers.append(layer)
        return True
    except (Exception, SystemExit):  # a submission without BatchNorm is complete
        return False


def read_statistics(layer):
    return {name: tell(getattr(layer, name, None)) for name in ("running_mean", "running_var")}


def network_save(stubs, path, statistics=None):
    """Save a network of stubs, and of the submission's BatchNorm where statistics are given and it has one."""
    layers = make_stubs(stubs)
    added = statistics is not None and add_batch_norm(layers, statistics)
    find_constructor(("network", "Network"))(layers).save(path)
    return added


def network_load(stubs, path, statistics=None, refused=False):
    """Load into a network of stubs; its parameters afterwards, and what became of BatchNorm's statistics.

    Where a refusal is expected the exception's classes and text are in the answer, `raised` and `text`.
    """
    layers = make_stubs(stubs)
    added = statistics is not None and add_batch_norm(layers, statistics)
    network = find_constructor(("network", "Network"))(layers)
    error = None
    try:
        network.load(path)
    except Exception as raised:
        if not refused or isinstance(raised, NotImplementedError):
            raise
        error = raised
    params = {f"{place}.{name}": tell(layers[place].params.get(name)) for place, stub in enumerate(stubs) for name in stub["params"]}
    bases = [] if error is None else [cls.__name__ for cls in type(error).__mro__]
    return {
        "params": params,
        "statistics": read_statistics(layers[-1]) if added else None,
        "raised": bases,
        "text": "" if error is None else str(error)[:500],
    }


def read_saved(path):
    """The arrays of a .npz file, read without pickle and without the submission, or why that can't be done."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {"arrays": {name: tell(file[name]) for name in file.files}, "error": ""}
    except Exception as error:
        return {"arrays": {}, "error": f"{type(error).__name__}: {error}"[:300]}
