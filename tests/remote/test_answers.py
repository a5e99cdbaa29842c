import pytest

from grader.faults import LimitExceeded, SubmissionDied
from grader.isolation.zygote import Ended
from grader.model.limits import Limits
from grader.remote.answers import make_death
from grader.remote.words import clean, name_signal

LIMITS = Limits(check_cpu_s=5)


@pytest.mark.parametrize(
    ("status", "cpu_s", "kind", "said"),
    [
        (3, 0.1, SubmissionDied, "ended the process with status 3"),
        (-24, 0.1, LimitExceeded, "5 s of CPU"),
        (-9, 8.0, LimitExceeded, "5 s of CPU"),
        (-9, 0.1, SubmissionDied, "SIGKILL; it was killed from outside"),
        (-11, 0.1, SubmissionDied, "SIGSEGV; it crashed"),
        (-10, 0.1, SubmissionDied, "SIGUSR1"),
        (-63, 0.1, SubmissionDied, "signal 63"),
    ],
)
def test_death_is_told_by_its_cause(status, cpu_s, kind, said):
    fault = make_death(Ended(status, cpu_s, 0), "Dense.forward", LIMITS)
    assert isinstance(fault, kind)
    assert said in str(fault)
    assert str(fault).startswith("Dense.forward")


def test_hostile_text_is_made_printable_and_cut():
    assert clean("a\x1b[2J\r\u202eb\n\tc") == "a\ufffd[2J\ufffd\ufffdb\n\tc"
    assert clean("x" * 30, 10) == "x" * 10 + "…"


def test_signals_have_names():
    assert (name_signal(9), name_signal(200)) == ("SIGKILL", "signal 200")
