"""The smallest sizes that still show a fault."""

from __future__ import annotations

import pytest

from grader.gradients.shrink import MOST_TRIES, shrink_sizes

PRIMES = {"samples": 3, "inputs": 5, "outputs": 7}


def test_fault_that_always_shows_shrinks_to_the_least_sizes():
    assert shrink_sizes(PRIMES, lambda sizes: True) == {"samples": 1, "inputs": 1, "outputs": 1}
    assert shrink_sizes(PRIMES, lambda sizes: True, {"inputs": 2}) == {"samples": 1, "inputs": 2, "outputs": 1}


@pytest.mark.parametrize(
    ("shows", "smallest"),
    [
        (lambda s: s["samples"] > 1, (2, 1, 1)),
        (lambda s: s["inputs"] != s["outputs"], (1, 1, 7)),
        (lambda s: s["outputs"] >= 4, (1, 1, 4)),
        (lambda s: s["samples"] * s["inputs"] >= 6, (2, 3, 1)),
    ],
)
def test_fault_that_needs_a_size_keeps_as_much_of_it_as_it_needs(shows, smallest):
    shrunk = shrink_sizes(PRIMES, shows)
    assert shows(shrunk)
    assert sum(shrunk.values()) <= sum(smallest)


def test_fault_that_shows_only_as_found_stays():
    assert shrink_sizes(PRIMES, lambda sizes: sizes == PRIMES) == PRIMES


def test_tries_are_few_and_never_repeated():
    tried = []

    def shows(sizes):
        tried.append(tuple(sizes.values()))
        return len(tried) % 3 == 0

    shrink_sizes({f"size {i}": 1000 for i in range(9)}, shows)
    assert len(tried) == len(set(tried)) <= MOST_TRIES
