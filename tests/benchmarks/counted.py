"""The CPU seconds of a session's processes apart: its own, its zygotes', its workers'. For the benchmark alone.

`python -m tests.benchmarks.counted SESSION.json` runs a session in this process, as a run does, and writes `counted.json` beside it.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

import pytest

from grader.isolation.zygote import Ended, Zygote
from grader.model.assignment import load_assignment
from grader.model.job import Session
from grader.run.session import pytest_arguments


def main(path: str) -> int:
    """Run the session that `path` describes and count."""
    workers: list[Ended] = []
    end = Zygote.end

    def count(zygote: Zygote, pid: int) -> Ended:
        workers.append(end(zygote, pid))
        return workers[-1]

    Zygote.end = count  # type: ignore[method-assign]
    told = Session(**json.loads(Path(path).read_text()))
    os.environ["GRADER_SESSION"] = path
    status = pytest.main(pytest_arguments(told, load_assignment(Path(told.assignment)), Path(path).with_name("pytest.json")))
    workers_s = sum(ended.cpu_s for ended in workers)
    counted = {"session": used_s(resource.RUSAGE_SELF), "zygotes": used_s(resource.RUSAGE_CHILDREN) - workers_s, "workers": workers_s}
    Path(path).with_name("counted.json").write_text(json.dumps(counted | {"started": len(workers)}))
    return int(status)


def used_s(who: int) -> float:
    """Return the CPU seconds of this process, or of its ended children."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
