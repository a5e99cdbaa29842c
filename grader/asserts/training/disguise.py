"""What a submission can't know beforehand: which digit is which class, how images lie, where training starts.

Everything here is drawn from the check's secret and only its results cross the wall, batch by batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.asserts.training.network import Parameters
from grader.asserts.values import Array

CLASSES = 10
_SMALLEST_BIAS, _LARGEST_BIAS = 0.02, 0.1


@dataclass(frozen=True)
class Disguise:
    """One secret dress of MNIST."""

    classes: NDArray[np.int64]
    """Digit to class, `(10,)`."""
    pixels: NDArray[np.int64] | None
    """The order of the 784 pixels of a flat image; None keeps images as planes."""
    quarter_turns: int = 0
    """Of a plane, against the clock."""
    mirrored: bool = False
    """Left and right exchanged, after turning."""
    inverted: bool = False
    """Black and white exchanged."""

    def dress_images(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return `(N, 28, 28)` grey values as `(N, 784)` in [0, 1], or as `(N, 1, 28, 28)` in [-1, 1].

        Planes are centred so that inverting is a change of sign: neither kind of background starts at an advantage.
        """
        if self.pixels is not None:
            return images.reshape(len(images), -1)[:, self.pixels].astype(np.float32) / np.float32(255)
        planes = np.rot90(images, self.quarter_turns, axes=(1, 2))
        planes = planes[:, :, ::-1] if self.mirrored else planes
        centred = np.ascontiguousarray(planes, dtype=np.float32) / np.float32(127.5) - np.float32(1)
        return (-centred if self.inverted else centred)[:, np.newaxis]

    def dress_labels(self, labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the classes of these digits."""
        return self.classes[labels]


def draw_disguise(kind: str, rng: np.random.Generator) -> Disguise:
    """Draw a disguise of the plan's kind, `permute` or `turn`."""
    classes = rng.permutation(CLASSES)
    if kind == "permute":
        return Disguise(classes, rng.permutation(28 * 28))
    return Disguise(classes, None, int(rng.integers(4)), bool(rng.integers(2)), bool(rng.integers(2)))


def draw_parameters(shapes: dict[str, tuple[int, ...]], rng: np.random.Generator) -> Parameters:
    """Draw initial parameters as float32.

    Weights are normal with variance 2 / fan_in (He et al. 2015), where the fan-in of `(in, out)` is `in` and that of
    `(out, in, kh, kw)` is `in kh kw`. Vectors are biases: between 0.02 and 0.1 in size, so that a unit which sees only
    background does not sit on ReLU's kink, where submissions may rightly differ.
    """
    parameters: Parameters = {}
    for name, shape in shapes.items():
        if len(shape) == 1:
            drawn: Array = rng.uniform(_SMALLEST_BIAS, _LARGEST_BIAS, shape) * rng.choice([-1.0, 1.0], shape)
        else:
            fan_in = shape[0] if len(shape) == 2 else int(np.prod(shape[1:]))
            drawn = rng.standard_normal(shape) * np.sqrt(2.0 / fan_in)
        parameters[name] = drawn.astype(np.float32)
    return parameters
