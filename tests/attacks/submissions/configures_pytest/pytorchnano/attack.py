"""Claim: conftest.py, pytest.ini, setup.cfg, tox.ini, sitecustomize.py and a plugin beside my package configure the grader's pytest.

Stopped by: intake copies the package's Python files alone; the session starts in an empty folder with its own root and no plugins.
"""

from pathlib import Path

from .activations import ReLU as Honest
from .canary import mark


class ReLU(Honest):
    def forward(self, x):
        # Those inside the package are here, as plain modules of the student's.
        mark(" ".join(sorted(path.name for path in Path(__file__).parent.glob("conftest.py"))))
        return super().forward(x)
