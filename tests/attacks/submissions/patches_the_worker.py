"""Claim: the worker's own code, found through frames, converts and records as I like.

Stopped by: nothing that a worker says is believed: the trusted side looks at values, whoever put them there.
"""

import sys

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def backward(self, grad_output):
        frame = sys._getframe()
        while frame is not None:
            scope = frame.f_globals
            for name in ("record_error", "write_reply", "read_text", "name_type", "pack_frame"):
                if name in scope and "grader" in frame.f_code.co_filename:
                    true = scope[name]
                    scope[name] = lambda *args, true=true, name=name, **kwargs: (mark(name), true(*args, **kwargs))[1]
            if type(frame.f_locals.get("self")).__name__ == "Session":
                session = frame.f_locals["self"]
                session._reply = lambda answer, kind, seen: "passed"
                mark("session")
            frame = frame.f_back
        return super().backward(grad_output)
