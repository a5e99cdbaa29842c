"""Checks are pytest functions; this package makes pytest run them as checks.

Theory of operation. A *session* is one pytest process that runs the checks of one assignment on one submission.
It is trusted: it holds the oracle and the secret, and reaches the submission only through `grader.remote`.
A check is a function with the mark `check`; `definition` reads the mark, `ordering` filters and sorts (prerequisites
first), `fixtures` gives checks what they work with, `verdicts` turns what a check raised into an outcome with the right
blame, and `hooks` ties these to pytest. Outcomes leave twice: on the item's user properties, which pytest-json-report
writes at the end, and in a journal of JSON lines, appended as they happen, so that a killed session loses one check at
most. `grader.run` starts the session and reads both; nothing here decides points.
"""
