"""Steps of a submission's optimizers on stub layers, against the parameters that they should give.

Arrays of several layers lie in one dict, under the layer's place and the name: "0.W", "1.b". A place without any is a layer without
parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from grader.asserts.layers import Array, find_hint, read_answer, read_answers
from grader.asserts.prober import Prober
from grader.asserts.values import as_array, as_dict, assert_close, assert_refuses, fail

Arrays = Mapping[str, Array]


def take_steps(
    prober: Prober,
    name: str,
    kwargs: Mapping[str, Any],
    parameters: Arrays,
    turns: Sequence[Arrays],
    assigned: Sequence[Arrays] = (),
    style: str = "new entries",
) -> list[dict[str, dict[str, Any]]]:
    """After each step of the submission's optimizer its `params` and the `grads` that it was given; nothing but the keys is checked.

    Each of `turns` holds one step's gradients, each of `assigned` what is assigned to parameters before it. `style` is how the
    gradients come: "new entries" of one dict, a "new dict" each time, or "filled", the same arrays again.
    """
    sent = [dict(turn) for turn in turns]
    answer = prober.probe("optimizer_steps", name, dict(kwargs), dict(parameters), sent, [dict(new) for new in assigned], style)
    steps = [read_answer(step, f"{name}.step", ("params", "grads")) for step in read_answers(answer, f"{name}.step", len(turns))]
    return [{part: as_dict(step[part], f"{name}: {part} after a step") for part in ("params", "grads")} for step in steps]


def expect_steps(
    optimizer: Callable[..., Any], kwargs: Mapping[str, Any], parameters: Arrays, turns: Sequence[Arrays], assigned: Sequence[Arrays] = ()
) -> list[dict[str, Array]]:
    """The parameters after each step of a trusted optimizer, in float64."""
    layers = [SimpleNamespace(params={}, grads={}) for _ in range(1 + max(_place(key)[0] for key in parameters))]
    for key, array in parameters.items():
        place, name = _place(key)
        layers[place].params[name] = array.astype(np.float64)
    steps = optimizer(layers, **kwargs)
    expected: list[dict[str, Array]] = []
    nothing: list[Arrays] = [{} for _ in turns]
    for turn, new in zip(turns, assigned or nothing, strict=True):
        for key, array in new.items():
            place, name = _place(key)
            layers[place].params[name] = array.astype(np.float64)
        for place, layer in enumerate(layers):
            layer.grads = {_place(key)[1]: array.astype(np.float64) for key, array in turn.items() if _place(key)[0] == place}
        steps.step()
        expected.append({key: layers[_place(key)[0]].params[_place(key)[1]].copy() for key in parameters})
    return expected


def _place(key: str) -> tuple[int, str]:
    place, _, name = key.partition(".")
    return int(place), name


def assert_steps(
    prober: Prober,
    name: str,
    kwargs: Mapping[str, Any],
    parameters: Arrays,
    turns: Sequence[Arrays],
    expected: Sequence[Arrays],
    *,
    assigned: Sequence[Arrays] = (),
    style: str = "new entries",
    rtol: float = 1e-6,
    atol: float = 1e-8,
    hint: str = "",
    wrong: Mapping[str, Arrays] | None = None,
) -> list[dict[str, dict[str, Any]]]:
    """Fail unless the parameters after each step are `expected`; return what `take_steps` does.

    `wrong` maps a sentence, the likely cause, to the parameters that this cause would give after the first wrong step.
    """
    steps = take_steps(prober, name, kwargs, parameters, turns, assigned, style)
    who = f"{name}(layers{''.join(f', {key}={value!r}' for key, value in kwargs.items())})"
    for number, (step, right) in enumerate(zip(steps, expected, strict=True), 1):
        for key, array in right.items():
            place, entry = _place(key)
            got = step["params"].get(key)
            cause = find_hint(got, {sentence: arrays[key] for sentence, arrays in (wrong or {}).items() if key in arrays})
            what = f'{who}: layers[{place}].params["{entry}"] after step {number}'
            assert_close(got, array, what, rtol=rtol, atol=atol, hint=cause or hint)
    return steps


def read_trajectory(
    prober: Prober,
    name: str,
    kwargs: Mapping[str, Any],
    parameters: Arrays,
    turns: Sequence[Arrays],
    assigned: Sequence[Arrays] = (),
    style: str = "new entries",
) -> list[dict[str, Array]]:
    """The parameters after each step, whatever they are: for checks that compare the submission with itself.

    Fails where they are no finite arrays of the right shapes, or where one with a gradient did not move in its first step.
    """
    steps = take_steps(prober, name, kwargs, parameters, turns, assigned, style)
    shapes = parameters.items()
    trajectory = [
        {key: as_array(step["params"].get(key), f"{name}: {key[2:]} after step {number}", shape=array.shape) for key, array in shapes}
        for number, step in enumerate(steps, 1)
    ]
    for key in turns[0]:
        if np.array_equal(trajectory[0][key], assigned[0].get(key, parameters[key]) if assigned else parameters[key]):
            fail(f"{name}.step did not change {key[2:]}, though it has a gradient.", expected="other numbers than before", got="the same")
    return trajectory


def assert_argument_refused(prober: Prober, name: str, kwargs: Mapping[str, Any], names: Sequence[str]) -> None:
    """Fail unless constructing the optimizer, or its first step, is refused with a ValueError whose text has one of `names`."""
    said = f"{name}(layers, {', '.join(f'{key}={value!r}' for key, value in kwargs.items())})"
    one = {"0.W": np.array([[1.0, 2.0]])}
    assert_refuses(lambda: prober.probe("optimizer_steps", name, dict(kwargs), one, [one]), said, names=names)
