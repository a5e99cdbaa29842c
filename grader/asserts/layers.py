"""Values of a submission's layers: against constants, and against the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from grader.asserts.prober import Prober
from grader.asserts.values import as_dict, as_list, assert_close, fail
from grader.remote.remote import describe

Array = NDArray[Any]
Constructor = tuple[str, str]
"""A module of the package and a name in it, `("layers", "Dense")`."""

LAYOUTS = ("columns first", "every second", "backwards")
"""Ways to lay an array out in memory, of the probe `rearrange`."""
PARTS = ("output", "returned", "grads")
"""What a turn of a layer gives: forward's result, backward's, and the gradients at the parameters."""


def spell_call(constructor: Constructor, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> str:
    """Say how an object is made: "Conv2D(2, 3, (2, 3), stride=2)"."""
    words = [*map(repr, args), *(f"{name}={value!r}" for name, value in (kwargs or {}).items())]
    return f"{constructor[1]}({', '.join(words)})"


def call_and_echo(
    prober: Prober,
    constructor: Constructor,
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None,
    inputs: Sequence[Array],
    grad_output: Array | None = None,
    **state: Any,
) -> dict[str, Any]:
    """Forward and backward in one trip; `state` are `training`, `parameters`, `attributes`.

    The answer has `output`, `returned`, the given `inputs` and `grad_output` as they are afterwards, and for a layer
    `params`, `grads` and the arrays that were assigned, `parameters`. All but the keys is the submission's word.
    """
    answer = prober.probe("call_and_echo", constructor, list(args), dict(kwargs or {}), list(inputs), grad_output, **state)
    return read_answer(answer, constructor[1], ("output", "returned", "inputs"))


def read_answer(answer: object, title: str, keys: Sequence[str]) -> dict[str, Any]:
    """Return a probe's dict. One that did not cross whole holds something that is not made of arrays and numbers."""
    if not isinstance(answer, dict):
        _fail_uncrossed(answer, title)
    return as_dict(cast(object, answer), f"{title}: the answer", keys=keys)


def read_answers(answer: object, title: str, length: int) -> list[Any]:
    """Return a probe's list of `length` entries, as `read_answer` does a dict."""
    if not isinstance(answer, list):
        _fail_uncrossed(answer, title)
    return as_list(cast(object, answer), f"{title}: the answer", length=length)


def _fail_uncrossed(answer: object, title: str) -> NoReturn:
    fail(
        f"{title}: something that forward or backward returned, or that lies in params or grads, is not an array of real numbers.",
        expected="NumPy arrays of floats",
        got=f"something else, in {describe(answer)}",
    )


def assert_forward(
    prober: Prober,
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    x: Any,
    expected: Any,
    parameters: Mapping[str, Any] | None = None,
    training: bool = True,
    attributes: Mapping[str, Any] | None = None,
    wrong: Mapping[str, Any] | None = None,
) -> Array:
    """Fail unless forward at `x`, in float64 and with `parameters` assigned, gives `expected`; return what it gave.

    `wrong` maps a sentence, the likely cause, to the values that this cause would give.
    """
    point = {name: np.array(value, dtype=np.float64) for name, value in {"input": x, **(parameters or {})}.items()}
    built = (constructor, list(args), dict(kwargs or {}))
    outputs = prober.probe("layer_points", *built, [point], training=training, attributes=dict(attributes or {}))
    [output] = read_answers(outputs, constructor[1], 1)
    what = f"{spell_call(constructor, args, kwargs)}.forward's result on input of shape {point['input'].shape}"
    if isinstance(output, str):  # the probe's words for what can't cross
        fail(f"{what} is {output[:80]}, not an array.", expected="an array", got=output[:80])
    return assert_close(output, expected, what, hint=find_hint(output, wrong))


def find_hint(got: object, wrong: Mapping[str, Any] | None) -> str:
    """Return the sentence whose values `got` has, and "" when there is none."""
    if not isinstance(got, np.ndarray):
        return ""
    found = cast(Array, got)
    for sentence, values in (wrong or {}).items():
        known = np.asarray(values, dtype=np.float64)
        if found.shape == known.shape and np.allclose(found, known, rtol=1e-6, atol=1e-8):
            return sentence
    return ""


def turn_of(
    layer: Any,
    x: Array,
    grad_output: Array,
    parameters: Mapping[str, Array] | None = None,
    training: bool = True,
    attributes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Forward and backward of a trusted layer, the oracle's: `output`, `returned` and `grads`."""
    layer.training = training
    layer.params.update(parameters or {})
    for name, value in (attributes or {}).items():
        setattr(layer, name, value)
    output = layer.forward(x)
    return {"output": output, "returned": layer.backward(grad_output), "grads": dict(layer.grads)}


def assert_turn(
    answer: object,
    right: Mapping[str, Any],
    who: str,
    when: str,
    parts: Sequence[str] = PARTS,
    *,
    rtol: float = 1e-6,
    atol: float = 1e-8,
) -> None:
    """Fail unless the `parts` of a probe's answer are the oracle's.

    `who` names the layer as `spell_call` does, `when` says on what: "on input of shape (3, 5)".
    """
    said = read_answer(answer, who, parts)
    for part, method in (("output", "forward"), ("returned", "backward")):
        if part in parts:
            assert_close(said[part], right[part], f"{who}.{method}'s result {when}", rtol=rtol, atol=atol)
    if "grads" in parts:
        grads = as_dict(said["grads"], f"{who}.grads", keys=tuple(right["grads"]))
        for name, gradient in right["grads"].items():
            assert_close(grads[name], gradient, f'{who}.grads["{name}"] {when}', rtol=rtol, atol=atol)


def assert_turns(
    prober: Prober,
    oracle_class: Callable[..., Any],
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    turns: Sequence[tuple[Array, Array]],
    parameters: Mapping[str, Array] | None = None,
    parts: Sequence[str] = PARTS,
) -> None:
    """Fail unless one layer gives at each of the `turns`, (x, grad_output) one after the other, what the oracle gives."""
    who = spell_call(constructor, args, kwargs)
    # Where the output alone is asked for, a backward that raises shall not matter.
    sent = [(x, None if tuple(parts) == ("output",) else grad_output, True) for x, grad_output in turns]
    answer = prober.probe("forwards_in_modes", constructor, list(args), dict(kwargs or {}), sent, parameters=dict(parameters or {}))
    layer = oracle_class(*args, **(kwargs or {}))
    for (x, grad_output), said in zip(turns, read_answers(answer, constructor[1], len(turns)), strict=True):
        assert_turn(said, turn_of(layer, x, grad_output, parameters), who, f"on input of shape {x.shape}", parts)


def assert_layouts(
    prober: Prober,
    oracle_class: Callable[..., Any],
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    x: Array,
    grad_output: Array,
    parameters: Mapping[str, Array] | None = None,
    parts: Sequence[str] = PARTS,
) -> None:
    """Fail unless the layer gives what the oracle gives for inputs and gradients that are not contiguous in memory."""
    sent = (x, grad_output, list(LAYOUTS), dict(parameters or {}))
    answer = prober.probe("call_in_layouts", constructor, list(args), dict(kwargs or {}), *sent)
    right = turn_of(oracle_class(*args, **(kwargs or {})), x, grad_output, parameters)
    who = spell_call(constructor, args, kwargs)
    for said, layout in zip(read_answers(answer, constructor[1], len(LAYOUTS)), LAYOUTS, strict=True):
        assert_turn(said, right, who, f"on the same numbers in memory {layout}", parts)
