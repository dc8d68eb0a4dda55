# Every target makes its environment first: Python 3.11 or newer and make are all it takes.
PYTHON ?= python3
VENV ?= .venv
PIP_ARGS ?=
PYTEST_ARGS ?=
NEUMAP_DATA ?= ../shared/data
BIN := $(VENV)/bin
STAMP := $(VENV)/installed.stamp
# Tests run beside each other, so each keeps to one thread.
RUN_TESTS := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast check fmt lint type layers bench clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# A stamp that is newer than both files means that the environment fits them.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "neumap needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e '.[dev]'
	@touch $@

setup: $(STAMP)  ## make the environment in .venv

demo: $(STAMP)  ## render a room, map it, localise photos in it
	$(BIN)/neumap demo

test: $(STAMP)  ## all tests
	$(RUN_TESTS) $(PYTEST_ARGS)

test-fast: $(STAMP)  ## all but the slow tests
	$(RUN_TESTS) -m 'not slow' $(PYTEST_ARGS)

check: lint type layers  ## everything but the tests

fmt: $(STAMP)  ## format, and fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: $(STAMP)  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: $(STAMP)  ## pyright, strict
	$(BIN)/pyright --pythonpath $(BIN)/python

layers: $(STAMP)  ## which package may import which
	$(BIN)/lint-imports

bench: $(STAMP)  ## the committed benchmark; needs the real image sets (NEUMAP_DATA)
	$(BIN)/python -m benchmarks.accuracy --data $(NEUMAP_DATA) --out benchmarks/results/accuracy.json
	$(BIN)/python -m benchmarks.speed --data $(NEUMAP_DATA) --out benchmarks/results/speed.json

clean:  ## remove build outputs and caches, not .venv
	rm -rf build dist src/*.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
