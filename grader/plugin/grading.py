"""The state of one session: what is graded, behind which wall, and what came of it so far."""

from __future__ import annotations

import importlib
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from grader.asserts.source import PROBES, Scan, scan
from grader.faults import EnvironmentFault, GraderFault
from grader.model.assignment import Assignment, shared_folder
from grader.model.ending import Ending
from grader.model.job import Session
from grader.model.limits import Limits
from grader.model.outcome import Outcome, Status
from grader.plugin import verdicts
from grader.plugin.bytecode import precompile
from grader.plugin.definition import CheckDefinition
from grader.plugin.journal import Journal
from grader.plugin.seeds import check_seed
from grader.remote.wall import Wall

TIMEOUTS_BEFORE_THE_REST_FAILS = 2
_SCAN_S = 30.0


class Grading:
    """One assignment's checks on one submission."""

    def __init__(self, session: Session, assignment: Assignment) -> None:
        self.session = session
        self.assignment = assignment
        self.journal = Journal(Path(session.journal))
        self.definitions: dict[str, CheckDefinition] = {}
        self.scored: set[str] = set()
        self.outcomes: dict[str, Outcome] = {}
        self.timeouts: Counter[str] = Counter()
        self.heard_bytes = 0
        """Held by the transcripts of failed checks."""
        self.oracle = Oracle(assignment.package)
        """The reference, for hidden checks."""
        self._scan: Scan | None = None
        self._started = time.monotonic()
        self._worker_cpu_s = 0.0
        self._worker_wall_s = 0.0
        self._wall: Wall | None = None
        self._staff_wall: Wall | None = None

    @property
    def wall(self) -> Wall:
        """The wall with the submission behind it."""
        if self._wall is None:
            assignment, session = self.assignment, self.session
            self._wall = Wall(
                Path(session.workspace),
                package=assignment.package,
                limits=assignment.limits,
                probes=assignment.probes,
                level=session.isolation,
            )
        return self._wall

    @property
    def staff_wall(self) -> Wall:
        """A wall with no submission behind it, for reading hostile bytes: pictures and source."""
        if self._staff_wall is None:
            self._staff_wall = self.wall.beside(None)
        return self._staff_wall

    @property
    def scan(self) -> Scan:
        """What the submission's source imports, read once, in a confined worker."""
        if self._scan is None:
            root = Path(self.session.workspace)
            files = {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.py"))}
            with (
                self.wall.beside(None, probes=PROBES) as wall,
                wall.worker(limits=replace(self.assignment.limits, call_cpu_s=_SCAN_S, check_cpu_s=_SCAN_S)) as worker,
            ):
                self._scan = scan(worker, files)
                precompile(worker, files, root)
        return self._scan

    def frameworks_behind(self, group: str) -> list[str]:
        """Return the forbidden frameworks that the group's module loads (a training needs every module)."""
        if group.startswith("source."):
            return []
        return sorted({finding.name for finding in self.scan.frameworks_loaded_by(self._modules_behind(group))})

    def preload_of(self, definition: CheckDefinition) -> tuple[str, ...]:
        """Return the modules that the check's worker is to have from the start: those that any check's mark names and whose package
        this check's modules import. A fork of a process that holds them costs more, an import of them in every worker far more.
        """
        named = sorted({name for one in self.definitions.values() for name in one.preload})
        imported = self.scan.packages_loaded_by(self._modules_behind(definition.group)) if named else frozenset[str]()
        return tuple(name for name in named if name.split(".")[0] in imported)

    def _modules_behind(self, group: str) -> list[str]:
        module = group.split(".")[0]
        modules = (module,) if module in self.assignment.modules else self.assignment.modules
        return [f"{self.assignment.package}.{name}" for name in modules]

    def limits_of(self, definition: CheckDefinition) -> Limits:
        """Return the assignment's limits with the check's own changes."""
        return replace(self.assignment.limits, **definition.limits) if definition.limits else self.assignment.limits

    def seed_of(self, definition: CheckDefinition) -> int:
        """Return the seed that all of the check's draws come from."""
        session = self.session
        return check_seed(
            definition.id,
            definition.visibility,
            public_seed=session.public_seed,
            secret=session.seed,
            digest=session.digest,
        )

    def obstacle(self, definition: CheckDefinition) -> tuple[str, Outcome] | None:
        """Return the first prerequisite that did not pass, with its outcome."""
        for name in definition.after:
            outcome = self.outcomes.get(name)
            if outcome is not None and outcome.status is not Status.PASSED:
                return name, outcome
        return None

    def count(self, ending: Ending) -> None:
        """Add what a worker used to the run's account."""
        self._worker_cpu_s += ending.cpu_s
        self._worker_wall_s += ending.wall_s

    def used_up(self) -> Outcome | None:
        """Return the outcome of every further check once the run's time is spent, and None before.

        It is the student's when the submission spent it; a machine that was too slow withholds the points.
        """
        limits = self.assignment.limits
        if self._worker_cpu_s > limits.run_cpu_s:
            return verdicts.failed_for_budget(f"{limits.run_cpu_s:g} s of CPU (run_cpu_s)")
        if time.monotonic() - self._started > limits.run_wall_s:
            if self._worker_wall_s > limits.run_wall_s / 2:
                return verdicts.failed_for_budget(f"{limits.run_wall_s:g} s (run_wall_s)")
            return verdicts.judge(EnvironmentFault(f"The run took more than {limits.run_wall_s:g} s (run_wall_s) on this machine."))
        return None

    def record(self, check_id: str, outcome: Outcome) -> Outcome:
        """Remember an outcome; of parametrised cases the first that is not passed stands for the check."""
        known = self.outcomes.get(check_id)
        if known is not None:
            worse = outcome if known.status is Status.PASSED else known
            outcome = replace(worse, seconds=known.seconds + outcome.seconds)
        self.outcomes[check_id] = outcome
        return outcome

    def close(self) -> None:
        """End the walls and say which isolation was in force."""
        level, layers = ("none", ())
        if self._wall is not None:
            level, layers = self._wall.isolation
        self.journal.write("isolation", level=level, layers=list(layers))
        if self._wall is not None:
            self._wall.close()


class Oracle:
    """The reference, for hidden checks: `oracle.layers.Dense(3, 5)`."""

    def __init__(self, package: str) -> None:
        self._package = package
        folder = str(shared_folder("reference"))
        if folder not in sys.path:
            sys.path.insert(0, folder)

    def __getattr__(self, module: str) -> ModuleType:
        loaded = importlib.import_module(f"{self._package}.{module}")
        origin = Path(str(loaded.__file__)).resolve()
        if not origin.is_relative_to(shared_folder("reference").resolve()):
            raise GraderFault(f"the oracle's {module} was loaded from {origin}")
        setattr(self, module, loaded)
        return loaded
