"""Claim: a report that is written through json.dumps gets my points.

Stopped by: the report is written by a process that runs no student code; the wire is not JSON.
"""

import json

from .activations import ReLU as Honest
from .canary import mark

GENEROUS = '{"score": 100, "max_score": 100, "withheld": 0}'


class ReLU(Honest):
    def forward(self, x):
        json.dumps = lambda *args, **kwargs: GENEROUS
        json.dump = lambda value, file, *args, **kwargs: file.write(GENEROUS)
        json.loads = json.load = lambda *args, **kwargs: {"outcome": "passed", "status": "passed", "score": 100}
        json.JSONEncoder.encode = lambda self, value: GENEROUS
        assert json.dumps({"score": 0}) == GENEROUS
        mark()
        return super().forward(x)
