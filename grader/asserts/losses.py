"""Values and gradients of a submission's losses, against numbers that the check knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grader.asserts.layers import Array, Constructor, call_and_echo, find_hint, read_answers, spell_call
from grader.asserts.prober import Prober
from grader.asserts.values import as_array, as_number, assert_close, fail


def assert_loss(
    prober: Prober,
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    prediction: Array,
    target: Array,
    expected: float,
    wrong: Mapping[str, float] | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-8,
) -> None:
    """Fail unless forward's value is `expected`; `wrong` maps a likely cause to the value that it would give."""
    built = (constructor, list(args), dict(kwargs or {}))
    answer = prober.probe("loss_points", *built, [{"prediction": prediction}], target)
    [value] = read_answers(answer, constructor[1], 1)
    what = f"{spell_call(constructor, args, kwargs)}.forward's value {_on(prediction, target)}"
    number = np.asarray(as_number(value, what))
    assert_close(number, expected, what, rtol=rtol, atol=atol, hint=find_hint(number, wrong))


def assert_loss_gradient(
    prober: Prober,
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    prediction: Array,
    target: Array,
    expected: Any,
    wrong: Mapping[str, Any] | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-8,
) -> None:
    """Fail unless backward's result, after forward at the same two, is `expected`; `wrong` as for `assert_loss`."""
    answer = call_and_echo(prober, constructor, args, kwargs, [prediction, target])
    what = f"{spell_call(constructor, args, kwargs)}.backward's result {_on(prediction, target)}"
    assert_close(answer["returned"], expected, what, rtol=rtol, atol=atol, hint=find_hint(answer["returned"], wrong))


def assert_finite(
    prober: Prober,
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    prediction: Array,
    target: Array,
) -> None:
    """Fail unless value and gradient are finite numbers, whatever they are."""
    who = spell_call(constructor, args, kwargs)
    answer = call_and_echo(prober, constructor, args, kwargs, [prediction, target])
    as_number(answer["output"], f"{who}.forward's value {_on(prediction, target)}")
    as_array(answer["returned"], f"{who}.backward's result {_on(prediction, target)}", shape=prediction.shape)


def assert_gradient_dtype(
    prober: Prober,
    constructor: Constructor,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    prediction: Array,
    target: Array,
) -> None:
    """Fail unless the gradient has the prediction's dtype when the target has another one."""
    answer = call_and_echo(prober, constructor, args, kwargs, [prediction, target])
    returned = as_array(answer["returned"], f"{constructor[1]}.backward's result")
    if returned.dtype != prediction.dtype:
        fail(
            f"{constructor[1]}.backward's result has the wrong dtype for a {prediction.dtype} prediction and a {target.dtype} target.",
            expected=str(prediction.dtype),
            got=str(returned.dtype),
            hint="Does the target's dtype decide? Turn the target into the prediction's dtype first.",
        )


def _on(prediction: Array, target: Array) -> str:
    return f"for a prediction of shape {prediction.shape} and a target of shape {target.shape}"
