"""Optimizers: how gradients become better parameters.

In the formulas `w` is a parameter, `g` the gradient of the loss with respect to it, and `t` the number of the step, from 1.
"""

from collections.abc import Sequence

from .backend import Array, array_module, match
from .layers import Layer

__all__ = ["SGD", "Adam", "Momentum", "Nadam"]


class _Optimizer:
    """What all optimizers share: the walk over the layers' parameters, weight decay, and a state for each parameter."""

    def __init__(self, layers: Sequence[Layer], lr: float, weight_decay: float) -> None:
        """Remember the layers to update; raises ValueError for `lr` or `weight_decay` below 0."""
        # BEGIN SOLUTION optimizer_init
        for name, value in (("lr", lr), ("weight_decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{name} is {value}, but must be at least 0")
        self._layers = list(layers)
        self._lr, self._weight_decay = float(lr), float(weight_decay)
        self._states: dict[tuple[int, str], dict[str, Array]] = {}
        self._t = 0
        # END SOLUTION optimizer_init

    def step(self) -> None:
        """Change every parameter that has a gradient, keeping its dtype and device; the gradients stay as they are."""
        # BEGIN SOLUTION optimizer_step
        self._t += 1
        for index, layer in enumerate(self._layers):
            for name, parameter in layer.params.items():
                if name not in layer.grads:
                    continue
                gradient = match(layer.grads[name], parameter)
                if self._weight_decay and name not in ("b", "beta", "gamma"):
                    gradient = gradient + self._weight_decay * parameter
                state = self._states.setdefault((index, name), {})
                layer.params[name] = parameter + self._change(gradient, state)
        # END SOLUTION optimizer_step

    def _change(self, gradient: Array, state: dict[str, Array]) -> Array:
        """Return what to add to a parameter with this gradient; `state` is the parameter's own, empty before its first step."""
        raise NotImplementedError


class SGD(_Optimizer):
    """Stochastic gradient descent: `w <- w - lr g`."""

    def __init__(self, layers: Sequence[Layer], lr: float, weight_decay: float = 0.0) -> None:
        """Update `layers`; raises ValueError for `lr` or `weight_decay` below 0."""
        # BEGIN SOLUTION sgd_init
        super().__init__(layers, lr, weight_decay)
        # END SOLUTION sgd_init

    def _change(self, gradient: Array, state: dict[str, Array]) -> Array:
        """Return `-lr g`."""
        # BEGIN SOLUTION sgd_change
        return -self._lr * gradient
        # END SOLUTION sgd_change


class Momentum(_Optimizer):
    """A ball that rolls downhill: `v <- momentum v - lr g`, `w <- w + v`, with `v` from 0."""

    def __init__(
        self, layers: Sequence[Layer], lr: float, momentum: float = 0.9, nesterov: bool = False, weight_decay: float = 0.0
    ) -> None:
        """Update `layers`, with `nesterov` by `w <- w + momentum v - lr g` for the new `v` (Sutskever et al. 2013).

        Raises ValueError for `lr` or `weight_decay` below 0 and `momentum` outside [0, 1).
        """
        # BEGIN SOLUTION momentum_init
        super().__init__(layers, lr, weight_decay)
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum is {momentum}, but must be at least 0 and below 1")
        self._momentum, self._nesterov = float(momentum), nesterov
        # END SOLUTION momentum_init

    def _change(self, gradient: Array, state: dict[str, Array]) -> Array:
        """Return the new `v`, or with `nesterov` `momentum v - lr g`."""
        # BEGIN SOLUTION momentum_change
        downhill = -self._lr * gradient
        velocity = match(state["v"], gradient) if state else 0
        state["v"] = self._momentum * velocity + downhill
        return self._momentum * state["v"] + downhill if self._nesterov else state["v"]
        # END SOLUTION momentum_change


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
        # BEGIN SOLUTION adam_init
        super().__init__(layers, lr, weight_decay)
        if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas are {betas}, but must be two numbers, each at least 0 and below 1")
        self._beta1, self._beta2 = float(betas[0]), float(betas[1])
        self._eps = float(eps)
        # END SOLUTION adam_init

    def _change(self, gradient: Array, state: dict[str, Array]) -> Array:
        """Return `-lr m^ / (sqrt(v^) + eps)`."""
        # BEGIN SOLUTION adam_change
        mean, deviation = self._move_moments(gradient, state)
        return -self._lr * mean / (deviation + self._eps)
        # END SOLUTION adam_change

    def _move_moments(self, gradient: Array, state: dict[str, Array]) -> tuple[Array, Array]:
        """Move `m` and `v` in `state` towards the gradient and its square; return `m^` and `sqrt(v^)`."""
        # BEGIN SOLUTION adam_moments
        first = match(state["m"], gradient) if state else 0
        second = match(state["v"], gradient) if state else 0
        state["m"] = self._beta1 * first + (1 - self._beta1) * gradient
        state["v"] = self._beta2 * second + (1 - self._beta2) * gradient * gradient
        unbiased = state["v"] / (1 - self._beta2**self._t)
        return state["m"] / (1 - self._beta1**self._t), array_module(gradient).sqrt(unbiased)
        # END SOLUTION adam_moments


class Nadam(Adam):
    """Adam that looks ahead: `w <- w - lr (beta1 m^ + (1 - beta1) g / (1 - beta1^t)) / (sqrt(v^) + eps)` (Dozat 2016)."""

    def _change(self, gradient: Array, state: dict[str, Array]) -> Array:
        """Return `-lr (beta1 m^ + (1 - beta1) g / (1 - beta1^t)) / (sqrt(v^) + eps)`."""
        # BEGIN SOLUTION nadam_change
        mean, deviation = self._move_moments(gradient, state)
        ahead = self._beta1 * mean + (1 - self._beta1) / (1 - self._beta1**self._t) * gradient
        return -self._lr * ahead / (deviation + self._eps)
        # END SOLUTION nadam_change
