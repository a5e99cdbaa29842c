"""Finding, building and copying: what the other modules share."""

import importlib

import numpy as np


def find_constructor(constructor):
    """`("layers", "Dense")`: a module of the package and a name in it."""
    module, name = constructor
    return getattr(importlib.import_module(f"pytorchnano.{module}"), name)


def keep(value):
    """A copy of an array, so that what the submission does to its own afterwards is not seen; anything else as it is."""
    return value.copy() if type(value) is np.ndarray else value


def keep_all(values):
    """A dict or list with copies of the arrays in it; anything else as it is."""
    if isinstance(values, dict):
        return {name: keep(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [keep(value) for value in values]
    return values


def tell(value):
    """A copy of an array of numbers, a number, or None; of anything else only words, lest it keep the whole answer here."""
    if type(value) is np.ndarray:
        if value.dtype.kind not in "fiub":
            return f"an array of dtype {value.dtype}"
        return value.astype(np.float64) if value.dtype == np.longdouble else value.copy()
    number = type(value) in (bool, float) or (type(value) is int and abs(value) < 2**63)
    if value is None or number or (isinstance(value, np.generic) and value.dtype.kind in "fiub"):
        return value
    return f"an object of type {type(value).__name__}"


def build_object(constructor, args, kwargs, training=None, parameters=None, attributes=None):
    """Build, then assign: mode, parameters (the very arrays, not copies) and attributes."""
    made = find_constructor(constructor)(*args, **kwargs)
    if training is not None:
        made.training = training
    for name, array in (parameters or {}).items():
        made.params[name] = array
    for name, value in (attributes or {}).items():
        setattr(made, name, value)
    return made


def send_back(made, grad_output):
    """A layer's backward takes the upstream gradient, a loss's takes nothing."""
    return made.backward() if grad_output is None else made.backward(grad_output)


def read_gradients(made):
    """Copies of the gradients; a layer without parameters may do without the dict."""
    return keep_all(getattr(made, "grads", {}))


def read_global_state():
    """NumPy's global random state, as plain values."""
    _, keys, *others = np.random.get_state()
    return [keys, *others]
