"""The wall between the trusted process and one submission: starts its workers, remembers its imports that fail."""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from grader.faults import EnvironmentFault, GraderFault, IsolationMissing, ModuleUnavailable, WireViolation
from grader.isolation.fonts import copy_fonts
from grader.isolation.launch import Launch
from grader.isolation.levels import select
from grader.isolation.zygote import Zygote, ZygoteLost
from grader.model.limits import Limits
from grader.remote.channel import Channel, ChannelClosed, Overran
from grader.remote.worker import Hold, Worker
from grader.worker.sweep import remove_folder

_ZYGOTE_ENVIRONMENT = {
    # One thread: a lock held by another one at the fork would hang every worker.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_WORKER_ENVIRONMENT = {"LANG": "C.UTF-8", "MPLBACKEND": "Agg"}
_WITHOUT_NAME = "-"


@dataclass
class _Resources:
    """What must not outlive the wall."""

    temp: Path
    pid: int = field(default_factory=os.getpid)
    zygote: Zygote | None = None


class Wall:
    """Behind it, one submission; or none at all (`root` None), for probes alone. A context manager."""

    def __init__(
        self,
        root: Path | None,
        *,
        package: str = "pytorchnano",
        limits: Limits,
        probes: Path | None = None,
        preload: Sequence[str] = (),
        level: str | None = None,
    ) -> None:
        """Start nothing yet.

        `root` is the workspace that holds `package`; `probes` the file of staff code that every worker gets; `preload` names modules
        to import once for all workers; `level` the isolation asked for, the best there is by default. Raises IsolationMissing.
        """
        self._root = root
        self._package = package
        self._limits = limits
        self._probes = probes
        self._preload = tuple(preload)
        self._level, self._layers = select(level)
        self._resources: _Resources | None = None
        self._finalizer: weakref.finalize[[_Resources], Wall] | None = None
        self._closed = False
        self.import_failures: dict[str, ModuleUnavailable] = {}
        """Modules whose import failed in any worker, by short name ("" is the package): not tried again."""

    @property
    def isolation(self) -> tuple[str, tuple[str, ...]]:
        """The level, and the layers that every worker has in force."""
        return self._level, tuple(layer.NAME for layer in self._layers)

    def worker(
        self,
        *,
        seed: int = 0,
        limits: Limits | None = None,
        environment: Mapping[str, str] | None = None,
        scratch: str | bool = "",
    ) -> Worker:
        """Start a fresh worker, in a few milliseconds.

        `seed` is for the global random states; `environment` is added to the worker's; `scratch` asks for a writable folder and
        names the environment variable that holds its path ("-" or True: none). Raises EnvironmentFault when it can't be started.
        """
        limits = limits or self._limits
        temp = self._start().temp
        folder = Path(tempfile.mkdtemp(prefix="worker-", dir=temp))
        scratch_folder = folder / "scratch" if scratch else None
        own = folder / "scratch" if scratch else folder / "empty"
        own.mkdir(mode=0o700 if scratch else 0o500)
        named = {scratch: str(own)} if isinstance(scratch, str) and scratch not in ("", _WITHOUT_NAME) else {}
        fixed = {**_WORKER_ENVIRONMENT, "HOME": str(folder / "home"), "TMPDIR": str(own), "MPLCONFIGDIR": str(temp / "matplotlib")}
        launch = Launch(limits, str(own), {**fixed, **named, **(environment or {})}, seed, self._broken_imports())
        for layer in self._layers:
            launch = layer.wrap(launch)
        return self._launch(launch, folder, scratch_folder)

    def close(self) -> None:
        """End everything behind the wall and remove its files; may be called again."""
        self._closed = True
        if self._finalizer is not None:
            self._finalizer()

    def __enter__(self) -> Wall:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _start(self) -> _Resources:
        """Make the wall's folder and its zygote, where they are missing."""
        if self._closed:
            raise GraderFault("a wall was used after it was closed")
        if self._resources is None:
            self._resources = _Resources(Path(tempfile.mkdtemp(prefix="grader-wall-")))
            # Runs at exit too, should nobody close the wall.
            self._finalizer = weakref.finalize(self, _release, self._resources)
            copy_fonts(self._resources.temp / "matplotlib")
        if self._resources.zygote is not None and not self._resources.zygote.alive:
            self._resources.zygote.close()
            self._resources.zygote = None
        if self._resources.zygote is None:
            self._resources.zygote = self._start_zygote(self._resources.temp)
        return self._resources

    def _start_zygote(self, temp: Path) -> Zygote:
        environment = {
            **_ZYGOTE_ENVIRONMENT,
            **_WORKER_ENVIRONMENT,
            "HOME": str(temp / "home"),
            "TMPDIR": str(temp),
            "MPLCONFIGDIR": str(temp / "matplotlib"),
        }
        return Zygote(
            temp=temp,
            package=self._package,
            root=self._root,
            probes=self._probes,
            preload=self._preload,
            layers=[layer.NAME for layer in self._layers],
            environment=environment,
        )

    def _launch(self, launch: Launch, folder: Path, scratch: Path | None) -> Worker:
        ours, theirs = socket.socketpair()
        output_fd, their_output_fd = os.pipe()
        hello = secrets.randbits(64)
        try:
            zygote, pid = self._fork(launch, hello, theirs, their_output_fd)
        except BaseException:
            ours.close()
            os.close(output_fd)
            raise
        finally:
            theirs.close()
            os.close(their_output_fd)
        channel = Channel(ours, output_fd, os.pidfd_open(pid), launch.limits.output_kb)
        worker = Worker(
            Hold(zygote, pid, channel, folder, scratch, self),
            launch.limits,
            package=self._package,
            has_submission=self._root is not None,
            import_failures=self.import_failures,
        )
        self._check_hello(worker, hello)
        return worker

    def _fork(self, launch: Launch, hello: int, theirs: socket.socket, output_fd: int) -> tuple[Zygote, int]:
        zygote = self._start().zygote
        assert zygote is not None
        try:
            return zygote, zygote.fork(launch, hello, theirs, output_fd)
        except ZygoteLost:
            # An earlier worker may have killed it; a second loss is the machine's.
            zygote.close()
            zygote = self._start().zygote
            assert zygote is not None
            return zygote, zygote.fork(launch, hello, theirs, output_fd)

    def _check_hello(self, worker: Worker, hello: int) -> None:
        """Fail closed: no student code runs before every layer that was asked for is in force."""
        wanted = tuple(layer.NAME for layer in self._layers)
        try:
            said = worker.greet(hello)
        except (Overran, ChannelClosed, WireViolation) as error:
            output = worker.output()
            worker.close()
            raise EnvironmentFault(f"a worker did not start ({type(error).__name__} {error}) {output}".strip()) from error
        except BaseException:
            worker.close()
            raise
        if said.layers == wanted and not said.trouble:
            return
        worker.close()
        if said.layers == wanted:
            raise GraderFault(f"the assignment's probes can't be loaded: {said.trouble}")
        missing = [name for name in wanted if name not in said.layers]
        raise IsolationMissing(f"the isolation layer {', '.join(missing)} is not in force: {said.trouble}; `grader doctor` says more")

    def _broken_imports(self) -> dict[str, str]:
        """Return the modules that a probe must not import again: those whose import cost a worker its life."""
        fatal = {name: failure for name, failure in self.import_failures.items() if not _was_raised(failure)}
        return {f"{self._package}.{name}" if name else self._package: str(failure)[:500] for name, failure in fatal.items()}


def _was_raised(failure: ModuleUnavailable) -> bool:
    return hasattr(failure.cause, "type_name")


def _release(resources: _Resources) -> None:
    # A fork of the trusted process must not end what belongs to its parent.
    if resources.pid != os.getpid():
        return
    if resources.zygote is not None:
        resources.zygote.close()
    remove_folder(str(resources.temp))
