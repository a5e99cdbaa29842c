"""A training, one step a trip (grader/asserts/training)."""

from .building import find_constructor, keep


class Training:
    """A network, its loss and its optimizer between two trips."""

    def __init__(self, layers, lr):
        self.layers = [find_constructor(constructor)(*args) for constructor, args in layers]
        self.loss = find_constructor(("losses", "CrossEntropyLoss"))(from_logits=True)
        self.optimizer = find_constructor(("optimizers", "SGD"))(self.layers, lr=lr)

    def forward(self, images):
        for layer in self.layers:
            images = layer.forward(images)
        return images


def training_start(layers, lr, parameters):
    """Build the network and give it the parameters "0.W", "0.b", ... in place of those that its constructors made."""
    training = Training(layers, lr)
    for name, array in parameters.items():
        position, _, key = name.partition(".")
        training.layers[int(position)].params[key] = array.copy()
    return training


def training_step(training, images, labels):
    """Forward, loss, backward, step; the loss and every parameter after it."""
    loss = training.loss.forward(training.forward(images), labels)
    gradient = training.loss.backward()
    for layer in reversed(training.layers):
        gradient = layer.backward(gradient)
    training.optimizer.step()
    parameters = {f"{i}.{key}": keep(value) for i, layer in enumerate(training.layers) for key, value in layer.params.items()}
    return {"loss": loss, "parameters": parameters}


def training_outputs(training, images):
    """The network's outputs under its last parameters."""
    return keep(training.forward(images))
