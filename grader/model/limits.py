"""How much of the machine a submission may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Every limit has a value: nothing is allowed for ever."""

    import_cpu_s: float = 5.0
    """CPU seconds for importing one module of the submission."""
    call_cpu_s: float = 10.0
    """CPU seconds of one call."""
    call_wall_s: float = 30.0
    """Wall seconds of one call: a guard for code that sleeps; CPU time is what counts."""
    check_cpu_s: float = 30.0
    """CPU seconds of one check's worker, all its calls together."""
    check_wall_s: float = 90.0
    """Wall seconds of one check, all its workers together."""
    run_cpu_s: float = 300.0
    """CPU seconds of all workers of a run together: afterwards the rest fails unrun."""
    run_wall_s: float = 900.0
    """Wall seconds of the whole run: a guard."""
    memory_mb: int = 3072
    """Address space of a worker, MiB (RLIMIT_AS)."""
    processes: int = 64
    """Processes and threads of the worker's user (RLIMIT_NPROC; not enforced by the kernel for root)."""
    open_files: int = 64
    """Open descriptors of a worker (RLIMIT_NOFILE)."""
    file_mb: int = 32
    """Size of one file that a worker writes, MiB (RLIMIT_FSIZE)."""
    output_kb: int = 256
    """Standard output and error kept of a worker, KiB; the rest is thrown away, never an error."""
    scratch_files: int = 64
    """Files in a check's scratch folder."""
    diagnosis_s: float = 10.0
    """Wall seconds for naming what is likely wrong, all failed checks together: a guard; the work that is done for it is counted."""
