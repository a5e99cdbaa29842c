import pytest

from grader.faults import IsolationMissing, RequestFault
from grader.isolation import levels, process, rlimits
from grader.isolation.launch import Availability, Launch, Tenant
from grader.model.limits import Limits


@pytest.mark.parametrize(
    ("layers", "level"),
    [
        ((), "none"),
        (("rlimits",), "none"),
        (("process",), "L0"),
        (("process", "seccomp"), "L0"),
        (("process", "rlimits"), "L1"),
        (("process", "rlimits", "seccomp", "landlock"), "L3"),
        (("process", "rlimits", "seccomp", "jail", "uid", "namespaces", "cgroup"), "L5c"),
    ],
)
def test_level_is_the_highest_without_a_gap(layers, level):
    assert levels.reached(layers) == level


def test_every_layer_has_a_level_and_steps_keep_their_order():
    named = frozenset().union(*(level.adds for level in levels.LEVELS))
    launch = Launch(Tenant("p", None, None), Limits(), "/", {}, 0, {})
    for layer in levels.LAYERS:
        assert layer.NAME in named
        launch = layer.wrap(launch)
    assert [step.layer for step in launch.steps] == [layer.NAME for layer in levels.LAYERS]


def test_selection_by_name_takes_no_more_layers():
    assert [layer.NAME for layer in levels.select("L0")[1]] == ["process"]
    assert [layer.NAME for layer in levels.select("L1")[1]] == ["process", "rlimits"]
    assert levels.select(None) == levels.best()


def test_level_beyond_the_machine_is_missing_and_unknown_one_a_request_fault(monkeypatch):
    monkeypatch.setattr(rlimits, "available", lambda: Availability(False, "no", "none"))
    assert levels.best()[0] == "L0"
    with pytest.raises(IsolationMissing, match="reaches L0"):
        levels.select("L1")
    with pytest.raises(RequestFault):
        levels.select("L7")


def test_machine_without_processes_says_why_and_what_to_do(monkeypatch):
    monkeypatch.setattr(process, "available", lambda: Availability(False, "no fork", "use Linux"))
    for level in (None, "L0"):
        with pytest.raises(IsolationMissing, match=r"no fork.*use Linux"):
            levels.select(level)


def test_other_systems_are_told_what_to_use(monkeypatch):
    monkeypatch.setattr(process.sys, "platform", "darwin")
    answer = process.available()
    assert not answer.ok
    assert "Linux" in answer.remedy
