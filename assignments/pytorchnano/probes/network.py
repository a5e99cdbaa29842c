"""A network of stub layers: passes, modes, answers."""

import contextlib

import numpy as np

from .building import find_constructor, tell
from .stubs import build_network, make_stubs


def network_pass(stubs, x, grad=None):
    """Forward, and backward where there is a gradient: what both return, and which layers did what, in order."""
    log = []
    network = build_network(stubs, log)
    answer = {"output": tell(network.forward(x))}
    if grad is not None:
        answer["returned"] = tell(network.backward(grad))
    return answer | {"order": [f"{event['kind']} of layer {event['place']}" for event in log]}


def network_modes(stubs, calls, x, labels):
    """Each layer's `training` before any of the `calls` ("train", "eval", "predict", "accuracy") and after each."""
    network = build_network(stubs)
    arguments = {"train": (), "eval": (), "predict": (x,), "accuracy": (x, labels)}
    modes = [[tell(layer.training) for layer in network.layers]]
    for call in calls:
        getattr(network, call)(*arguments[call])
        modes.append([tell(layer.training) for layer in network.layers])
    return modes


def network_answers(stubs, x, labels=None):
    """predict at x, and with labels the accuracy."""
    network = build_network(stubs)
    return tell(network.predict(x) if labels is None else network.accuracy(x, labels))


def network_limit(counted, activations):
    """A network of so many stubs, every other one without parameters, and of each of the `activations` that can be made one.

    Returns how many layers it has.
    """
    stubs = [{"params": {"W": np.ones((2, 2))}} if place % 2 else {} for place in range(counted)]
    layers = make_stubs(stubs)
    for name, args in activations:
        with contextlib.suppress(Exception, SystemExit):  # what is wrong with one is another item's business
            layers.append(find_constructor(("activations", name))(*args))
    return len(find_constructor(("network", "Network"))(layers).layers)
