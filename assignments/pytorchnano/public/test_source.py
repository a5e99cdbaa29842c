"""What a submission may import."""

import pytest

from grader.asserts.source import assert_no_frameworks


@pytest.mark.check("source.no_frameworks", points=0, holds=["imports"])
def test_no_framework_is_imported(grading):
    """The package is written with NumPy alone."""
    assert_no_frameworks(grading.scan)
