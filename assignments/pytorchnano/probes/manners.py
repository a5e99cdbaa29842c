"""Manners of layers, activations and losses alike (grader/asserts/manners.py): a loss has several inputs and no grad_output."""

import numpy as np

from .building import build_object, keep, keep_all, read_gradients, send_back


def use_object(constructor, args, kwargs, inputs, training=None, parameters=None):
    """Build and call forward: a refusal may wait for the first use."""
    return keep(build_object(constructor, args, kwargs, training, parameters).forward(*inputs))


def call_and_echo(constructor, args, kwargs, inputs, grad_output=None, training=None, parameters=None, attributes=None):
    """Forward and backward: what they return, grads and params, and every array that was given, as it is afterwards."""
    made = build_object(constructor, args, kwargs, training, parameters, attributes)
    output = keep(made.forward(*inputs))
    returned = keep(send_back(made, grad_output))
    answer = {"output": output, "returned": returned, "inputs": keep_all(inputs), "grad_output": keep(grad_output)}
    if hasattr(made, "params"):
        answer |= {"params": keep_all(made.params), "grads": read_gradients(made), "parameters": keep_all(parameters or {})}
    return answer


def call_in_turn(constructor, args, kwargs, turns, training=None, parameters=None):
    """Forward and backward at each of the `turns` (pairs of inputs and grad_output), on one object.

    For each turn the results as they were when they came (`then`) and as they are after the last turn (`now`).
    """
    made = build_object(constructor, args, kwargs, training, parameters)
    results, copies = [], []
    for inputs, grad_output in turns:
        output = made.forward(*inputs)
        kept = keep(output)
        returned = send_back(made, grad_output)
        results.append((output, returned))
        copies.append((kept, keep(returned)))
    return [
        {"then": {"output": kept[0], "returned": kept[1]}, "now": {"output": result[0], "returned": result[1]}}
        for kept, result in zip(copies, results, strict=True)
    ]


def dicts_of_two(constructor, args, kwargs, inputs, grad_output, parameters):
    """Two objects, of which one is given parameters and used: the dicts of both, before and after."""
    used, idle = build_object(constructor, args, kwargs), build_object(constructor, args, kwargs)

    def read(made):
        return {"params": keep_all(made.params), "grads": keep_all(made.grads)}

    before = {"used": read(used), "idle": read(idle)}
    for name, array in parameters.items():
        used.params[name] = array
    used.forward(*inputs)
    send_back(used, grad_output)
    return {"before": before, "after": {"used": read(used), "idle": read(idle)}}


def rearrange(array, layout):
    """The same numbers, laid out in memory in another way: "columns first", "every second", "backwards"."""
    if layout == "columns first":
        return np.asfortranarray(array)
    if layout == "every second":
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    return np.ascontiguousarray(array[..., ::-1])[..., ::-1]


def call_in_layouts(constructor, args, kwargs, x, grad_output, layouts, parameters=None):
    """Forward and backward with x and grad_output in each layout of `rearrange`."""
    return [
        call_and_echo(constructor, args, kwargs, [rearrange(x, layout)], rearrange(grad_output, layout), None, keep_all(parameters or {}))
        for layout in layouts
    ]


def forward_twice(constructor, args, kwargs, earlier, inputs, grad_output=None, parameters=None):
    """Forward at the `earlier` inputs, forward at `inputs`, then one backward, which belongs to the second."""
    made = build_object(constructor, args, kwargs, None, parameters)
    made.forward(*earlier)
    output = keep(made.forward(*inputs))
    answer = {"output": output, "returned": keep(send_back(made, grad_output))}
    if hasattr(made, "params"):
        answer["grads"] = keep_all(made.grads)
    return answer


def grads_of_turns(constructor, args, kwargs, turns, parameters):
    """Forward and backward at each of the `turns` on one object: grads as they are after each."""
    made = build_object(constructor, args, kwargs, None, parameters)
    grads = []
    for inputs, grad_output in turns:
        made.forward(*inputs)
        made.backward(grad_output)
        grads.append(keep_all(made.grads))
    return grads
