"""The oracle's own copy of the network: its shapes, its outputs, one step of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.asserts.training.plan import TrainingPlan
from grader.asserts.values import Array

Parameters = dict[str, Array]
"""All parameters of a network: "0.W" is `layers[0].params["W"]`."""


class OracleNetwork:
    """The plan's network from the reference's classes, in float64."""

    def __init__(self, oracle: Any, plan: TrainingPlan) -> None:
        """`oracle` has the reference's modules as attributes."""
        self.plan = plan
        self.layers: list[Any] = [getattr(getattr(oracle, module), name)(*args) for module, name, args in plan.layers]
        self.loss = oracle.losses.CrossEntropyLoss(from_logits=True)
        self.optimizer = oracle.optimizers.SGD(self.layers, lr=plan.lr)
        self.shapes: dict[str, tuple[int, ...]] = {name: array.shape for name, array in self.parameters.items()}

    @property
    def parameters(self) -> Parameters:
        """Copies of all parameters."""
        return {f"{i}.{key}": np.array(value) for i, layer in enumerate(self.layers) for key, value in layer.params.items()}

    def assign(self, parameters: Parameters) -> None:
        """Make these the network's parameters, in float64."""
        for name, array in parameters.items():
            position, _, key = name.partition(".")
            self.layers[int(position)].params[key] = array.astype(np.float64)

    def forward(self, images: Array) -> Array:
        """Return the logits `(N, 10)`."""
        values = images.astype(np.float64)
        for layer in self.layers:
            values = layer.forward(values)
        return values

    def step_from(self, parameters: Parameters, images: Array, labels: NDArray[np.int64]) -> Parameters:
        """Return the parameters after one step of SGD on this batch."""
        self.assign(parameters)
        self.loss.forward(self.forward(images), labels)
        gradient = self.loss.backward()
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        self.optimizer.step()
        return self.parameters

    def describe(self, name: str) -> str:
        """Say in words which parameter "0.W" is: `W of layer 1 (Dense)`."""
        position, _, key = name.partition(".")
        return f"{key} of layer {int(position) + 1} ({self.plan.layers[int(position)][1]})"
