"""Watched training: the trusted side drives, reads every step, and replays some of them in the oracle."""

from grader.asserts.training.judge import TrainingResult, assert_trains, try_once, watch_training
from grader.asserts.training.plan import TrainingPlan, read_plan

__all__ = ["TrainingPlan", "TrainingResult", "assert_trains", "read_plan", "try_once", "watch_training"]
