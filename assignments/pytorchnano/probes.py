"""Probes: staff code that runs in the worker, beside the submission.

A probe produces evidence and never a conclusion, for whatever it says, student code could have said. It saves trips over
the wire and holds what can't cross it. It sees nothing that a submission may not know.
"""

import importlib

import numpy as np


def find_constructor(constructor):
    """`("layers", "Dense")`: a module of the package and a name in it."""
    module, name = constructor
    return getattr(importlib.import_module(f"pytorchnano.{module}"), name)


def keep(value):
    """A copy of an array, so that what the submission does to its own afterwards is not seen; anything else as it is."""
    return value.copy() if isinstance(value, np.ndarray) else value


# ---- gradients: many evaluations in one trip, and an object's whole turn (grader/asserts/gradient.py) ----


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


def layer_case(
    constructor,
    args,
    kwargs,
    point,
    grad_output,
    decoy,
    decoy_grad_output,
    wanted,
    training=True,
    attributes=None,
    fresh=False,
):
    """Forward and backward at the decoy, then at the point, then forward again; `fresh` leaves the decoy out.

    Only the gradients `wanted` are touched: "input" is what backward returns, other names are looked up in `grads`.
    """
    layer = build_layer(constructor, args, kwargs, training, attributes or {})
    if not fresh:
        evaluate_layer(layer, decoy)
        layer.backward(decoy_grad_output.copy())
    output = evaluate_layer(layer, point)
    returned = tell(layer.backward(grad_output.copy()))
    gradients = {}
    for name in wanted:
        if name == "input":
            gradients[name] = returned
        elif name in layer.grads:
            gradients[name] = tell(layer.grads[name])
    if fresh:
        layer = build_layer(constructor, args, kwargs, training, attributes or {})
    return {"output": output, "gradients": gradients, "again": evaluate_layer(layer, point)}


def loss_points(constructor, args, kwargs, points, target):
    """The loss at each point's `prediction`, on one object."""
    loss = find_constructor(constructor)(*args, **kwargs)
    return [tell(loss.forward(point["prediction"].copy(), target.copy())) for point in points]


def loss_case(constructor, args, kwargs, point, decoy, target):
    """Forward and backward at the decoy, then at the point, then forward again."""
    loss = find_constructor(constructor)(*args, **kwargs)
    loss.forward(decoy["prediction"].copy(), target.copy())
    loss.backward()
    output = tell(loss.forward(point["prediction"].copy(), target.copy()))
    gradient = tell(loss.backward())
    again = tell(loss.forward(point["prediction"].copy(), target.copy()))
    return {"output": output, "gradients": {"prediction": gradient}, "again": again}


# ---- Training: one step a trip (grader/asserts/training) ----


class Training:
    """A network, its loss and its optimizer between two trips."""

    def __init__(self, layers, lr):
        self.layers = [find_constructor(constructor)(*args) for constructor, args in layers]
        self.loss = find_constructor(("losses", "CrossEntropyLoss"))(from_logits=True)
        self.optimizer = find_constructor(("optimizers", "SGD"))(self.layers, lr=lr)

    def forward(self, images):
        for layer in self.layers:
            images = layer.forward(images)
        return images


def training_start(layers, lr, parameters):
    """Build the network and give it the parameters "0.W", "0.b", ... in place of those that its constructors made."""
    training = Training(layers, lr)
    for name, array in parameters.items():
        position, _, key = name.partition(".")
        training.layers[int(position)].params[key] = array.copy()
    return training


def training_step(training, images, labels):
    """Forward, loss, backward, step; the loss and every parameter after it."""
    loss = training.loss.forward(training.forward(images), labels)
    gradient = training.loss.backward()
    for layer in reversed(training.layers):
        gradient = layer.backward(gradient)
    training.optimizer.step()
    parameters = {f"{i}.{key}": keep(value) for i, layer in enumerate(training.layers) for key, value in layer.params.items()}
    return {"loss": loss, "parameters": parameters}


def training_outputs(training, images):
    """The network's outputs under its last parameters."""
    return keep(training.forward(images))


# ---- layers: manners ----
# For layers, activations and losses alike (grader/asserts/manners.py): a loss has several inputs and no grad_output.


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


def keep_all(values):
    """A dict or list with copies of the arrays in it; anything else as it is."""
    if isinstance(values, dict):
        return {name: keep(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [keep(value) for value in values]
    return values


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
        answer |= {"params": keep_all(made.params), "grads": keep_all(made.grads), "parameters": keep_all(parameters or {})}
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


def read_global_state():
    """NumPy's global random state, as plain values."""
    _, keys, *others = np.random.get_state()
    return [keys, *others]


def drawn_parameters(constructor, args, kwargs, seeds):
    """For each seed the parameters of a new object, and NumPy's global random state around its construction.

    The global state is another one each time, so that numbers that come from it show.
    """
    answer = []
    for position, seed in enumerate(seeds):
        np.random.seed(1000 + position)
        before = read_global_state()
        made = find_constructor(constructor)(*args, **kwargs, seed=seed)
        answer.append({"params": keep_all(made.params), "before": before, "after": read_global_state()})
    return answer


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
