# The README's commands. Everything happens in the project's own virtual environment.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SINGLE := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

.PHONY: demo test test-all bench lint template docs clean

$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

## demo: grade five submissions on real MNIST and leave their reports in demo-reports/
demo: $(STAMP)
	$(BIN)/python -m tests.journeys.demo

## test: lint, types, floors and the tests with coverage, as CI runs them
test: $(STAMP) lint
	$(SINGLE) $(BIN)/python -m pytest -n 2 --cov --cov-report=term:skip-covered -m "not slow and not gpu"

## test-all: everything, the long parts included
test-all: $(STAMP) lint
	$(SINGLE) $(BIN)/python -m pytest -n 2 -m "not gpu"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

## bench: where the seconds of a run go, what the wall costs, and 100,000 comparisons of correct gradients
bench: $(STAMP)
	$(SINGLE) $(BIN)/python -m tests.benchmarks.run
	$(SINGLE) $(BIN)/python -m tests.studies.gradients

## template: derive the student template from the reference
template: $(STAMP)
	$(BIN)/grader template

## docs: write the tables that commands make
docs: $(STAMP)
	$(BIN)/python -m tests.docs.sentences

clean:
	rm -rf $(VENV) demo-reports .pytest_cache .ruff_cache
