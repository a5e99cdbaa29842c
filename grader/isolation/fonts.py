"""matplotlib's list of fonts, made once a user: no worker spends its time on a search for fonts."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_SEARCH_S = 120.0


def copy_fonts(folder: Path) -> None:
    """Make matplotlib's configuration folder for workers; without matplotlib, or where no cache can be kept, it stays empty."""
    folder.mkdir()
    with contextlib.suppress(OSError, PackageNotFoundError, subprocess.SubprocessError, RuntimeError):
        for listing in _find_listings():
            shutil.copyfile(listing, folder / listing.name)


def _find_listings() -> list[Path]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "network-grader" / f"matplotlib-{version('matplotlib')}"
    if not list(cache.glob("fontlist-*.json")):
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-P", "-c", "import matplotlib.font_manager"],
            env={**os.environ, "MPLCONFIGDIR": str(cache)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SEARCH_S,
            check=True,
        )
    return list(cache.glob("fontlist-*.json"))
