"""Gradients: many evaluations in one trip, and an object's whole turn (grader/asserts/gradient.py)."""

import os
import sys
import time

import numpy as np

from .building import find_constructor, keep, tell

NUMPY = os.path.dirname(np.__file__) + os.sep
read_clock = time.process_time


def build_layer(constructor, args, kwargs, training, attributes):
    layer = find_constructor(constructor)(*args, **kwargs)
    layer.training = training
    for name, value in attributes.items():
        setattr(layer, name, keep(value))
    return layer


def evaluate_layer(layer, point):
    """Forward at a point: `input`, and every parameter under its name. Copies go in, so that no call can spoil the next."""
    for name, array in point.items():
        if name != "input":
            layer.params[name] = array.copy()
    return tell(layer.forward(point["input"].copy()))


def layer_points(constructor, args, kwargs, points, training=True, attributes=None, fresh=False):
    """Forward at each point, on one layer; `fresh` builds one for every point (seeded masks, running statistics)."""
    outputs = []
    layer = None
    for point in points:
        if layer is None or fresh:
            layer = build_layer(constructor, args, kwargs, training, attributes or {})
        outputs.append(evaluate_layer(layer, point))
    return outputs


def layer_turns(constructor, args, kwargs, turns, wanted, training=True, attributes=None, fresh=False):
    """Let a new layer take each turn: decoy, forward, backward, forward again, forward beside the point.

    Only the gradients `wanted` are touched: "input" is what backward returns, other names are looked up in `grads`.
    `fresh` leaves the decoy out and builds a layer for every forward.
    """

    def build():
        return build_layer(constructor, args, kwargs, training, attributes or {})

    def take(turn):
        layer, point = build(), turn["point"]
        if not fresh:
            evaluate_layer(layer, turn["decoy"])
            layer.backward(turn["decoy_grad_output"].copy())
        marks = [read_clock()]
        output = evaluate_layer(layer, point)
        marks.append(read_clock())
        returned = tell(layer.backward(turn["grad_output"].copy()))
        marks.append(read_clock())
        gradients = find_gradients(layer, returned, wanted)
        again = evaluate_layer(build() if fresh else layer, point) if turn["again"] else None
        beside = {
            name: stack([evaluate_layer(build() if fresh else layer, {**point, name: place}) for place in places])
            for name, places in turn["beside"].items()
        }
        return tell_turn(output, gradients, again, beside, marks)

    return [take(turn) for turn in turns]


def layer_answers(constructor, args, kwargs, point, grad_output, wanted, training=True, attributes=None):
    """Gradients without a decoy, after two backwards in a row, and for twice the upstream gradient; what was changed in place."""

    def build():
        return build_layer(constructor, args, kwargs, training, attributes or {})

    layer = build()
    given = {name: array.copy() for name, array in point.items()}
    for name in [name for name in given if name != "input"]:
        layer.params[name] = given[name]
    upstream = grad_output.copy()
    returned = []
    forward_calls = count_calls(lambda: layer.forward(given["input"]))
    backward_calls = count_calls(lambda: returned.append(layer.backward(upstream)))
    alone = find_gradients(layer, tell(returned[0]), wanted)
    changed = find_changed({**given, "grad_output": upstream}, {**point, "grad_output": grad_output})
    twice = find_gradients(layer, tell(layer.backward(grad_output.copy())), wanted)
    layer = build()
    evaluate_layer(layer, point)
    doubled = find_gradients(layer, tell(layer.backward(2 * grad_output)), wanted)
    return tell_answers(alone, twice, doubled, changed, forward_calls, backward_calls)


def find_gradients(layer, returned, wanted):
    gradients = {}
    for name in wanted:
        if name == "input":
            gradients[name] = returned
        elif name in layer.grads:
            gradients[name] = tell(layer.grads[name])
    return gradients


def find_changed(given, original):
    return [name for name, array in given.items() if not np.array_equal(array, original[name], equal_nan=True)]


def tell_turn(output, gradients, again, beside, marks):
    times = {"forward_s": marks[1] - marks[0], "backward_s": marks[2] - marks[1]}
    return {"output": output, "gradients": gradients, "again": again, "beside": beside, **times}


def tell_answers(alone, twice, doubled, changed, forward_calls, backward_calls):
    shared = [backward_calls[code] / count for code, count in forward_calls.items() if code in backward_calls]
    return {
        "alone": alone,
        "twice": twice,
        "doubled": doubled,
        "changed": changed,
        "forwards_in_backward": float(max(shared, default=0)),
    }


def stack(outputs):
    """One array of all outputs where they are alike, to cross as one; else the list."""
    first = outputs[0]
    if not all(type(one) is np.ndarray and one.shape == first.shape and one.dtype == first.dtype for one in outputs):
        return outputs
    return np.stack(outputs)


def count_calls(call):
    """How often each Python function, NumPy's own left out, is called during a call."""
    calls = {}

    def count(frame, event, argument):
        if event == "call" and not frame.f_code.co_filename.startswith(NUMPY):
            calls[frame.f_code] = calls.get(frame.f_code, 0) + 1

    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(None)
    calls.pop(call.__code__, None)
    return calls


def loss_points(constructor, args, kwargs, points, target):
    """The loss at each point's `prediction`, on one object."""
    loss = find_constructor(constructor)(*args, **kwargs)
    return [tell(loss.forward(point["prediction"].copy(), target.copy())) for point in points]


def loss_turns(constructor, args, kwargs, turns, target):
    """Let a new loss take each turn; a loss has no upstream gradient."""

    def take(turn):
        loss = find_constructor(constructor)(*args, **kwargs)
        loss.forward(turn["decoy"]["prediction"].copy(), target.copy())
        loss.backward()
        marks = [read_clock()]
        output = tell(loss.forward(turn["point"]["prediction"].copy(), target.copy()))
        marks.append(read_clock())
        gradient = tell(loss.backward())
        marks.append(read_clock())
        again = tell(loss.forward(turn["point"]["prediction"].copy(), target.copy())) if turn["again"] else None
        beside = {
            name: stack([tell(loss.forward(place.copy(), target.copy())) for place in places]) for name, places in turn["beside"].items()
        }
        return tell_turn(output, {"prediction": gradient}, again, beside, marks)

    return [take(turn) for turn in turns]


def loss_answers(constructor, args, kwargs, point, target):
    """The same questions as `layer_answers`, but for the upstream gradient."""
    loss = find_constructor(constructor)(*args, **kwargs)
    given, aim = point["prediction"].copy(), target.copy()
    returned = []
    forward_calls = count_calls(lambda: loss.forward(given, aim))
    backward_calls = count_calls(lambda: returned.append(loss.backward()))
    alone = {"prediction": tell(returned[0])}
    changed = find_changed({"prediction": given, "target": aim}, {"prediction": point["prediction"], "target": target})
    twice = {"prediction": tell(loss.backward())}
    return tell_answers(alone, twice, {}, changed, forward_calls, backward_calls)
