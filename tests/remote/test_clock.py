import os
import signal
import time

from grader.model.limits import Limits
from grader.remote.clock import CpuClock, Deadlines


class FakeClock:
    def __init__(self, cpu_s=0.0):
        self.cpu_s = cpu_s

    def read_s(self):
        return self.cpu_s


def test_clock_counts_this_process_and_children_it_waited_for():
    clock = CpuClock(os.getpid())
    before = clock.read_s()
    child = os.fork()
    if child == 0:
        while time.process_time() < 0.1:
            pass
        os._exit(0)
    own = time.process_time()
    os.waitpid(child, 0)
    assert clock.read_s() - before >= 0.09
    assert time.process_time() - own < 0.09


def test_clock_of_an_ended_process_keeps_its_last_value():
    child = os.fork()
    if child == 0:
        signal.pause()
    clock = CpuClock(child)
    seen = clock.read_s()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert clock.read_s() == seen


def overrun(cpu_s, limits, *, importing=False, waited_s=0.0, started_at=0.0):
    clock = FakeClock(started_at)
    deadlines = Deadlines(clock, limits, importing=importing, waited_s=waited_s)
    clock.cpu_s = started_at + cpu_s
    found = deadlines.find_overrun()
    return found and found.resource


def test_each_limit_is_named():
    limits = Limits(import_cpu_s=1, call_cpu_s=2, check_cpu_s=10, call_wall_s=100, check_wall_s=100)
    assert overrun(1.5, limits) is None
    assert overrun(2, limits) == "call_cpu_s"
    assert overrun(1, limits, importing=True) == "import_cpu_s"
    assert overrun(1.5, limits, started_at=9) == "check_cpu_s"
    assert overrun(0, limits, waited_s=100) == "check_wall_s"
    assert overrun(0, Limits(call_wall_s=0)) == "call_wall_s"


def test_wait_is_short_and_never_zero():
    clock = FakeClock()
    deadlines = Deadlines(clock, Limits(), importing=False, waited_s=0.0)
    assert 0 < deadlines.wait_s() <= 0.5
    clock.cpu_s = 1e6
    assert 0 < deadlines.wait_s() <= 0.5
