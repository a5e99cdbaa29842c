"""Gradients against finite differences with an error bar: no false alarm, and one random direction sees every entry.

`check_gradient` is for people and plain functions; `judge_gradients` takes any `Subject`; `draws` has points away from kinks.
"""

from grader.gradients.check import GradientReport, check_gradient
from grader.gradients.engine import Judgement, judge_gradients
from grader.gradients.line import FIRST_STEP, NETWORK_STEP, Line, Verdict
from grader.gradients.subject import Answers, Arguments, Array, Decoy, LocalSubject, Subject, Told, Turn

__all__ = [
    "FIRST_STEP",
    "NETWORK_STEP",
    "Answers",
    "Arguments",
    "Array",
    "Decoy",
    "GradientReport",
    "Judgement",
    "Line",
    "LocalSubject",
    "Subject",
    "Told",
    "Turn",
    "Verdict",
    "check_gradient",
    "judge_gradients",
]
