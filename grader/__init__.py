"""Grades "write a neural-network framework from scratch in NumPy" courses: one submission in, one report out."""

__version__ = "0.1.0"
