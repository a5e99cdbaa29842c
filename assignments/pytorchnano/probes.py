"""Probes: staff code that runs in the worker, beside the submission.

A probe produces evidence and never a conclusion, for whatever it says, student code could have said. It saves trips over
the wire and holds what can't cross it. It sees nothing that a submission may not know.
"""

import contextlib
import importlib
import io
import os
import sys
import time

import numpy as np

NUMPY = os.path.dirname(np.__file__) + os.sep
read_clock = time.process_time


def find_constructor(constructor):
    """`("layers", "Dense")`: a module of the package and a name in it."""
    module, name = constructor
    return getattr(importlib.import_module(f"pytorchnano.{module}"), name)


def keep(value):
    """A copy of an array, so that what the submission does to its own afterwards is not seen; anything else as it is."""
    return value.copy() if type(value) is np.ndarray else value


# ---- gradients: many evaluations in one trip, and an object's whole turn (grader/asserts/gradient.py) ----


def tell(value):
    """A copy of an array of numbers, a number, or None; of anything else only words, lest it keep the whole answer here."""
    if type(value) is np.ndarray:
        if value.dtype.kind not in "fiub":
            return f"an array of dtype {value.dtype}"
        return value.astype(np.float64) if value.dtype == np.longdouble else value.copy()
    number = type(value) in (bool, float) or (type(value) is int and abs(value) < 2**63)
    if value is None or number or (isinstance(value, np.generic) and value.dtype.kind in "fiub"):
        return value
    return f"an object of type {type(value).__name__}"


def build_layer(constructor, args, kwargs, training, attributes):
    layer = find_constructor(constructor)(*args, **kwargs)
    layer.training = training
    for name, value in attributes.items():
        setattr(layer, name, keep(value))
    return layer


def evaluate_layer(layer, point):
    """Forward at a point: `input`, and every parameter under its name. Copies go in, so that no call can spoil the next."""
    for name, array in point.items():
        if name != "input":
            layer.params[name] = array.copy()
    return tell(layer.forward(point["input"].copy()))


def layer_points(constructor, args, kwargs, points, training=True, attributes=None, fresh=False):
    """Forward at each point, on one layer; `fresh` builds one for every point (seeded masks, running statistics)."""
    outputs = []
    layer = None
    for point in points:
        if layer is None or fresh:
            layer = build_layer(constructor, args, kwargs, training, attributes or {})
        outputs.append(evaluate_layer(layer, point))
    return outputs


def layer_turns(constructor, args, kwargs, turns, wanted, training=True, attributes=None, fresh=False):
    """Let a new layer take each turn: decoy, forward, backward, forward again, forward beside the point.

    Only the gradients `wanted` are touched: "input" is what backward returns, other names are looked up in `grads`.
    `fresh` leaves the decoy out and builds a layer for every forward.
    """

    def build():
        return build_layer(constructor, args, kwargs, training, attributes or {})

    def take(turn):
        layer, point = build(), turn["point"]
        if not fresh:
            evaluate_layer(layer, turn["decoy"])
            layer.backward(turn["decoy_grad_output"].copy())
        marks = [read_clock()]
        output = evaluate_layer(layer, point)
        marks.append(read_clock())
        returned = tell(layer.backward(turn["grad_output"].copy()))
        marks.append(read_clock())
        gradients = find_gradients(layer, returned, wanted)
        again = evaluate_layer(build() if fresh else layer, point) if turn["again"] else None
        beside = {
            name: stack([evaluate_layer(build() if fresh else layer, {**point, name: place}) for place in places])
            for name, places in turn["beside"].items()
        }
        return tell_turn(output, gradients, again, beside, marks)

    return [take(turn) for turn in turns]


def layer_answers(constructor, args, kwargs, point, grad_output, wanted, training=True, attributes=None):
    """Gradients without a decoy, after two backwards in a row, and for twice the upstream gradient; what was changed in place."""

    def build():
        return build_layer(constructor, args, kwargs, training, attributes or {})

    layer = build()
    given = {name: array.copy() for name, array in point.items()}
    for name in [name for name in given if name != "input"]:
        layer.params[name] = given[name]
    upstream = grad_output.copy()
    returned = []
    forward_calls = count_calls(lambda: layer.forward(given["input"]))
    backward_calls = count_calls(lambda: returned.append(layer.backward(upstream)))
    alone = find_gradients(layer, tell(returned[0]), wanted)
    changed = find_changed({**given, "grad_output": upstream}, {**point, "grad_output": grad_output})
    twice = find_gradients(layer, tell(layer.backward(grad_output.copy())), wanted)
    layer = build()
    evaluate_layer(layer, point)
    doubled = find_gradients(layer, tell(layer.backward(2 * grad_output)), wanted)
    return tell_answers(alone, twice, doubled, changed, forward_calls, backward_calls)


def find_gradients(layer, returned, wanted):
    gradients = {}
    for name in wanted:
        if name == "input":
            gradients[name] = returned
        elif name in layer.grads:
            gradients[name] = tell(layer.grads[name])
    return gradients


def find_changed(given, right):
    return [name for name, array in given.items() if not np.array_equal(array, right[name], equal_nan=True)]


def tell_turn(output, gradients, again, beside, marks):
    times = {"forward_s": marks[1] - marks[0], "backward_s": marks[2] - marks[1]}
    return {"output": output, "gradients": gradients, "again": again, "beside": beside, **times}


def tell_answers(alone, twice, doubled, changed, forward_calls, backward_calls):
    shared = [backward_calls[code] / count for code, count in forward_calls.items() if code in backward_calls]
    return {
        "alone": alone,
        "twice": twice,
        "doubled": doubled,
        "changed": changed,
        "forwards_in_backward": float(max(shared, default=0)),
    }


def stack(outputs):
    """One array of all outputs where they are alike, to cross as one; else the list."""
    first = outputs[0]
    if not all(type(one) is np.ndarray and one.shape == first.shape and one.dtype == first.dtype for one in outputs):
        return outputs
    return np.stack(outputs)


def count_calls(call):
    """How often each Python function, NumPy's own left out, is called during a call."""
    calls = {}

    def count(frame, event, argument):
        if event == "call" and not frame.f_code.co_filename.startswith(NUMPY):
            calls[frame.f_code] = calls.get(frame.f_code, 0) + 1

    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(None)
    calls.pop(call.__code__, None)
    return calls


def loss_points(constructor, args, kwargs, points, target):
    """The loss at each point's `prediction`, on one object."""
    loss = find_constructor(constructor)(*args, **kwargs)
    return [tell(loss.forward(point["prediction"].copy(), target.copy())) for point in points]


def loss_turns(constructor, args, kwargs, turns, target):
    """Let a new loss take each turn; a loss has no upstream gradient."""

    def take(turn):
        loss = find_constructor(constructor)(*args, **kwargs)
        loss.forward(turn["decoy"]["prediction"].copy(), target.copy())
        loss.backward()
        marks = [read_clock()]
        output = tell(loss.forward(turn["point"]["prediction"].copy(), target.copy()))
        marks.append(read_clock())
        gradient = tell(loss.backward())
        marks.append(read_clock())
        again = tell(loss.forward(turn["point"]["prediction"].copy(), target.copy())) if turn["again"] else None
        beside = {
            name: stack([tell(loss.forward(place.copy(), target.copy())) for place in places]) for name, places in turn["beside"].items()
        }
        return tell_turn(output, {"prediction": gradient}, again, beside, marks)

    return [take(turn) for turn in turns]


def loss_answers(constructor, args, kwargs, point, target):
    """The same questions as `layer_answers`, but for the upstream gradient."""
    loss = find_constructor(constructor)(*args, **kwargs)
    given, aim = point["prediction"].copy(), target.copy()
    returned = []
    forward_calls = count_calls(lambda: loss.forward(given, aim))
    backward_calls = count_calls(lambda: returned.append(loss.backward()))
    alone = {"prediction": tell(returned[0])}
    changed = find_changed({"prediction": given, "target": aim}, {"prediction": point["prediction"], "target": target})
    twice = {"prediction": tell(loss.backward())}
    return tell_answers(alone, twice, {}, changed, forward_calls, backward_calls)


# ---- Training: one step a trip (grader/asserts/training) ----


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


# ---- layers: manners ----
# For layers, activations and losses alike (grader/asserts/manners.py): a loss has several inputs and no grad_output.


def build_object(constructor, args, kwargs, training=None, parameters=None, attributes=None):
    """Build, then assign: mode, parameters (the very arrays, not copies) and attributes."""
    made = find_constructor(constructor)(*args, **kwargs)
    if training is not None:
        made.training = training
    for name, array in (parameters or {}).items():
        made.params[name] = array
    for name, value in (attributes or {}).items():
        setattr(made, name, value)
    return made


def send_back(made, grad_output):
    """A layer's backward takes the upstream gradient, a loss's takes nothing."""
    return made.backward() if grad_output is None else made.backward(grad_output)


def keep_all(values):
    """A dict or list with copies of the arrays in it; anything else as it is."""
    if isinstance(values, dict):
        return {name: keep(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [keep(value) for value in values]
    return values


def read_gradients(made):
    """Copies of the gradients; a layer without parameters may do without the dict."""
    return keep_all(getattr(made, "grads", {}))


def use_object(constructor, args, kwargs, inputs, training=None, parameters=None):
    """Build and call forward: a refusal may wait for the first use."""
    return keep(build_object(constructor, args, kwargs, training, parameters).forward(*inputs))


def call_and_echo(constructor, args, kwargs, inputs, grad_output=None, training=None, parameters=None, attributes=None):
    """Forward and backward: what they return, grads and params, and every array that was given, as it is afterwards."""
    made = build_object(constructor, args, kwargs, training, parameters, attributes)
    output = keep(made.forward(*inputs))
    returned = keep(send_back(made, grad_output))
    answer = {"output": output, "returned": returned, "inputs": keep_all(inputs), "grad_output": keep(grad_output)}
    if hasattr(made, "params"):
        answer |= {"params": keep_all(made.params), "grads": read_gradients(made), "parameters": keep_all(parameters or {})}
    return answer


def call_in_turn(constructor, args, kwargs, turns, training=None, parameters=None):
    """Forward and backward at each of the `turns` (pairs of inputs and grad_output), on one object.

    For each turn the results as they were when they came (`then`) and as they are after the last turn (`now`).
    """
    made = build_object(constructor, args, kwargs, training, parameters)
    results, copies = [], []
    for inputs, grad_output in turns:
        output = made.forward(*inputs)
        kept = keep(output)
        returned = send_back(made, grad_output)
        results.append((output, returned))
        copies.append((kept, keep(returned)))
    return [
        {"then": {"output": kept[0], "returned": kept[1]}, "now": {"output": result[0], "returned": result[1]}}
        for kept, result in zip(copies, results, strict=True)
    ]


def read_global_state():
    """NumPy's global random state, as plain values."""
    _, keys, *others = np.random.get_state()
    return [keys, *others]


def drawn_parameters(constructor, args, kwargs, seeds):
    """For each seed the parameters of a new object, and NumPy's global random state around its construction.

    The global state is another one each time, so that numbers that come from it show.
    """
    answer = []
    for position, seed in enumerate(seeds):
        np.random.seed(1000 + position)
        before = read_global_state()
        made = find_constructor(constructor)(*args, **kwargs, seed=seed)
        answer.append({"params": keep_all(made.params), "before": before, "after": read_global_state()})
    return answer


def dicts_of_two(constructor, args, kwargs, inputs, grad_output, parameters):
    """Two objects, of which one is given parameters and used: the dicts of both, before and after."""
    used, idle = build_object(constructor, args, kwargs), build_object(constructor, args, kwargs)

    def read(made):
        return {"params": keep_all(made.params), "grads": keep_all(made.grads)}

    before = {"used": read(used), "idle": read(idle)}
    for name, array in parameters.items():
        used.params[name] = array
    used.forward(*inputs)
    send_back(used, grad_output)
    return {"before": before, "after": {"used": read(used), "idle": read(idle)}}


def rearrange(array, layout):
    """The same numbers, laid out in memory in another way: "columns first", "every second", "backwards"."""
    if layout == "columns first":
        return np.asfortranarray(array)
    if layout == "every second":
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    return np.ascontiguousarray(array[..., ::-1])[..., ::-1]


def call_in_layouts(constructor, args, kwargs, x, grad_output, layouts, parameters=None):
    """Forward and backward with x and grad_output in each layout of `rearrange`."""
    return [
        call_and_echo(constructor, args, kwargs, [rearrange(x, layout)], rearrange(grad_output, layout), None, keep_all(parameters or {}))
        for layout in layouts
    ]


def forwards_in_modes(constructor, args, kwargs, turns, mode_at_backward=None, parameters=None):
    """Forward and backward on one layer at each turn (x, grad_output, training); the mode may change in between.

    Without a grad_output there is no backward.
    """
    layer = build_object(constructor, args, kwargs, None, keep_all(parameters or {}))
    answer = []
    for x, grad_output, training in turns:
        layer.training = training
        turn = {"output": keep(layer.forward(x.copy()))}
        if mode_at_backward is not None:
            layer.training = mode_at_backward
        if grad_output is not None:
            turn |= {"returned": keep(layer.backward(grad_output.copy())), "grads": read_gradients(layer)}
        answer.append(turn)
    return answer


def running_statistics(constructor, args, kwargs, turns):
    """BatchNorm's parameters and statistics at the start, and the statistics after the forward of each turn (x, training)."""
    layer = build_object(constructor, args, kwargs)

    def read():
        return {"mean": keep(layer.running_mean), "var": keep(layer.running_var)}

    answer = {"params": keep_all(layer.params), "before": read(), "after": []}
    for x, training in turns:
        layer.training = training
        layer.forward(x.copy())
        answer["after"].append(read())
    return answer


def seeded_masks(constructor, kwargs, seeds, x):
    """For each seed what two forwards of a new layer give, and NumPy's global random state before and after."""
    answer = []
    for position, seed in enumerate(seeds):
        np.random.seed(1000 + position)
        before = read_global_state()
        layer = build_object(constructor, [], {**kwargs, "seed": seed}, training=True)
        outputs = [keep(layer.forward(x.copy())) for _ in range(2)]
        answer.append({"outputs": outputs, "before": before, "after": read_global_state()})
    return answer


# ---- activations and losses ----


def forward_twice(constructor, args, kwargs, earlier, inputs, grad_output=None, parameters=None):
    """Forward at the `earlier` inputs, forward at `inputs`, then one backward, which belongs to the second."""
    made = build_object(constructor, args, kwargs, None, parameters)
    made.forward(*earlier)
    output = keep(made.forward(*inputs))
    answer = {"output": output, "returned": keep(send_back(made, grad_output))}
    if hasattr(made, "params"):
        answer["grads"] = keep_all(made.grads)
    return answer


def grads_of_turns(constructor, args, kwargs, turns, parameters):
    """Forward and backward at each of the `turns` on one object: grads as they are after each."""
    made = build_object(constructor, args, kwargs, None, parameters)
    grads = []
    for inputs, grad_output in turns:
        made.forward(*inputs)
        made.backward(grad_output)
        grads.append(keep_all(made.grads))
    return grads


# ---- optimizers, network, data ----
# Stub layers stand in for the submission's own, so that a broken Dense costs nothing here. Each derives from the submission's
# Layer where that can be done, for code that asks `isinstance(layer, Layer)`.


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


def optimizer_steps(name, kwargs, parameters, turns, assigned=None, style="new entries"):
    """Steps of an optimizer on stub layers with `parameters` "0.W", "1.b", ...; after each every parameter and every gradient.

    Each of `turns` holds the gradients of one step, the one at the same place in `assigned` the parameters that are assigned
    before it. `style` says how gradients come: "new entries" of one dict, a "new dict" each time, or the arrays "filled" again.
    """
    places = 1 + max(place for place, _, _ in split_places(parameters))
    layers = [make_stub("plain") for _ in range(places)]
    for place, key, array in split_places(parameters):
        layers[place].params[key] = array.copy()
    optimizer = find_constructor(("optimizers", name))(layers, **kwargs)
    seen = []
    for turn, new in zip(turns, assigned or [{}] * len(turns), strict=True):
        for place, key, array in split_places(new):
            layers[place].params[key] = array.copy()
        set_gradients(layers, turn, style)
        optimizer.step()
        seen.append(
            {
                "params": {name: tell(layers[place].params.get(key)) for name, (place, key, _) in name_places(parameters)},
                "grads": {name: tell(layers[place].grads.get(key)) for name, (place, key, _) in name_places(turn)},
            }
        )
    return seen


def name_places(arrays):
    return zip(arrays, split_places(arrays), strict=True)


def set_gradients(layers, turn, style):
    """Give every layer the gradients of this turn, as its backward would, and no others."""
    given = [{} for _ in layers]
    for place, key, array in split_places(turn):
        given[place][key] = array.copy()
    for layer, new in zip(layers, given, strict=True):
        if style == "new dict":
            layer.grads = new
            continue
        for key in set(layer.grads) - set(new):
            del layer.grads[key]
        for key, array in new.items():
            if style == "filled" and key in layer.grads:
                layer.grads[key][...] = array
            else:
                layer.grads[key] = array


def network_pass(stubs, x, grad=None):
    """Forward, and backward where there is a gradient: what both return, and which layers did what, in order."""
    log = []
    network = build_network(stubs, log)
    answer = {"output": tell(network.forward(x))}
    if grad is not None:
        answer["returned"] = tell(network.backward(grad))
    return answer | {"order": [f"{event['kind']} of layer {event['place']}" for event in log]}


def network_modes(stubs, calls, x, labels):
    """Each layer's `training` before any of the `calls` ("train", "eval", "predict", "accuracy") and after each."""
    network = build_network(stubs)
    arguments = {"train": (), "eval": (), "predict": (x,), "accuracy": (x, labels)}
    modes = [[tell(layer.training) for layer in network.layers]]
    for call in calls:
        getattr(network, call)(*arguments[call])
        modes.append([tell(layer.training) for layer in network.layers])
    return modes


def network_answers(stubs, x, labels=None):
    """predict at x, and with labels the accuracy."""
    network = build_network(stubs)
    return tell(network.predict(x) if labels is None else network.accuracy(x, labels))


def network_limit(counted, activations):
    """A network of so many stubs, every other one without parameters, and of each of the `activations` that can be made one.

    Returns how many layers it has.
    """
    stubs = [{"params": {"W": np.ones((2, 2))}} if place % 2 else {} for place in range(counted)]
    layers = make_stubs(stubs)
    for name, args in activations:
        with contextlib.suppress(Exception, SystemExit):  # what is wrong with one is another item's business
            layers.append(find_constructor(("activations", name))(*args))
    return len(find_constructor(("network", "Network"))(layers).layers)


def add_batch_norm(layers, statistics):
    """Append the submission's BatchNorm with these running statistics, where it has one that takes them; say whether."""
    try:
        layer = find_constructor(("layers", "BatchNorm"))(len(statistics["running_mean"]))
        for name, array in statistics.items():
            if not isinstance(getattr(layer, name), np.ndarray) or getattr(layer, name).shape != array.shape:
                return False
            setattr(layer, name, array.copy())
        layers.append(layer)
        return True
    except (Exception, SystemExit):  # a submission without BatchNorm is complete
        return False


def read_statistics(layer):
    return {name: tell(getattr(layer, name, None)) for name in ("running_mean", "running_var")}


def network_save(stubs, path, statistics=None):
    """Save a network of stubs, and of the submission's BatchNorm where statistics are given and it has one."""
    layers = make_stubs(stubs)
    added = statistics is not None and add_batch_norm(layers, statistics)
    find_constructor(("network", "Network"))(layers).save(path)
    return added


def network_load(stubs, path, statistics=None, refused=False):
    """Load into a network of stubs; its parameters afterwards, and what became of BatchNorm's statistics.

    Where a refusal is expected the exception's classes and text are in the answer, `raised` and `text`.
    """
    layers = make_stubs(stubs)
    added = statistics is not None and add_batch_norm(layers, statistics)
    network = find_constructor(("network", "Network"))(layers)
    error = None
    try:
        network.load(path)
    except Exception as raised:
        if not refused or isinstance(raised, NotImplementedError):
            raise
        error = raised
    params = {f"{place}.{name}": tell(layers[place].params.get(name)) for place, stub in enumerate(stubs) for name in stub["params"]}
    bases = [] if error is None else [cls.__name__ for cls in type(error).__mro__]
    return {
        "params": params,
        "statistics": read_statistics(layers[-1]) if added else None,
        "raised": bases,
        "text": "" if error is None else str(error)[:500],
    }


def read_saved(path):
    """The arrays of a .npz file, read without pickle and without the submission, or why that can't be done."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {"arrays": {name: tell(file[name]) for name in file.files}, "error": ""}
    except Exception as error:
        return {"arrays": {}, "error": f"{type(error).__name__}: {error}"[:300]}


class LossStub:
    """The mean over the batch of the prediction's first entry, plus a quarter for every earlier call: no two are equal."""

    def __init__(self, log):
        self.log = log
        self.calls = 0

    def forward(self, prediction, target):
        value = float(np.mean(prediction.reshape(len(prediction), -1)[:, 0])) + 0.25 * self.calls
        self.calls += 1
        self.gradient = np.full_like(prediction, 1.0 + self.calls)
        self.log.append({"kind": "loss", "prediction": tell(prediction), "target": tell(target), "value": value})
        return value

    def backward(self):
        self.log.append({"kind": "loss backward", "gradient": self.gradient.copy()})
        return self.gradient


class OptimizerStub:
    def __init__(self, log):
        self.log = log

    def step(self):
        self.log.append({"kind": "step"})


def network_fit(stubs, x, y, epochs, batch_size, seed=None, watched=True, before=None, global_seed=0):
    """fit with a stub loss and a stub optimizer: what it returned, its turns (one a step), and the calls of on_epoch.

    `before` is called on the network first, "eval". NumPy's global random state is set to `global_seed` and read around fit.
    """
    log = []
    network = build_network(stubs, log)
    if before is not None:
        getattr(network, before)()
    np.random.seed(global_seed)
    state = read_global_state()

    def on_epoch(epoch, mean_loss):
        log.append({"kind": "epoch", "epoch": tell(epoch), "mean_loss": tell(mean_loss)})

    told = {"on_epoch": on_epoch} if watched else {}
    chosen = {} if seed is None else {"seed": seed}
    losses = network.fit(
        x, y, loss=LossStub(log), optimizer=OptimizerStub(log), epochs=epochs, batch_size=batch_size, **chosen, **told
    )
    return read_log(log) | {
        "losses": None if losses is None else [tell(loss) for loss in losses],
        "before": state,
        "after": read_global_state(),
    }


def read_log(log):
    """The turns of a training, each ending with a step, and the calls of on_epoch, each with the number of steps before it."""
    turns, calls, events = [], [], []
    for event in log:
        if event["kind"] == "epoch":
            calls.append([len(turns), event["epoch"], event["mean_loss"]])
        elif event["kind"] != "step":
            events.append(event)
        else:
            turns.append(read_turn(events))
            events = []
    return {"turns": turns, "calls": calls}


def read_turn(events):
    """What led to a step: the last loss of the turn, the forwards right before it and everything after it."""
    losses = [place for place, event in enumerate(events) if event["kind"] == "loss"]
    if not losses:
        return {"order": [event["kind"] for event in events]}
    last = losses[-1]
    forwards = []
    for event in reversed(events[:last]):
        if event["kind"] != "forward":
            break
        forwards.insert(0, event)
        if event["place"] == 0:
            break
    after = events[last + 1 :]
    names = [f"{event['kind']} {event['place']}" if "place" in event else event["kind"] for event in [*forwards, events[last], *after]]
    turn = {"order": names, "modes": [tell(event["training"]) for event in forwards]}
    turn |= {key: keep(events[last][key]) for key in ("prediction", "target", "value")}
    if forwards:
        turn["x"] = forwards[0]["x"]
    for event in after:
        if event["kind"] == "loss backward":
            turn["gradient"] = event["gradient"]
        elif event["kind"] == "backward":
            turn.setdefault("grad_output", event["grad_output"])
    return turn


def drawn_batches(x, y, batch_size, seeds):
    """The batches of `minibatches` for each seed (None: without one), cut after as many as there are samples, and two more.

    NumPy's global random state is another one each time; it is read before and after.
    """
    answer = []
    for position, seed in enumerate(seeds):
        np.random.seed(2000 + position)
        before = read_global_state()
        batches = []
        for batch in find_constructor(("data", "minibatches"))(x, y, batch_size, **({} if seed is None else {"seed": seed})):
            x_batch, y_batch = batch
            batches.append([tell(x_batch), tell(y_batch)])
            if len(batches) == len(x) + 2:
                break
        answer.append({"batches": batches, "before": before, "after": read_global_state()})
    return answer


# ---- Pictures (grader/asserts/picture.py) ----


def decode_picture(package, data, max_pixels):
    """Unpack a PNG in this worker, for a picture can attack its reader: `{"pixels": uint8 (H, W, 3)}` or `{"error": sentence}`.

    Transparency is laid on white; of an animation the first picture counts.
    """
    from PIL import Image

    if not isinstance(data, bytes) or data[:8] != b"\x89PNG\r\n\x1a\n":
        return {"error": "the file is not a PNG: it does not begin with a PNG's eight bytes"}
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            width, height = picture.size
            if width * height > max_pixels:
                return {"error": f"the picture has {width} x {height} pixels; at most {max_pixels} are looked at"}
            picture.load()
            return {"pixels": flatten_picture(picture)}
    except Exception as error:  # a broken PNG raises many types
        return {"error": f"the PNG can't be read: {type(error).__name__}: {error}"[:300]}


def flatten_picture(picture):
    """Any mode as uint8 `(H, W, 3)` on white."""
    from PIL import Image

    if picture.mode.startswith(("I", "F")):
        gray = np.asarray(picture).astype(np.int64) >> 8
        return np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    painted = picture.convert("RGBA")
    return np.array(Image.alpha_composite(Image.new("RGBA", painted.size, "white"), painted).convert("RGB"))
