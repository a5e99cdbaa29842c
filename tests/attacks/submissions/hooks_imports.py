"""Claim: an import hook of mine serves the modules that the grader imports next.

Stopped by: whatever is imported in this worker is the worker's affair; a neighbour's is a fresh process.
"""

import importlib.abc
import sys
import types

from .activations import ReLU as Honest
from .canary import mark


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self)

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__getattr__ = lambda name: lambda *args, **kwargs: None
        return module

    def exec_module(self, module):
        pass


class ReLU(Honest):
    def forward(self, x):
        sys.meta_path[:] = [Finder()]
        sys.path[:] = []
        sys.path_hooks.clear()
        sys.path_importer_cache.clear()
        import pytest

        pytest.exit("all passed")
        mark()
        return super().forward(x)
