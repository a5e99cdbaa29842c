"""Optimizers: how gradients become better parameters.

In the formulas `w` is a parameter, `g` the gradient of the loss with respect to it, and `t` the number of the step, from 1.
"""

from collections.abc import Sequence

from .backend import Array
from .layers import Layer

__all__ = ["SGD", "Adam", "Momentum", "Nadam"]


class _Optimizer:
    """What all optimizers share: the walk over the layers' parameters, weight decay, and a state for each parameter."""

    def __init__(self, layers: Sequence[Layer], lr: float, weight_decay: float) -> None:
        """Remember the layers to update; raises ValueError for `lr` or `weight_decay` below 0."""
        raise NotImplementedError("_Optimizer.__init__ is not implemented yet: see its docstring.")

    def step(self) -> None:
        """Change every parameter that has a gradient, keeping its dtype and device; the gradients stay as they are."""
        raise NotImplementedError("_Optimizer.step is not implemented yet: see its docstring.")

    def _change(self, gradient: Array, state: dict[str, Array]) -> Array:
        """Return what to add to a parameter with this gradient; `state` is the parameter's own, empty before its first step."""
        raise NotImplementedError


class SGD(_Optimizer):
    """Stochastic gradient descent: `w <- w - lr g`."""

    def __init__(self, layers: Sequence[Layer], lr: float, weight_decay: float = 0.0) -> None:
        """Update `layers`; raises ValueError for `lr` or `weight_decay` below 0."""
        raise NotImplementedError("SGD.__init__ is not implemented yet: see its docstring.")

    def _change(self, gradient: Array, state: dict[str, Array]) -> Array:
        """Return `-lr g`."""
        raise NotImplementedError("SGD._change is not implemented yet: see its docstring.")


class Momentum(_Optimizer):
    """A ball that rolls downhill: `v <- momentum v - lr g`, `w <- w + v`, with `v` from 0."""

    def __init__(
        self, layers: Sequence[Layer], lr: float, momentum: float = 0.9, nesterov: bool = False, weight_decay: float = 0.0
    ) -> None:
        """Update `layers`, with `nesterov` by `w <- w + momentum v - lr g` for the new `v` (Sutskever et al. 2013).

        Raises ValueError for `lr` or `weight_decay` below 0 and `momentum` outside [0, 1).
        """
        raise NotImplementedError("Momentum.__init__ is not implemented yet: see its docstring.")

    def _change(self, gradient: Array, state: dict[str, Array]) -> Array:
        """Return the new `v`, or with `nesterov` `momentum v - lr g`."""
        raise NotImplementedError("Momentum._change is not implemented yet: see its docstring.")


class Adam(_Optimizer):
    """Steps of about `lr` whatever the gradient's size: `w <- w - lr m^ / (sqrt(v^) + eps)` (Kingma and Ba 2015).

    `m <- beta1 m + (1 - beta1) g` and `v <- beta2 v + (1 - beta2) g^2` start at 0; `m^ = m / (1 - beta1^t)` and
    `v^ = v / (1 - beta2^t)` take out the pull towards 0.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        """Update `layers`; raises ValueError for `lr` or `weight_decay` below 0 and for one of `betas` outside [0, 1)."""
        raise NotImplementedError("Adam.__init__ is not implemented yet: see its docstring.")

    def _change(self, gradient: Array, state: dict[str, Array]) -> Array:
        """Return `-lr m^ / (sqrt(v^) + eps)`."""
        raise NotImplementedError("Adam._change is not implemented yet: see its docstring.")

    def _move_moments(self, gradient: Array, state: dict[str, Array]) -> tuple[Array, Array]:
        """Move `m` and `v` in `state` towards the gradient and its square; return `m^` and `sqrt(v^)`."""
        raise NotImplementedError("Adam._move_moments is not implemented yet: see its docstring.")


class Nadam(Adam):
    """Adam that looks ahead: `w <- w - lr (beta1 m^ + (1 - beta1) g / (1 - beta1^t)) / (sqrt(v^) + eps)` (Dozat 2016)."""

    def _change(self, gradient: Array, state: dict[str, Array]) -> Array:
        """Return `-lr (beta1 m^ + (1 - beta1) g / (1 - beta1^t)) / (sqrt(v^) + eps)`."""
        raise NotImplementedError("Nadam._change is not implemented yet: see its docstring.")
