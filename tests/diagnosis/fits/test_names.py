from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.diagnosis.fits import WrongArray
from grader.diagnosis.fits.names import name_number, say_number, say_size

SIZES = {"batch_size": 3, "input_features": 5, "output_features": 7}


def find(value: float, sizes: dict[str, int] | None = None, **settings: Any) -> list[str]:
    wrong = WrongArray("dx", "gradient", np.zeros(2), np.ones(2), SIZES if sizes is None else sizes, settings=settings)
    return [quantity.label for quantity in name_number(wrong, value)]


@pytest.mark.parametrize(
    "value, label",
    [
        (3.0, "batch_size"),
        (1 / 7, "1/output_features"),
        (15.0, "batch_size*input_features"),
        (9.0, "batch_size*batch_size"),
        (1 / 35, "1/(input_features*output_features)"),
        (5 / 7, "input_features/output_features"),
        (2 / 3, "2/batch_size"),
        (0.5, "1/2"),
        (-1.0, "-1"),
        (-1 / 5, "-1/input_features"),
        (4 / 5, "(input_features-1)/input_features"),
        ((6 / 7) ** 0.5, "sqrt((output_features-1)/output_features)"),
    ],
)
def test_a_number_that_one_quantity_explains_has_its_name(value: float, label: str) -> None:
    found = find(value)
    assert label in found
    # 2/3 is also (3 - 1)/3, but that is further fetched and not said.
    assert len(found) == 1


def test_a_number_that_nothing_explains_has_no_name() -> None:
    assert find(0.3712) == []


def test_a_size_and_a_product_that_agree_are_both_named() -> None:
    assert find(6.0, {"batch_size": 3, "channels": 2, "kernel_area": 6}) == ["kernel_area", "batch_size*channels"]


def test_a_product_that_is_the_size_itself_is_named_once() -> None:
    assert find(35.0, {"rows": 7, "columns": 5, "pixels": 35}) == ["pixels"]


def test_a_setting_and_what_it_leaves_to_one_are_named() -> None:
    assert find(0.3, p=0.3) == ["p"]
    assert find(1 / 0.7, p=0.3) == ["1/(1-p)"]


def test_sizes_of_one_and_switches_name_nothing() -> None:
    assert find(1.0, {"batch_size": 1}, training=True) == []


NUMBERS = [(0.5, "1/2"), (3.0, "3"), (-2 / 3, "-2/3"), (1 / 105, "1/105"), (0.3719283, "0.371928"), (1e-9, "1e-09")]


@pytest.mark.parametrize("value, said", NUMBERS)
def test_short_fractions_are_said_as_such(value: float, said: str) -> None:
    assert say_number(value) == said


def test_sizes_are_said_in_words() -> None:
    assert (say_size("batch_size"), say_size("channels")) == ("the batch size", "the number of channels")
