"""Small assignments for tests of the job."""

from __future__ import annotations

import textwrap
from pathlib import Path

TOML = """\
name = "small"
version = "1"
title = "Small"
modules = ["layers", "losses"]

[groups."layers.Dense"]
title = "Dense"
points = {dense}

[groups."losses.MSELoss"]
title = "MSE"
points = {mse}
"""


def write_assignment(root: Path, hidden: str, public: str = "", *, dense: float = 3, mse: float = 2) -> Path:
    """Write an assignment called small below `root`; return `root`, to be given to `run_job`."""
    folder = root / "small"
    for name, text in (("hidden", hidden), ("public", public)):
        (folder / name).mkdir(parents=True)
        if text:
            head = "import os\nimport numpy as np\nimport pytest\n"
            (folder / name / f"test_{name}.py").write_text(head + textwrap.dedent(text))
    (folder / "assignment.toml").write_text(TOML.format(dense=dense, mse=mse))
    return root


def write_submission(root: Path, **modules: str) -> Path:
    """Write a package whose modules have these texts; return its folder."""
    package = root / "pytorchnano"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for name, text in modules.items():
        (package / f"{name}.py").write_text(textwrap.dedent(text))
    return root
