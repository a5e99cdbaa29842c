"""What is to be explained, and what an explanation is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

Array = NDArray[Any]
Setting = bool | int | float | tuple[int, int]

TELLING = 0.99
"""From this certainty on a fit is said to a student."""
WEAK = 0.5
"""What a fit reaches at most when it says where an array is wrong and not how."""


@dataclass(frozen=True)
class WrongArray:
    """One array that a submission got wrong, and everything around it that may explain how."""

    name: str
    """As the sentence begins: `dx`, `dW`, `the output`, `running_mean`."""
    kind: Literal["gradient", "value"]
    """Whether backward or forward made it."""
    right: Array
    """The truth, entry by entry: of an oracle, or of differences, good to `tolerance`."""
    got: Array
    """What the submission gave, in any shape."""
    sizes: Mapping[str, int] = field(default_factory=dict[str, int])
    """The numbers around, in the field's names: `batch_size`, `input_features`, `channels`, `kernel_area`, `elements`, `classes`."""
    arrays: Mapping[str, Array] = field(default_factory=dict[str, Array])
    """What may have been added, multiplied, taken instead or forgotten: `input`, `W`, `grad_output`, `output`, `target`, ..."""
    settings: Mapping[str, Setting] = field(default_factory=dict[str, Setting])
    """What the function was built with: `stride=(2, 1)`, `negative_slope=0.3`, `training=False`."""
    defaults: Mapping[str, Setting] = field(default_factory=dict[str, Setting])
    """What a setting is when nobody gives one."""
    others: Mapping[str, Mapping[str, Array]] = field(default_factory=dict[str, Mapping[str, Array]])
    """What may have taken an array's place, and in which words.

    `{"W": {"of the construction": ...}, "input": {"of the call before": ...}}`.
    """
    axes: tuple[str, ...] = ()
    """What an index along each axis of `right` counts: `("sample", "channel", "row", "column")`."""
    tolerance: float = 1e-6
    """Of a match, relative to the largest entry of `right`."""
    right_at: Callable[[Mapping[str, Any]], Array] | None = None
    """The truth with some of `arrays` and `settings` exchanged.

    A parameter whose shape follows from an exchanged setting is reshaped to it; a `grad_output` that no longer fits the output is
    cut, or filled up with zeros. Raises ValueError, KeyError or IndexError for what can't be exchanged.
    """
    got_for: Callable[[Array], Array] | None = None
    """What the submission gives for another upstream gradient at the same point."""
    second_call: Callable[[], Array] | None = None
    """What the submission gives when backward is called again for the same point and upstream gradient."""


@dataclass(frozen=True)
class Fit:
    """A structure that explains a wrong array."""

    label: str
    """A stable id: `factor.1/batch_size`, `order.transposed`."""
    sentence: str
    """For the student: what is seen, then what it points to."""
    certainty: float
    """1 minus the chance that some hypothesis here would fit as well an array that is wrong in no such way.

    Counted from the wrong entries that the fit explains beyond its own free numbers (see `evidence`); at most `WEAK` for a fit
    that only says where.
    """
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The numbers found: the factor, the axis, the indices."""

    @property
    def telling(self) -> bool:
        """Whether it is worth being said aloud."""
        return self.certainty >= TELLING
