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
    return keep(layer.forward(point["input"].copy()))


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
    returned = keep(layer.backward(grad_output.copy()))
    gradients = {}
    for name in wanted:
        if name == "input":
            gradients[name] = returned
        elif name in layer.grads:
            gradients[name] = keep(layer.grads[name])
    if fresh:
        layer = build_layer(constructor, args, kwargs, training, attributes or {})
    return {"output": output, "gradients": gradients, "again": evaluate_layer(layer, point)}


def loss_points(constructor, args, kwargs, points, target):
    """The loss at each point's `prediction`, on one object."""
    loss = find_constructor(constructor)(*args, **kwargs)
    return [keep(loss.forward(point["prediction"].copy(), target.copy())) for point in points]


def loss_case(constructor, args, kwargs, point, decoy, target):
    """Forward and backward at the decoy, then at the point, then forward again."""
    loss = find_constructor(constructor)(*args, **kwargs)
    loss.forward(decoy["prediction"].copy(), target.copy())
    loss.backward()
    output = keep(loss.forward(point["prediction"].copy(), target.copy()))
    gradient = keep(loss.backward())
    again = keep(loss.forward(point["prediction"].copy(), target.copy()))
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
