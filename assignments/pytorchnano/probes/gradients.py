"""Gradients: many evaluations in one trip, and an object's whole turn (grader/asserts/gradient.py)."""

from .building import find_constructor, keep, tell


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
