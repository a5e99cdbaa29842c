"""Stub layers, which stand in for the submission's own, so that a broken Dense costs nothing in an optimizer or a network.

Each derives from the submission's Layer where that can be done, for code that asks `isinstance(layer, Layer)`.
"""

from .building import find_constructor, keep


class PlainStub:
    """A layer of staff's: parameters, gradients, a mode. What it does notes it in `log`, under its `place` in the network."""

    def __init__(self, params=None, place=0, log=None):
        super().__init__()
        self.params = dict(params or {})
        self.grads = {}
        self.training = True
        self.place = place
        self.log = [] if log is None else log

    def forward(self, x):
        self.log.append({"kind": "forward", "place": self.place, "training": self.training, "x": x.copy()})
        return self.compute(x)

    def backward(self, grad_output):
        self.log.append({"kind": "backward", "place": self.place, "grad_output": grad_output.copy()})
        return self.send_back(grad_output)

    def compute(self, x):
        return x.copy()

    def send_back(self, grad_output):
        return grad_output.copy()


class AffineStub(PlainStub):
    """`scale x + shift` entry by entry. Back comes `scale g - shift`, no gradient of it, so that a wrong order shows."""

    def compute(self, x):
        return self.params["scale"] * x + self.params["shift"]

    def send_back(self, grad_output):
        return self.params["scale"] * grad_output - self.params["shift"]


class MatrixStub(PlainStub):
    """`x @ W`, and its gradient."""

    def compute(self, x):
        return x @ self.params["W"]

    def send_back(self, grad_output):
        return grad_output @ self.params["W"].T


class TwoFacedStub(PlainStub):
    """The identity in evaluation mode; in training it negates, or with `reverse` turns the columns round."""

    reverse = False

    def compute(self, x):
        if not self.training:
            return x.copy()
        return x[:, ::-1].copy() if self.reverse else -x


STUBS = {"plain": PlainStub, "affine": AffineStub, "matrix": MatrixStub, "two-faced": TwoFacedStub}


def make_stub(kind, params=None, place=0, log=None):
    """A stub layer, derived from the submission's Layer unless that gets in the way."""
    plain = STUBS[kind]
    try:
        derived = type(plain.__name__, (plain, find_constructor(("layers", "Layer"))), {})
        made = derived(params, place, log)
        made.training = False
        if made.training is False and set(made.params) == set(params or {}) and made.grads == {}:
            made.training = True
            return made
    except (Exception, SystemExit):  # whatever is wrong with Layer is another check's business
        pass
    return plain(params, place, log)


def make_stubs(stubs, log=None):
    """One stub for each dict: its `kind` (plain unless said), its `params`, and other attributes."""
    made = []
    for place, stub in enumerate(stubs):
        layer = make_stub(stub.get("kind", "plain"), {name: keep(value) for name, value in stub.get("params", {}).items()}, place, log)
        for name, value in stub.items():
            if name not in ("kind", "params"):
                setattr(layer, name, keep(value))
        made.append(layer)
    return made


def build_network(stubs, log=None):
    return find_constructor(("network", "Network"))(make_stubs(stubs, log))


def split_places(arrays):
    """`{"0.W": array}` as pairs of a layer's place, a name, and the array."""
    return [(int(key.partition(".")[0]), key.partition(".")[2], array) for key, array in arrays.items()]
