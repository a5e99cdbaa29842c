"""A worker as a check sees it: its modules, its probes, its files, its end."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, cast

from grader.faults import Fault, GraderFault, LimitExceeded, ModuleUnavailable, StudentFault, SubmissionDied, WireViolation
from grader.isolation.zygote import Ended, Zygote, ZygoteLost
from grader.model.ending import Ending
from grader.model.limits import Limits
from grader.remote.answers import PROBED, make_death, make_fault, make_import_fault
from grader.remote.channel import Channel, ChannelClosed, Overran
from grader.remote.clock import CpuClock, Deadlines
from grader.remote.remote import Remote, lower, make_kept, make_module, modules_in
from grader.remote.scratch import count_files, read_file, write_file
from grader.remote.words import clean, name_signal
from grader.wire.frames import Kind, pack_frame
from grader.wire.messages import Hello, Kept, Raised, Request, Value, Warned, read_reply, write_request
from grader.wire.values import NOWHERE, Reference, Unsendable
from grader.worker.sweep import remove_folder

_DYING_S = 1.0
_MAX_NAME = 200


@dataclass(frozen=True)
class Loaded:
    """What a worker has imported, as it says itself."""

    modules: tuple[str, ...]
    """Top-level names of all loaded modules."""
    refused: tuple[str, ...]
    """Top-level names that the submission's code tried to import and may not."""


@dataclass(frozen=True)
class Hold:
    """What a worker is made of on the trusted side."""

    zygote: Zygote
    """Forked it, and buries it."""
    pid: int
    """Its process; not reused before the zygote buries it."""
    channel: Channel
    """Its wire and its output."""
    folder: Path
    """Its own folder, removed with it."""
    scratch: Path | None
    """The check's scratch folder, below `folder`."""
    wall: object
    """The wall that it belongs to: alive as long as a worker is."""


class Worker:
    """One process with the submission in it. Made by `Wall.worker`; a context manager."""

    def __init__(
        self, hold: Hold, limits: Limits, *, package: str, has_submission: bool, import_failures: MutableMapping[str, ModuleUnavailable]
    ) -> None:
        self._hold = hold
        self._limits = limits
        self._package = package
        self._has_submission = has_submission
        self._import_failures = import_failures
        self._clock = CpuClock(hold.pid)
        self._started_s = time.monotonic()
        self._waited_s = 0.0
        self._loaded: set[str] = set()
        self._dropped: list[int] = []
        self._fault: Fault | None = None
        self._ending: Ending | None = None
        self.last_warnings: tuple[Warned, ...] = ()
        """Warnings of the last request."""
        self.last_types: Mapping[str, str] = {}
        """Of the last answer: where it was another type in the worker, "" or "[0]['W']", and which."""

    @property
    def package(self) -> str:
        """The submission's package."""
        return self._package

    @property
    def scratch(self) -> Path | None:
        """The check's scratch folder, if it asked for one; read and write through the worker, never by path."""
        return self._hold.scratch

    def module(self, name: str) -> Remote:
        """Return a module of the submission; it is imported at its first use."""
        return make_module(self, name)

    def load(self, name: str) -> None:
        """Import a module of the submission now; raises ModuleUnavailable, at once where an earlier worker failed to."""
        if name in self._loaded:
            return
        self._check_usable()
        known = self._import_failures.get(name)
        if known is not None:
            raise known.with_traceback(None)
        dotted = f"{self._package}.{name}" if name else self._package
        cause: StudentFault
        try:
            reply = self._exchange("the import", Request(Kind.LOAD, Reference(name), dropped=self._take_dropped()), importing=True)
        except StudentFault as fault:
            cause = fault
        else:
            if not isinstance(reply, Raised):
                self._loaded.add(name)
                return
            cause = make_import_fault(reply, self._limits)
        failure = ModuleUnavailable(dotted, cause)
        self._import_failures[name] = failure
        if self._fault is not None:
            self._fault = failure
        raise failure from None

    def probe(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Run a function of the assignment's probes in the worker and return what it returns.

        Remotes among the arguments arrive as the objects they stand for. Where the first one is a constructor, `("layers", "Dense")`,
        its module is loaded first, so that an import that fails is told as such, and messages name the class instead of the probe.
        """
        label = f"the probe {name}"
        if self._has_submission:
            match args:
                case ([str(module), str(label)], *_):
                    self.load(module)
                case _:
                    self.load("")
                    label = f"{PROBED} {name},"
        return self.ask(Kind.PROBE, label, name=name, args=args, kwargs=kwargs)

    def keep(self, value: Any) -> Remote:
        """Put a value into the worker and return its remote, to see later what was done to it."""
        return cast(Remote, self.ask(Kind.KEEP, "the kept value", args=(value,)))

    def loaded(self) -> Loaded:
        """Return what the worker has imported."""
        answer = self.ask(Kind.LOADED, "the list of modules")
        found = cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}
        modules, refused = (self._read_names(found.get(key)) for key in ("modules", "refused"))
        return Loaded(modules, refused)

    def _read_names(self, listed: object) -> tuple[str, ...]:
        names = cast("list[object]", listed) if isinstance(listed, list) else [None]
        if not all(isinstance(name, str) for name in names):
            self._die("violation", WireViolation("the worker's list of modules is not one"))
        return tuple(clean(str(name), _MAX_NAME) for name in names)

    def read_scratch(self, name: str, max_bytes: int) -> bytes:
        """Return a file of the scratch folder; raises CheckFailed when there is no ordinary file of at most `max_bytes`."""
        return read_file(self._scratch_or_fault(), name, max_bytes)

    def write_scratch(self, name: str, data: bytes) -> None:
        """Write a file into the scratch folder."""
        write_file(self._scratch_or_fault(), name, data)

    def output(self) -> str:
        """Return what the worker printed so far, both streams together, cut."""
        if self._ending is None:
            self._hold.channel.drain()
        return clean(self._hold.channel.output(), (self._limits.output_kb + 1) << 10)

    def cpu_s(self) -> float:
        """Return the CPU seconds that the worker has used so far."""
        return self._ending.cpu_s if self._ending else self._clock.read_s()

    def close(self) -> Ending:
        """Kill the worker and everything that it started, remove its files, and say how it ended; may be called again."""
        return self._end("closed")[0]

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def greet(self, hello: int) -> Hello:
        """Return the worker's first words; for the wall, which starts it."""
        # The grader's own code runs until then: a check's short limits are no measure for it.
        deadlines = Deadlines(self._clock, Limits(), importing=False, waited_s=0.0)
        kind, body = self._hold.channel.receive(hello, deadlines)
        reply = read_reply(kind, body)
        if not isinstance(reply, Hello):
            raise WireViolation("a worker began with something else than a hello")
        return reply

    def drop(self, handle: int) -> None:
        """Release a kept object with the next request."""
        self._dropped.append(handle)

    def ask(self, kind: Kind, label: str, path: Reference = NOWHERE, name: str = "", args: Any = (), kwargs: Any = None) -> Any:
        """Send one request and return its answer: a plain value, a read-only array, or a Remote.

        `label` names what is asked in messages. Raises the fault that came of it; after a worker's death the same one again.
        """
        self._check_usable()
        args, kwargs = lower(args, self), lower(kwargs or {}, self)
        for module in sorted(modules_in((path, args, kwargs)) - {""}):
            self.load(module)
        reply = self._exchange(label, Request(kind, path, name, args, kwargs, self._take_dropped()))
        match reply:
            case Value():
                return reply.value
            case Kept():
                return make_kept(self, reply.handle, clean(reply.type_name, _MAX_NAME), _name_kept(kind, label))
            case Raised() if reply.module and reply.phase in ("import", "exit"):
                raise ModuleUnavailable(clean(reply.module, _MAX_NAME), make_import_fault(reply, self._limits))
            case Raised():
                raise make_fault(reply, label, self._limits)

    def _exchange(self, label: str, request: Request, *, importing: bool = False) -> Value | Kept | Raised:
        try:
            body = write_request(request)
        except Unsendable as refusal:
            raise GraderFault(f"a check can't send {refusal} to {label}") from None
        deadlines = Deadlines(self._clock, self._limits, importing=importing, waited_s=self._waited_s)
        sequence = secrets.randbits(64)
        try:
            kind, answer = self._hold.channel.exchange(pack_frame(request.kind, sequence, body), sequence, deadlines)
            reply = read_reply(kind, answer)
            if isinstance(reply, Hello):
                raise WireViolation("the worker said hello again")
            if (overrun := deadlines.find_overrun()) is not None:
                raise Overran(overrun)
        except Overran as late:
            self._die("limit", LimitExceeded(_name_late(request.kind, label), late.overrun.used, late.overrun.limit, late.overrun.resource))
        except WireViolation as violation:
            self._die("violation", WireViolation(f"{label}: {violation}"))
        except ChannelClosed:
            self._die_of_itself(label)
        except BaseException:
            self._fault = GraderFault(f"{label} was interrupted")
            raise
        finally:
            self._waited_s += deadlines.elapsed_s
        self.last_warnings = tuple(Warned(clean(one.category, _MAX_NAME), clean(one.text)) for one in reply.warned)
        self.last_types = {clean(k, _MAX_NAME): clean(v, _MAX_NAME) for k, v in reply.types.items()} if isinstance(reply, Value) else {}
        self._check_scratch(label)
        return reply

    def _check_usable(self) -> None:
        if self._fault is not None:
            raise self._fault.with_traceback(None)
        if self._ending is not None:
            raise GraderFault("a check used a worker after its end")

    def _check_scratch(self, label: str) -> None:
        limit = self._limits.scratch_files
        if self._hold.scratch is not None and count_files(self._hold.scratch, limit) > limit:
            self._die("limit", LimitExceeded(label, f"more than {limit} files", f"{limit} files", "scratch_files"))

    def _take_dropped(self) -> tuple[int, ...]:
        taken, self._dropped = tuple(self._dropped[:10_000]), self._dropped[10_000:]
        return taken

    def _scratch_or_fault(self) -> Path:
        if self._hold.scratch is None:
            raise GraderFault("a check used a scratch folder that it did not ask for")
        return self._hold.scratch

    def _die(self, reason: str, fault: StudentFault) -> NoReturn:
        self._fault = fault
        self._end(reason)
        raise fault from None

    def _die_of_itself(self, label: str) -> NoReturn:
        """Say why the channel closed: the process ended, or student code closed its socket."""
        if not self._hold.channel.wait_for_end(_DYING_S):
            self._die("violation", WireViolation(f"{label} closed the grader's channel"))
        ending, ended = self._end("")
        self._fault = (
            SubmissionDied(f"{label} ended its process, and the one that started it too")
            if ended is None
            else make_death(Ended(ended.status, ending.cpu_s, ended.rss_kb), label, self._limits)
        )
        raise self._fault from None

    def _end(self, reason: str) -> tuple[Ending, Ended | None]:
        """Bury the worker; `reason` is empty where it ended of itself."""
        if self._ending is not None:
            return self._ending, None
        cpu_s = self._clock.read_s()
        self._hold.channel.kill()
        try:
            ended = self._hold.zygote.end(self._hold.pid)
        except ZygoteLost:
            ended = None  # the wall starts another one; the workers died with this one
        wall_s = time.monotonic() - self._started_s
        self._hold.channel.drain()
        self._hold.channel.close()
        remove_folder(str(self._hold.folder))
        if ended is None:
            self._ending = Ending(reason or "lost", "", 0, cpu_s, wall_s, 0.0)
        else:
            own = reason or ("exited" if ended.status >= 0 else "signalled")
            signal = name_signal(-ended.status) if ended.status < 0 else ""
            rss_mb = ended.rss_kb / 1024
            self._ending = Ending(own, signal, max(ended.status, 0), max(cpu_s, ended.cpu_s), wall_s, rss_mb)
        return self._ending, ended


def _name_late(kind: Kind, label: str) -> str:
    """A probe that is told by a class's name calls several of its methods, and nobody knows which one was late."""
    return f"{label}'s constructor or one of its methods" if kind is Kind.PROBE and label.isidentifier() else label


def _name_kept(kind: Kind, label: str) -> str:
    """Return the name of what a request gave: an object goes by its class, another call's result by the call."""
    if kind is not Kind.CALL:
        return label
    return label.removesuffix("(...)") if label.endswith("(...)") else f"{label}(...)"
