"""A network's `fit` with a stub loss and a stub optimizer, which note their turns."""

import numpy as np

from .building import keep, read_global_state, tell
from .stubs import build_network


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
    losses = network.fit(x, y, loss=LossStub(log), optimizer=OptimizerStub(log), epochs=epochs, batch_size=batch_size, **chosen, **told)
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
