"""Manners: what the contract asks of every layer, activation and loss besides the right numbers.

Each function names the object by `("layers", "Dense")` and the arguments of its constructor, takes the arrays of one forward
as `inputs` (a layer has one, a loss two) and, for a layer, `grad_output`. All raise CheckFailed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from grader.asserts.layers import Array, Constructor, call_and_echo, read_answer, read_answers, spell_call
from grader.asserts.prober import Prober
from grader.asserts.values import as_array, as_dict, as_list, as_number, assert_refuses, fail

Turn = tuple[Sequence[Array], Array | None]
"""The inputs of a forward and the upstream gradient of its backward (None for a loss)."""

FLOATS = (np.float32, np.float64)
_FLOAT32_RELATIVE = 1e-4


def assert_dtypes(
    prober: Prober,
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    inputs: Sequence[Array],
    grad_output: Array | None = None,
    parameters: Mapping[str, Array] | None = None,
    training: bool | None = None,
    same_values: bool = True,
) -> None:
    """Outputs, input gradients and `grads` have the dtype of forward's input, whatever that of the parameters is.

    float32 and float64, with the parameters that the constructor made and with `parameters` in the other of the two. A
    loss's value must be a number, of any type. Where `same_values`, the results in float32 must be about those in float64.
    """
    for assigned in (False, True) if parameters else (False,):
        outcomes: list[dict[str, Array]] = []
        for dtype, other in zip(FLOATS, reversed(FLOATS), strict=True):
            given = [_in_dtype(array, dtype) for array in inputs]
            upstream = None if grad_output is None else grad_output.astype(dtype)
            stored = {name: array.astype(other) for name, array in (parameters or {}).items()} if assigned else None
            answer = call_and_echo(prober, constructor, args, kwargs, given, upstream, training=training, parameters=stored)
            beside = f" and parameters stored as {np.dtype(other)}" if assigned else ""
            outcomes.append(_read_dtypes(answer, constructor[1], dtype, f"for {np.dtype(dtype)} input{beside}", grad_output is None))
        if same_values and bool(parameters) == assigned:
            _assert_about(*outcomes)


def _in_dtype(array: Array, dtype: Any) -> Array:
    return array.astype(dtype) if array.dtype.kind == "f" else array


def _read_dtypes(answer: Mapping[str, Any], title: str, dtype: Any, when: str, is_loss: bool) -> dict[str, Array]:
    results: dict[str, Array] = {}
    if is_loss:
        results[f"{title}.forward's value"] = np.asarray(as_number(answer["output"], f"{title}.forward's value {when}"))
    else:
        name = f"{title}.forward's result"
        results[name] = as_array(answer["output"], f"{name} {when}", dtype=dtype)
    name = f"{title}.backward's result"
    results[name] = as_array(answer["returned"], f"{name} {when}", dtype=dtype)
    for key, value in as_dict(answer.get("grads", {}), f"{title}.grads").items():
        name = f'{title}.grads["{key}"]'
        results[name] = as_array(value, f"{name} {when}", dtype=dtype)
    return results


def _assert_about(single: Mapping[str, Array], double: Mapping[str, Array]) -> None:
    """The float32 results against the object's own in float64: wide apart means that some cast loses more than it must."""
    for name, exact in double.items():
        rough = as_array(single.get(name), f"{name} for float32 input", shape=exact.shape)
        error = float(np.max(np.abs(rough.astype(np.float64) - exact), initial=0.0))
        largest = float(np.max(np.abs(exact), initial=0.0))
        if not error <= _FLOAT32_RELATIVE * max(largest, 1.0):
            fail(
                f"{name} is another one for float32 input than for the same numbers in float64.",
                expected=f"differences up to {_FLOAT32_RELATIVE:g} of the largest entry, {largest:.3g}",
                got=f"a difference of {error:.3g}",
            )


def assert_unchanged(
    prober: Prober,
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    inputs: Sequence[Array],
    grad_output: Array | None = None,
    input_names: Sequence[str] = ("x",),
    **state: Any,
) -> None:
    """Forward and backward leave every array that they are given as it was, the assigned parameters too."""
    title = constructor[1]
    answer = call_and_echo(prober, constructor, args, kwargs, inputs, grad_output, **state)
    # Code that does nothing changes nothing: there must be results too.
    for key, what in (("output", "forward's result"), ("returned", "backward's result")):
        as_array(answer[key], f"{title}.{what}", finite=False)
    echoed = as_list(answer["inputs"], f"{title}: the inputs", length=len(inputs))
    for name, given, after in zip(input_names, inputs, echoed, strict=True):
        _assert_same(after, given, f"the array {name} that {title}.forward was given")
    if grad_output is not None:
        _assert_same(answer.get("grad_output"), grad_output, f"the array grad_output that {title}.backward was given")
    given_parameters: Mapping[str, Array] = state.get("parameters") or {}
    held = as_dict(answer.get("params", {}), f"{title}.params", keys=tuple(given_parameters))
    for name, given in given_parameters.items():
        # By value: a layer may keep the same numbers in a dtype of its own.
        after = as_array(held[name], f'{title}.params["{name}"] after forward and backward', shape=given.shape)
        if not np.allclose(after, given, rtol=1e-6, atol=1e-7):
            fail(
                f'{title}.params["{name}"] was changed by forward and backward: only an optimizer\'s step changes parameters.',
                expected="the parameters that were assigned",
                got=f"a difference of {float(np.max(np.abs(after - given))):.3g}",
            )


def _assert_same(after: object, given: Array, what: str) -> None:
    array = as_array(after, what, shape=given.shape, finite=False)
    changed = array != given
    if bool(changed.any()):
        place = tuple(int(i) for i in np.argwhere(changed)[0])
        fail(
            f"{what[0].upper()}{what[1:]} was changed: {int(changed.sum())} of {changed.size} entries.",
            expected=f"{given[place]:.8g}",
            got=f"{array[place]:.8g}",
            where=f"index {place} of shape {given.shape}",
            hint="Does an operation work in place, such as `a += b` or `a[mask] = 0`? Work on a copy.",
        )


def assert_results_stay(
    prober: Prober,
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    turns: Sequence[Turn],
    **state: Any,
) -> None:
    """No later call of the object changes an array that it has returned. `turns` of equal shapes show buffers used again."""
    title = constructor[1]
    sent = [(list(inputs), grad_output) for inputs, grad_output in turns]
    answer = prober.probe("call_in_turn", constructor, list(args), dict(kwargs or {}), sent, **state)
    for turn in read_answers(answer, title, len(turns)):
        said = read_answer(turn, title, ("then", "now"))
        then = read_answer(said["then"], title, ("output", "returned"))
        now = read_answer(said["now"], title, ("output", "returned"))
        for key, what in (("output", "forward's result"), ("returned", "backward's result")):
            if not isinstance(then[key], np.ndarray) and key == "output":
                as_number(then[key], f"{title}.{what}")
                continue
            before = as_array(then[key], f"{title}.{what}")
            after = as_array(now[key], f"{title}.{what} after later calls", shape=before.shape, finite=False)
            if not np.array_equal(before, after):
                fail(
                    f"{title}.{what} was changed by a later call of the same object.",
                    expected="a result that stays as it was returned",
                    got=f"{int((before != after).sum())} of {before.size} entries changed",
                    hint="Is one array kept and filled anew in every call? Return a new array each time.",
                )


def assert_seeded(
    prober: Prober,
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    weights: Sequence[str] = ("W",),
    seed: int = 1,
) -> None:
    """The same seed gives the same parameters, another seed other `weights`; NumPy's global random state plays no part."""
    title = constructor[1]
    answer = prober.probe("drawn_parameters", constructor, list(args), dict(kwargs or {}), [seed, seed, seed + 1])
    builds = [read_answer(build, title, ("params", "before", "after")) for build in read_answers(answer, title, 3)]
    first, again, other = (as_dict(build["params"], f"{title}.params", keys=weights) for build in builds)
    for name, value in first.items():
        drawn, repeated = as_array(value, f'{title}.params["{name}"]'), as_array(again.get(name), f'{title}.params["{name}"]')
        if not np.array_equal(drawn, repeated):
            fail(f'{title}: the same seed gave another {name}.', expected="equal numbers for equal seeds", got="different numbers")
    for name in weights:
        drawn, changed = as_array(first[name], f'{title}.params["{name}"]'), as_array(other[name], f'{title}.params["{name}"]')
        if drawn.size and bool(np.all(drawn == drawn.flat[0])):
            everywhere = f"{float(drawn.flat[0]):.8g} everywhere"
            fail(f"{title}: all entries of {name} are equal at the start.", expected="random numbers", got=everywhere)
        if np.array_equal(drawn, changed):
            fail(f"{title}: two different seeds gave the same {name}.", expected="numbers that depend on the seed", got="equal numbers")
    for build in builds:
        assert_global_state(build["before"], build["after"], f"Constructing {title} with a seed")


def assert_global_state(before: object, after: object, what: str) -> None:
    """NumPy's global random state, read before and after by the probe `read_global_state`, is the same."""
    old, new = (as_list(state, "NumPy's global random state", length=4) for state in (before, after))
    if not all(_is_same(a, b) for a, b in zip(old, new, strict=True)):
        fail(
            f"{what} changed NumPy's global random state.",
            expected="np.random's state left alone",
            got="another state",
            hint="Draw from a generator of your own, np.random.default_rng(seed).",
        )


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.array_equal(cast(Array, one), cast(Array, other))
    return isinstance(one, int | float) and isinstance(other, int | float) and one == other


def assert_use_refused(
    prober: Prober,
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    inputs: Sequence[Array],
    names: Sequence[str] | None = None,
) -> None:
    """Constructing and then calling forward once ends in a ValueError whose text has one of `names` (None: any text)."""
    shapes = " and ".join(str(array.shape) for array in inputs)
    assert_refuses(
        lambda: prober.probe("use_object", constructor, list(args), dict(kwargs or {}), list(inputs)),
        f"{spell_call(constructor, args, kwargs)}, used on input of shape {shapes},",
        names=names,
    )


def assert_dicts(
    prober: Prober,
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    inputs: Sequence[Array],
    grad_output: Array,
    parameters: Mapping[str, Array],
) -> None:
    """`params` has exactly the keys and shapes of `parameters`, `grads` too after backward (before: empty or zeros).

    Each object has dicts of its own: giving one parameters and using it is not seen in another.
    """
    title = constructor[1]
    sent = (list(inputs), grad_output, dict(parameters))
    answer = prober.probe("dicts_of_two", constructor, list(args), dict(kwargs or {}), *sent)
    said = read_answer(answer, title, ("before", "after"))
    before, after = (read_answer(said[when], title, ("used", "idle")) for when in ("before", "after"))
    _assert_entries(before["used"], "params", parameters, f"A new {title}")
    _assert_no_gradients(before["used"], f"A new {title}", title)
    _assert_entries(after["used"], "params", parameters, f"{title} after backward")
    _assert_entries(after["used"], "grads", parameters, f"{title} after backward")
    _assert_no_gradients(after["idle"], f"Another {title}, never used itself,", title)
    idle = [as_dict(part["idle"], f"Another {title}", keys=("params",)) for part in (before, after)]
    old, new = (as_dict(part["params"], f"{title}.params") for part in idle)
    for name, value in old.items():
        if not np.array_equal(as_array(value, f'{title}.params["{name}"]'), as_array(new.get(name), f'{title}.params["{name}"]')):
            fail(
                f'Assigning to one {title}\'s params["{name}"] changed that of another {title}.',
                expected="dicts of its own for each object",
                got="a shared dict or array",
                hint="Are params and grads made in the class body, or as default arguments? Make them in __init__.",
            )


def _assert_entries(part: object, which: str, shapes: Mapping[str, Array], who: str) -> None:
    held = as_dict(as_dict(part, who, keys=(which,))[which], f"{who}: {which}")
    if set(held) != set(shapes):
        wanted, got = (", ".join(sorted(keys)) or "none" for keys in (shapes, held))
        fail(f"{who} has the wrong keys in {which}.", expected=f"exactly these keys: {wanted}", got=got)
    for name, array in shapes.items():
        as_array(held[name], f'{who}: {which}["{name}"]', shape=array.shape)


def _assert_no_gradients(part: object, who: str, title: str) -> None:
    for name, value in as_dict(as_dict(part, who, keys=("grads",))["grads"], f"{title}.grads").items():
        if value is None:
            continue
        array = as_array(value, f'{title}.grads["{name}"] before backward', finite=False)
        if bool(np.any(array != 0)):
            fail(f'{who} has gradients in grads["{name}"] before its backward.', expected="an empty dict, or zeros", got="other numbers")
