"""What layers draw, remember and do in each mode."""

import numpy as np

from .building import build_object, find_constructor, keep, keep_all, read_global_state, read_gradients


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


def forwards_in_modes(constructor, args, kwargs, turns, mode_at_backward=None, parameters=None):
    """Forward and backward on one layer at each turn (x, grad_output, training); the mode may change in between.

    Without a grad_output there is no backward.
    """
    layer = build_object(constructor, args, kwargs, None, keep_all(parameters or {}))
    answer = []
    for x, grad_output, training in turns:
        layer.training = training
        turn = {"output": keep(layer.forward(x.copy()))}
        if mode_at_backward is not None:
            layer.training = mode_at_backward
        if grad_output is not None:
            turn |= {"returned": keep(layer.backward(grad_output.copy())), "grads": read_gradients(layer)}
        answer.append(turn)
    return answer


def running_statistics(constructor, args, kwargs, turns):
    """BatchNorm's parameters and statistics at the start, and the statistics after the forward of each turn (x, training)."""
    layer = build_object(constructor, args, kwargs)

    def read():
        return {"mean": keep(layer.running_mean), "var": keep(layer.running_var)}

    answer = {"params": keep_all(layer.params), "before": read(), "after": []}
    for x, training in turns:
        layer.training = training
        layer.forward(x.copy())
        answer["after"].append(read())
    return answer


def seeded_masks(constructor, kwargs, seeds, x):
    """For each seed what two forwards of a new layer give, and NumPy's global random state before and after."""
    answer = []
    for position, seed in enumerate(seeds):
        np.random.seed(1000 + position)
        before = read_global_state()
        layer = build_object(constructor, [], {**kwargs, "seed": seed}, training=True)
        outputs = [keep(layer.forward(x.copy())) for _ in range(2)]
        answer.append({"outputs": outputs, "before": before, "after": read_global_state()})
    return answer
