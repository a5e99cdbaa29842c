"""Optimizers on stub layers."""

from .building import find_constructor, tell
from .stubs import make_stub, split_places


def optimizer_steps(name, kwargs, parameters, turns, assigned=None, style="new entries"):
    """Steps of an optimizer on stub layers with `parameters` "0.W", "1.b", ...; after each every parameter and every gradient.

    Each of `turns` holds the gradients of one step, the one at the same place in `assigned` the parameters that are assigned
    before it. `style` says how gradients come: "new entries" of one dict, a "new dict" each time, or the arrays "filled" again.
    """
    places = 1 + max(place for place, _, _ in split_places(parameters))
    layers = [make_stub("plain") for _ in range(places)]
    for place, key, array in split_places(parameters):
        layers[place].params[key] = array.copy()
    optimizer = find_constructor(("optimizers", name))(layers, **kwargs)
    seen = []
    for turn, new in zip(turns, assigned or [{}] * len(turns), strict=True):
        for place, key, array in split_places(new):
            layers[place].params[key] = array.copy()
        set_gradients(layers, turn, style)
        optimizer.step()
        seen.append(
            {
                "params": {name: tell(layers[place].params.get(key)) for name, (place, key, _) in name_places(parameters)},
                "grads": {name: tell(layers[place].grads.get(key)) for name, (place, key, _) in name_places(turn)},
            }
        )
    return seen


def name_places(arrays):
    return zip(arrays, split_places(arrays), strict=True)


def set_gradients(layers, turn, style):
    """Give every layer the gradients of this turn, as its backward would, and no others."""
    given = [{} for _ in layers]
    for place, key, array in split_places(turn):
        given[place][key] = array.copy()
    for layer, new in zip(layers, given, strict=True):
        if style == "new dict":
            layer.grads = new
            continue
        for key in set(layer.grads) - set(new):
            del layer.grads[key]
        for key, array in new.items():
            if style == "filled" and key in layer.grads:
                layer.grads[key][...] = array
            else:
                layer.grads[key] = array
