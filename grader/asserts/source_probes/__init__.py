"""The source scan: what a file imports, by any spelling that a reader would recognise. Runs in a confined worker, on text alone.

Handed to the worker as its probes, so it imports the standard library only. It looks at syntax trees and tokens and executes nothing:
comments, docstrings and strings that merely name a framework are never a finding; a string counts where it is handed to an import
function or to `exec`. A file that does not parse, or is too large for a tree, is read token by token.
"""
