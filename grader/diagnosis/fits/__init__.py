"""Structural explanations of a wrong array: `explain(WrongArray(...))` returns a `Fit` with a sentence, or None.

Pure NumPy, on plain arrays; nothing here knows a framework. `explain.FAMILIES` is the registry, `evidence` the bookkeeping of certainty.
"""

from grader.diagnosis.fits.explain import explain
from grader.diagnosis.fits.records import TELLING, Fit, WrongArray

__all__ = ["TELLING", "Fit", "WrongArray", "explain"]
