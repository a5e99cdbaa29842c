"""What is known of one file so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from .folding import Budget

PACKAGE = "pytorchnano"
IMPORTERS = frozenset({"__import__", "import_module", "run_module"})
"""Functions that import what they are named."""


class TooLarge(Exception):
    """The file can't be scanned in the time that one file gets."""


@dataclass
class FileScan:
    """The imports and identifiers of one file."""

    path: str
    modules: frozenset[str]
    imports: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    own: set[str] = field(default_factory=set[str])
    names: set[str] = field(default_factory=set[str])
    texts: set[bytes] = field(default_factory=set[bytes])
    """Strings that are run as code, each scanned once."""
    fold_budget: Budget = field(default_factory=Budget)
    """Shared by all texts of the file."""

    def see_import(self, line: int, dotted: str, how: str) -> None:
        """Record one absolute name, the first time it comes."""
        if not all(part.isidentifier() and len(part) <= 100 for part in dotted.split(".")):
            return
        if dotted.partition(".")[0] == PACKAGE:
            self.see_own(dotted)
            return
        key = (how, ".".join(dotted.split(".")[:2]))
        self.imports[key] = min(line, self.imports.get(key, line))

    def see_from(self, line: int, level: int, module: str, names: list[str], how: str = "import") -> None:
        """Record `from module import names`, relative where `level` is not 0."""
        if level == 0:
            for dotted in [module, *(f"{module}.{name}" for name in names if name != "*")]:
                self.see_import(line, dotted, how)
            return
        base = self.path.split("/")[:-1]
        if level - 1 < len(base):
            whole = ".".join([*base[: len(base) - level + 1], *([module] if module else [])])
            for dotted in (whole, *(f"{whole}.{name}" for name in names)):
                self.see_own(dotted)

    def see_own(self, dotted: str) -> None:
        """Record an import of the package's own modules, and of the packages that lead to it."""
        parts = dotted.split(".")
        self.own |= {name for length in range(1, len(parts) + 1) if (name := ".".join(parts[:length])) in self.modules}
