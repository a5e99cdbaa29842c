"""How values cross between the trusted process and a worker: frames, values, messages.

A closed set of exact types in a tag-length-value format of its own: no pickle, no dtype strings, no code. Whatever bytes arrive,
decoding gives a value or raises `grader.faults.WireViolation`, and nothing else.
"""
