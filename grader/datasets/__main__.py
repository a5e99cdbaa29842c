"""`python -m grader.datasets FOLDER` makes the embedded subset from the four full MNIST files in FOLDER."""

import sys
from pathlib import Path

from grader.datasets.files import load_full
from grader.datasets.subset import make_subset

make_subset(load_full(Path(sys.argv[1])))
