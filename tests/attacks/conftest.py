"""The submissions are data: one of them holds a conftest.py that must not be loaded."""

collect_ignore = ["submissions"]
