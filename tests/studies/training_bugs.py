"""Training bugs as students make them, each on top of a package that is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from in_process import replace_classes


def plant_bugs(package: Any) -> dict[str, tuple[str, Any]]:
    """Return, by name, what each bug is in words and the package that has it."""
    layers, activations, losses, optimizers = package.layers, package.activations, package.losses, package.optimizers

    def loss(title: str, **methods: Callable[..., Any]) -> tuple[str, Any]:
        return title, replace_classes(package, losses={"CrossEntropyLoss": type("CrossEntropyLoss", (losses.CrossEntropyLoss,), methods)})

    def sgd(title: str, **methods: Callable[..., Any]) -> tuple[str, Any]:
        return title, replace_classes(package, optimizers={"SGD": type("SGD", (optimizers.SGD,), methods)})

    def relu(title: str, **methods: Callable[..., Any]) -> tuple[str, Any]:
        return title, replace_classes(package, activations={"ReLU": type("ReLU", (activations.ReLU,), methods)})

    def layer(name: str, title: str, **methods: Callable[..., Any]) -> tuple[str, Any]:
        return title, replace_classes(package, layers={name: type(name, (getattr(layers, name),), methods)})

    right_loss, right_sgd, right_relu = losses.CrossEntropyLoss, optimizers.SGD, activations.ReLU
    dense, conv, pool = layers.Dense, layers.Conv2D, layers.MaxPool2D

    # -- the loss

    def forward_shifted(self: Any, prediction: Any, target: Any) -> Any:
        return right_loss.forward(self, prediction, (target + 1) % 10)

    def forward_remembering(self: Any, prediction: Any, target: Any) -> Any:
        self.prediction = prediction
        return right_loss.forward(self, prediction, target)

    def backward_summed(self: Any) -> Any:
        return right_loss.backward(self) * len(self.prediction)

    def backward_without_target(self: Any) -> Any:
        power = np.exp(self.prediction - self.prediction.max(axis=1, keepdims=True))
        return power / power.sum(axis=1, keepdims=True) / len(power)

    # -- the optimizer

    def remember_layers(self: Any, layers: Any, lr: float) -> None:
        right_sgd.__init__(self, layers, lr)
        self.all_layers, self.rate, self.velocity = list(layers), lr, {}

    def step_ignoring_lr(self: Any, layers: Any, lr: float) -> None:
        right_sgd.__init__(self, layers, 0.01)

    def step_without(*excluded: str) -> Callable[[Any], None]:
        def step(self: Any) -> None:
            for position, each in enumerate(self.all_layers):
                for name in each.params:
                    if name not in excluded and f"{position}" not in excluded:
                        each.params[name] = each.params[name] - self.rate * each.grads[name]

        return step

    def step_twice(self: Any) -> None:
        right_sgd.step(self)
        right_sgd.step(self)

    def step_with_momentum(self: Any) -> None:
        for position, each in enumerate(self.all_layers):
            for name, array in each.params.items():
                moved = 0.9 * self.velocity.get((position, name), 0.0) - self.rate * each.grads[name]
                self.velocity[position, name] = moved
                each.params[name] = array + moved

    def step_with_decay(self: Any) -> None:
        right_sgd.step(self)
        for each in self.all_layers:
            for name, array in each.params.items():
                each.params[name] = array * (1 - self.rate * 0.01)

    def step_now_and_then(self: Any) -> None:
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls % 3 == 0:
            right_sgd.step(self)

    def step_in_half_precision(self: Any) -> None:
        right_sgd.step(self)
        for each in self.all_layers:
            for name, array in each.params.items():
                each.params[name] = array.astype(np.float16)

    def step_rounded_to_half(self: Any) -> None:
        right_sgd.step(self)
        for each in self.all_layers:
            for name, array in each.params.items():
                each.params[name] = array.astype(np.float16).astype(array.dtype)

    def step_upwards(self: Any) -> None:
        for each in self.all_layers:
            for name, array in each.params.items():
                each.params[name] = array + self.rate * each.grads[name]

    # -- layers

    def dense_backward(change: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def backward(self: Any, grad: Any) -> Any:
            sent = dense.backward(self, grad)
            replaced = change(self, grad, sent)
            return sent if replaced is None else replaced

        return backward

    def dense_forward_remembering(self: Any, x: Any) -> Any:
        self.seen_before, self.seen = getattr(self, "seen", x), x
        return dense.forward(self, x)

    def last_sample(self: Any, grad: Any, sent: Any) -> None:
        self.grads["W"] = np.outer(self.seen[-1], grad[-1])

    def stale(self: Any, grad: Any, sent: Any) -> None:
        self.grads["W"] = self.seen_before.T @ grad

    def transposed_square(self: Any, grad: Any, sent: Any) -> None:
        if self.params["W"].shape[0] == self.params["W"].shape[1]:
            self.grads["W"] = self.grads["W"].T

    def input_transposed_square(self: Any, grad: Any, sent: Any) -> Any:
        square = self.params["W"].shape[0] == self.params["W"].shape[1]
        return grad @ self.params["W"] if square else None

    def bias_mean(self: Any, grad: Any, sent: Any) -> None:
        self.grads["b"] = grad.mean(axis=0)

    def accumulated(self: Any, grad: Any, sent: Any) -> None:
        # As if backward added to grads and nobody cleared them for five batches.
        self.sum, self.count = getattr(self, "sum", 0) + self.grads["W"], getattr(self, "count", 0) + 1
        self.grads["W"] = np.array(self.sum)
        if self.count % 5 == 0:
            self.sum = 0

    def forward_remembering_mask(self: Any, x: Any) -> Any:
        self.seen = x
        return right_relu.forward(self, x)

    def conv_backward(change: Callable[[Any, Any], None]) -> Callable[[Any, Any], Any]:
        def backward(self: Any, grad: Any) -> Any:
            sent = conv.backward(self, grad)
            change(self, grad)
            return sent

        return backward

    def conv_flipped(self: Any, grad: Any) -> None:
        self.grads["W"] = self.grads["W"][:, :, ::-1, ::-1]

    def conv_bias_pixel_mean(self: Any, grad: Any) -> None:
        self.grads["b"] = grad.mean(axis=(2, 3)).sum(axis=0)

    def conv_without_input(self: Any, grad: Any) -> Any:
        return np.zeros_like(conv.backward(self, grad))

    def pool_forward_remembering(self: Any, x: Any) -> Any:
        self.seen = x
        return pool.forward(self, x)

    def pool_to_all(self: Any, grad: Any) -> Any:
        spread = grad.repeat(2, axis=2).repeat(2, axis=3)
        sent = np.zeros_like(self.seen)
        sent[:, :, : spread.shape[2], : spread.shape[3]] = spread
        return sent

    return {
        "loss_without_mean": loss("the loss's gradient lacks 1/N", forward=forward_remembering, backward=backward_summed),
        "loss_without_target": loss("the loss's gradient is softmax alone", forward=forward_remembering, backward=backward_without_target),
        "loss_label_off_by_one": loss("labels are off by one in the loss", forward=forward_shifted),
        "relu_without_mask": relu("ReLU's backward lets everything through", backward=lambda self, grad: grad),
        "relu_masks_gradient": relu("ReLU masks by the gradient's sign", backward=lambda self, grad: grad * (grad > 0)),
        "relu_mask_inverted": relu(
            "ReLU's mask is inverted", forward=forward_remembering_mask, backward=lambda self, grad: grad * (self.seen <= 0)
        ),
        "sgd_ignores_lr": sgd("SGD uses 0.01, whatever lr is", __init__=step_ignoring_lr),
        "sgd_climbs": sgd("SGD adds the gradient", __init__=remember_layers, step=step_upwards),
        "sgd_forgets_biases": sgd("biases are never updated", __init__=remember_layers, step=step_without("b")),
        "sgd_freezes_first_layer": sgd("the first layer is never updated", __init__=remember_layers, step=step_without("0")),
        "sgd_steps_twice": sgd("step updates twice", step=step_twice),
        "sgd_has_momentum": sgd("SGD has momentum 0.9", __init__=remember_layers, step=step_with_momentum),
        "sgd_decays": sgd("SGD always decays the weights by 0.01", __init__=remember_layers, step=step_with_decay),
        "sgd_skips_steps": sgd("only every third step updates", step=step_now_and_then),
        "sgd_in_half": sgd("parameters become float16", __init__=remember_layers, step=step_in_half_precision),
        "sgd_rounds_to_half": sgd("parameters are rounded to float16", __init__=remember_layers, step=step_rounded_to_half),
        "dense_last_sample": layer(
            "Dense", "Dense's W gradient is the last sample's", forward=dense_forward_remembering, backward=dense_backward(last_sample)
        ),
        "dense_stale_input": layer(
            "Dense", "Dense's W gradient uses the batch before", forward=dense_forward_remembering, backward=dense_backward(stale)
        ),
        "dense_transposed": layer("Dense", "a square Dense's W gradient is transposed", backward=dense_backward(transposed_square)),
        "dense_sends_transposed": layer(
            "Dense", "a square Dense sends back g W, not g W^T", backward=dense_backward(input_transposed_square)
        ),
        "dense_bias_mean": layer("Dense", "Dense's bias gradient is a mean over the batch", backward=dense_backward(bias_mean)),
        "dense_accumulates": layer("Dense", "Dense's W gradients add up over five batches", backward=dense_backward(accumulated)),
        "conv_flipped": layer("Conv2D", "Conv2D's W gradient is flipped", backward=conv_backward(conv_flipped)),
        "conv_bias_mean": layer("Conv2D", "Conv2D's bias gradient is a mean over pixels", backward=conv_backward(conv_bias_pixel_mean)),
        "conv_sends_nothing": layer("Conv2D", "Conv2D sends zeros back", backward=conv_without_input),
        "pool_sends_to_all": layer(
            "MaxPool2D", "MaxPool2D sends the gradient to the whole window", forward=pool_forward_remembering, backward=pool_to_all
        ),
    }


def concerns(bug: str, classes: set[str]) -> bool:
    """Whether a network of these classes can have the bug at all."""
    needed = {"dense": "Dense", "conv": "Conv2D", "pool": "MaxPool2D", "relu": "ReLU"}.get(bug.split("_")[0])
    squares_only = bug in ("dense_transposed", "dense_sends_transposed")
    return (needed is None or needed in classes) and not (squares_only and "Conv2D" in classes)
