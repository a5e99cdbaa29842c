"""Which quantity a number is: a size, a product of two, a setting, or a half."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement, permutations
from math import sqrt

from grader.diagnosis.fits.records import Setting, WrongArray

_MADE_OF = {
    "kernel_area": {"kernel_rows", "kernel_columns"},
    "stride_area": {"stride_rows", "stride_columns"},
    "pixels": {"rows", "columns"},
    "output_pixels": {"output_rows", "output_columns"},
}
"""Sizes that are products of two others, so that naming one names both. `elements` is a product of any."""


@dataclass(frozen=True)
class Quantity:
    """A number that has a name."""

    value: float
    """What it is here."""
    label: str
    """`1/batch_size`, `kernel_rows*kernel_columns`, `1-p`."""
    words: str
    """`the batch size`, `1 - p`; of an inverse, the words of what was divided by."""
    role: str
    """`constant`, `size`, `inverse`, `setting`, or `ratio`."""


def say_size(name: str) -> str:
    """Turn `batch_size` into `the batch size`, `channels` into `the number of channels`."""
    words = name.replace("_", " ")
    return f"the number of {words}" if words.endswith("s") and not words.endswith("ss") else f"the {words}"


def say_number(value: float) -> str:
    """Write a short fraction as one, anything else with six digits."""
    whole = round(1 / value) if value and abs(value) >= 1e-3 else 0
    # Among longer fractions one is always close by chance.
    for fraction in (Fraction(value).limit_denominator(60), Fraction(1, whole) if whole else Fraction(0)):
        if fraction and abs(fraction.numerator) <= 1000 and abs(float(fraction) - value) <= 1e-6 * abs(value):
            return str(fraction)
    return f"{value:.6g}"


def name_number(wrong: WrongArray, value: float, slack: float = 1.0) -> list[Quantity]:
    """Return every quantity of the least far-fetched sort that is `value` within `slack` tolerances; none, when none is."""
    bound = slack * wrong.tolerance * max(1.0, abs(value))
    sizes = {name: size for name, size in wrong.sizes.items() if size > 1}
    for sort in (_simple(sizes, wrong.settings), _ratios(sizes, wrong.settings), _corrections(sizes)):
        found = [quantity for quantity in sort if abs(quantity.value - value) <= bound]
        if found:
            return _without_synonyms(found)
    return []


def _simple(sizes: Mapping[str, int], settings: Mapping[str, Setting]) -> Iterator[Quantity]:
    yield Quantity(2.0, "2", "two", "constant")
    yield Quantity(0.5, "1/2", "a half", "constant")
    yield Quantity(-1.0, "-1", "minus one", "constant")
    for name, size in sizes.items():
        yield Quantity(float(size), name, say_size(name), "size")
        yield Quantity(1 / size, f"1/{name}", say_size(name), "inverse")
    for name, value in _numbers(settings):
        said = name.replace("_", " ")
        yield Quantity(value, name, said, "setting")
        yield Quantity(1 / value, f"1/{name}", f"1 / {said}", "setting")
        if 0 < value < 1:
            yield Quantity(1 - value, f"1-{name}", f"1 - {said}", "setting")
            yield Quantity(1 / (1 - value), f"1/(1-{name})", f"1 / (1 - {said})", "setting")
    for (one, first), (other, second) in combinations_with_replacement(sizes.items(), 2):
        words = f"{say_size(one)} times {say_size(other)}" if one != other else f"{say_size(one)}, squared,"
        yield Quantity(float(first * second), f"{one}*{other}", words, "size")
        yield Quantity(1 / (first * second), f"1/({one}*{other})", words, "inverse")


def _ratios(sizes: Mapping[str, int], settings: Mapping[str, Setting]) -> Iterator[Quantity]:
    for name, size in sizes.items():
        yield Quantity(-float(size), f"-{name}", f"minus {say_size(name)}", "ratio")
        yield Quantity(-1 / size, f"-1/{name}", f"minus 1 over {say_size(name)}", "ratio")
        yield Quantity(2.0 / size, f"2/{name}", f"2 over {say_size(name)}", "ratio")
        yield Quantity(size / 2.0, f"{name}/2", f"half {say_size(name)}", "ratio")
    for (one, first), (other, second) in permutations(sizes.items(), 2):
        if first != second:
            yield Quantity(first / second, f"{one}/{other}", f"{say_size(one)} over {say_size(other)}", "ratio")
    for name, value in _numbers(settings):
        yield Quantity(-value, f"-{name}", f"-{name}", "setting")
        yield Quantity(value * value, f"{name}^2", f"{name} squared", "setting")


def _corrections(sizes: Mapping[str, int]) -> Iterator[Quantity]:
    for name, size in sizes.items():
        for value, label in ((size - 1) / size, f"({name}-1)/{name}"), (size / (size - 1), f"{name}/({name}-1)"):
            yield Quantity(value, label, f"{label.replace('_', ' ')}", "ratio")
            yield Quantity(sqrt(value), f"sqrt({label})", f"the root of {label.replace('_', ' ')}", "ratio")


def _numbers(settings: Mapping[str, Setting]) -> Iterator[tuple[str, float]]:
    for name, value in settings.items():
        # 1 names nothing, and a bool is no quantity.
        if isinstance(value, float | int) and not isinstance(value, bool) and value not in (0, 1, -1):
            yield name, float(value)


def _without_synonyms(found: list[Quantity]) -> list[Quantity]:
    labels = {quantity.label.removeprefix("1/") for quantity in found}

    def is_synonym(quantity: Quantity) -> bool:
        parts = set(quantity.label.removeprefix("1/").strip("()").split("*"))
        if len(parts) == 1:
            return False
        return "elements" in labels or any(_MADE_OF.get(label) == parts for label in labels)

    return [quantity for quantity in found if not is_synonym(quantity)]


def say_candidates(found: list[Quantity]) -> str:
    """Join names: `the batch size or the number of channels`."""
    words = [quantity.words for quantity in found]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
