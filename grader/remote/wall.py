"""The wall between the trusted process and one submission: starts its workers, remembers its imports that fail."""

from __future__ import annotations

import os
import secrets
import socket
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from grader.faults import EnvironmentFault, GraderFault, IsolationMissing, ModuleUnavailable, WireViolation
from grader.isolation.launch import Launch, Tenant
from grader.isolation.levels import select
from grader.isolation.zygote import Zygote, ZygoteLost
from grader.model.limits import Limits
from grader.remote.channel import Channel, ChannelClosed, Overran
from grader.remote.worker import Hold, Worker
from grader.remote.zygotes import Zygotes

_WORKER_ENVIRONMENT = {"LANG": "C.UTF-8", "MPLBACKEND": "Agg"}
_WITHOUT_NAME = "-"


class Wall:
    """Behind it, one submission; or none at all (`root` None), for probes alone. A context manager."""

    def __init__(
        self,
        root: Path | None,
        *,
        package: str = "pytorchnano",
        limits: Limits,
        probes: Path | None = None,
        level: str | None = None,
        _first: Wall | None = None,
    ) -> None:
        """Start nothing yet.

        `root` is the workspace that holds `package`; `probes` the folder of staff code that every worker gets; `level` the isolation
        asked for, the best there is by default. Raises IsolationMissing.
        """
        self._limits = limits
        self._first = _first
        if _first is None:
            self._level, self._layers = select(level)
            self._zygotes = Zygotes(self._layers, _WORKER_ENVIRONMENT)
            self._tenant = Tenant(package, _resolve(root), _resolve(probes))
        else:
            self._level, self._layers, self._zygotes = _first._level, _first._layers, _first._zygotes
            self._tenant = Tenant(package, _resolve(root), _first._tenant.probes if probes is None else _resolve(probes))
        self._closed = False
        self._workers: weakref.WeakSet[Worker] = weakref.WeakSet()
        self.import_failures: dict[str, ModuleUnavailable] = {}
        """Modules whose import failed in any worker, by short name ("" is the package): not tried again."""

    def beside(self, root: Path | None, *, probes: Path | None = None) -> Wall:
        """Return a wall with another submission behind it, or none, and with this one's probes unless others are named.

        It shares limits, isolation, zygotes and the temporary folder with this one, and so costs no process of its own. Closing it
        ends its own workers; closing the wall that it was made from ends both.
        """
        return Wall(root, package=self._tenant.package, limits=self._limits, probes=probes, _first=self)

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
        preload: Sequence[str] = (),
    ) -> Worker:
        """Start a fresh worker, in a few milliseconds.

        `seed` is for the global random states; `environment` is added to the worker's; `scratch` asks for a writable folder and
        names the environment variable that holds its path ("-" or True: none); `preload` names modules that take long to import and
        are to be there from the start: the first worker with them waits for a zygote of its own. Raises EnvironmentFault when it
        can't be started.
        """
        if self._closed or self._zygotes.closed:
            raise GraderFault("a wall was used after it was closed")
        folder = self._zygotes.folder(tuple(preload)) / f"worker-{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700 if scratch else 0o500)
        own = folder / "scratch" if scratch else folder
        if scratch:
            own.mkdir(mode=0o700)
        named = {scratch: str(own)} if isinstance(scratch, str) and scratch not in ("", _WITHOUT_NAME) else {}
        fixed = {**_WORKER_ENVIRONMENT, "HOME": str(folder / "home"), "TMPDIR": str(own)}
        fixed["MPLCONFIGDIR"] = str(self._zygotes.temp / "matplotlib")
        variables = {**fixed, **named, **(environment or {})}
        launch = Launch(self._tenant, limits or self._limits, str(own), variables, seed, self._broken_imports())
        for layer in self._layers:
            launch = layer.wrap(launch)
        worker = self._launch(launch, tuple(preload), folder, own if scratch else None)
        self._workers.add(worker)
        return worker

    def close(self) -> None:
        """End everything behind the wall and remove its files; may be called again."""
        self._closed = True
        if self._first is None:
            self._zygotes.close()
        else:
            for worker in list(self._workers):
                worker.close()

    def __enter__(self) -> Wall:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _launch(self, launch: Launch, preload: tuple[str, ...], folder: Path, scratch: Path | None) -> Worker:
        ours, theirs = socket.socketpair()
        output_fd, their_output_fd = os.pipe()
        hello = secrets.randbits(64)
        try:
            zygote, pid = self._fork(launch, preload, hello, theirs, their_output_fd)
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
            package=self._tenant.package,
            has_submission=self._tenant.root is not None,
            import_failures=self.import_failures,
        )
        self._check_hello(worker, hello)
        return worker

    def _fork(self, launch: Launch, preload: tuple[str, ...], hello: int, theirs: socket.socket, output_fd: int) -> tuple[Zygote, int]:
        zygote = self._zygotes.find(preload)
        try:
            return zygote, zygote.fork(launch, hello, theirs, output_fd)
        except ZygoteLost:
            # An earlier worker may have killed it; a second loss is the machine's.
            zygote.close()
            zygote = self._zygotes.find(preload)
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
        package = self._tenant.package
        fatal = {name: failure for name, failure in self.import_failures.items() if not _was_raised(failure)}
        return {f"{package}.{name}" if name else package: str(failure)[:500] for name, failure in fatal.items()}


def _was_raised(failure: ModuleUnavailable) -> bool:
    return hasattr(failure.cause, "type_name")


def _resolve(path: Path | None) -> str | None:
    return None if path is None else os.path.realpath(path)
