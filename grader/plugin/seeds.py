"""Every number a check draws, from the run's seed; see `docs/architecture.md`, 'Seeds'."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np


def check_seed(check_id: str, visibility: str, *, public_seed: int, secret: int, digest: str) -> int:
    """Return 63 bits: a public check's from (seed, id) alone, a hidden one's from (secret, submission digest, id) as well."""
    if visibility == "public":
        material = hashlib.sha256(f"{public_seed}\n{check_id}".encode()).digest()
    else:
        material = hmac.new(f"grader secret {secret}".encode(), f"{digest}\n{check_id}".encode(), hashlib.sha256).digest()
    return int.from_bytes(material[:8], "big") >> 1


def generator(seed: int) -> np.random.Generator:
    """Return NumPy's generator for that seed."""
    return np.random.default_rng(seed)
