"""From the study's records to the tables of docs/training.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.studies.document import replace_measured

TITLES = {"mnist_mlp": "perceptron", "mnist_cnn": "convolution"}
Records = list[dict[str, Any]]


def write_tables(path: Path, records: Records, bugs: dict[str, str], trainings: dict[str, dict[str, Any]]) -> None:
    """Replace what stands between the document's two `measured` markers."""
    parts = (*table_of_accuracies(records, trainings), "", *table_of_replays(records), "", *table_of_bugs(records, bugs, trainings))
    replace_measured(path, "\n".join(parts))


def table_of_accuracies(records: Records, trainings: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        "### Right submissions",
        "",
        "| training | submission | trainings | least | 1% | median | most | threshold | single tries that failed | CPU s, median |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for training, table in trainings.items():
        for kind in ("right", "full"):
            chosen = [r for r in records if r["training"] == training and r["kind"] == kind]
            threshold = table["threshold"] if kind == "right" else table["full"]["threshold"]
            names = sorted({r["submission"] for r in chosen})
            for name in names:
                lines.append(_accuracies(training, kind, name, [r for r in chosen if r["submission"] == name], threshold))
            if len(names) > 1:
                lines.append(_accuracies(training, kind, "all", chosen, threshold))
    lines += ["", *(_bound(records, training, table["threshold"]) for training, table in trainings.items())]
    return lines


def _accuracies(training: str, kind: str, name: str, records: Records, threshold: float) -> str:
    reached = np.array([r["accuracy"] or 0.0 for r in records])
    cpu = np.median([r.get("cpu_s", 0.0) for r in records])
    title = TITLES[training] + (", full MNIST" if kind == "full" else "")
    failed = len(failures(records, threshold))
    return (
        f"| {title} | {name} | {len(records)} | {reached.min():.3f} | {np.quantile(reached, 0.01):.3f} | {np.median(reached):.3f} "
        f"| {reached.max():.3f} | {threshold:.2f} | {failed} | {cpu:.2f} |"
    )


def failures(records: Records, threshold: float) -> Records:
    """Return the tries that earned nothing."""
    return [r for r in records if r["ending"] != "trained" or r["accuracy"] < threshold]


def _bound(records: Records, training: str, threshold: float) -> str:
    chosen = [r for r in records if r["training"] == training and r["kind"] == "right"]
    failed = len(failures(chosen, threshold))
    single = upper_bound(failed, len(chosen))
    return (
        f"- {TITLES[training]}: {failed} of {len(chosen)} single tries failed, so at 95% confidence a single try fails in at most "
        f"{single:.2%}, and a right submission, which must fail twice under independent secrets, in at most {single**2:.1e} of the cases."
    )


def upper_bound(failed: int, total: int) -> float:
    """Return the 95% Clopper-Pearson upper bound of a rate; with no failure, the rule of three (3 / total)."""
    if not total:
        return 1.0
    low, high = failed / total, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        log_terms = [
            _log_binomial(total, k) + k * np.log(middle) + (total - k) * np.log1p(-middle) for k in range(failed + 1) if 0 < middle < 1
        ]
        low, high = (middle, high) if np.exp(log_terms).sum() > 0.05 else (low, middle)
    return high


def _log_binomial(total: int, chosen: int) -> float:
    return float(sum(np.log((total - k) / (k + 1)) for k in range(chosen)))


def table_of_replays(records: Records) -> list[str]:
    lines = [
        "### Replays of right submissions",
        "",
        "| training | steps replayed | median of the worst ratio of a training | 99% | largest | needed a nudge | disagreed |",
        "|---|---|---|---|---|---|---|",
    ]
    for training, title in TITLES.items():
        chosen = [r for r in records if r["training"] == training and r["kind"] in ("right", "full") and r.get("ratio") is not None]
        if not chosen:
            continue
        ratios = np.array([r["ratio"] for r in chosen])
        lines.append(
            f"| {title} | {sum(r['replayed'] for r in chosen):,} | {np.median(ratios):.4f} | {np.quantile(ratios, 0.99):.4f} "
            f"| {ratios.max():.3f} | {sum(r['nudged'] for r in chosen)} | {int((ratios > 1).sum())} |"
        )
    return lines


def table_of_bugs(records: Records, bugs: dict[str, str], trainings: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        "### Bugs",
        "",
        "| bug | perceptron reaches | smallest ratio | convolution reaches | smallest ratio | watching catches | a threshold alone |",
        "|---|---|---|---|---|---|---|",
    ]
    for bug, title in bugs.items():
        cells: list[str] = []
        watched = below = total = 0
        for training, table in trainings.items():
            chosen = [r for r in records if r["training"] == training and r["kind"] == bug]
            cells += _bug_cells(chosen)
            watched += sum(r["ending"] != "trained" for r in chosen)
            below += sum((r["accuracy"] or 0.0) < table["threshold"] for r in chosen)
            total += len(chosen)
        lines.append(f"| {title} | {' | '.join(cells)} | {watched} of {total} | {below} of {total} |")
    return lines


def _bug_cells(records: Records) -> list[str]:
    if not records:
        return ["", ""]
    reached = [r["accuracy"] for r in records if r["accuracy"] is not None]
    ratios = [r["ratio"] for r in records if r.get("ratio") is not None]
    accuracy = f"{min(reached):.2f} to {max(reached):.2f}" if reached else "ended"
    return [accuracy, f"{min(ratios):.3g}" if ratios else "–"]

