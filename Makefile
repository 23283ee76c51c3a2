# Everything a newcomer types. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TASK ?= examples/circle_packing
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help evolve examples server wheel test test-all other-prefect lint types architecture docs bench clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

evolve: $(VENV)/.installed  ## evolve examples/circle_packing (TASK=folder, ARGS="--generations 10")
	@$(BIN)/python flows/evolve.py $(TASK) $(ARGS)

examples: $(VENV)/.installed  ## evolve each folder of examples/ for a few generations, without a key or a network (ARGS="prompt two_modules")
	@$(BIN)/python -m examples $(ARGS)

server: $(VENV)/.installed  ## serve Prefect with its UI until Ctrl-C (ARGS="--database postgresql://...")
	@$(BIN)/python -m flows.server $(ARGS)

wheel: $(VENV)/.installed  ## make a wheel in build/wheel
	@rm -rf build/wheel && $(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
	@ls build/wheel/*.whl

test: $(VENV)/.installed-dev  ## run the tests of every promise, in minutes (ARGS="-k patch" for some)
	@$(BIN)/python -m pytest -n auto -m "not slow" $(ARGS)

test-all: $(VENV)/.installed-browser  ## run all tests: kills, outages, long waits and a browser as well
	@$(BIN)/python -m pytest $(ARGS)

# What Prefect itself decides, schedules and retries, and the flows, but for what is over before Prefect has any part in it.
OTHER_PREFECT ?= 3.8.8
OTHER := .venv-prefect-$(basename $(OTHER_PREFECT))
OTHER_TESTS = $(wildcard tests/deployments/test_schedules.py tests/deployments/test_retries.py) \
  tests/flows $(addprefix --ignore=tests/flows/,terminal live test_mistakes.py)
other-prefect: $(OTHER)/.installed-dev
	@$(OTHER)/bin/python -m pytest -m "not slow or other_prefect" $(OTHER_TESTS) $(ARGS)

lint: $(VENV)/.installed-dev  ## check style and formatting
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.installed-dev  ## check types, strictly
	@$(BIN)/basedpyright --pythonpath $(BIN)/python

architecture: $(VENV)/.installed-dev  ## write what docs/ has from the sources: import graph, strategies, settings, Python
	@$(BIN)/python -m tests.import_graph --write
	@$(BIN)/python -m tests.strategies_document --write
	@$(BIN)/python -m tests.docs.provider_table --write
	@$(BIN)/python -m tests.docs.settings_reference --write
	@$(BIN)/python -m tests.docs.api_reference --write

docs: $(VENV)/.installed-docs  ## build the site of docs/ into build/site, strictly
	@$(BIN)/python -m tests.docs.site

bench: $(VENV)/.installed-dev  ## measure the orchestration (ARGS="--case balanced")
	@$(BIN)/python -m benchmarks $(ARGS)

# The same set of packages but for the one.
$(OTHER)/.installed-dev: pyproject.toml constraints.txt
	@echo "Creating an environment with Prefect $(OTHER_PREFECT) in $(OTHER) ..."
	@$(PYTHON) -m venv $(OTHER)
	@sed 's/^prefect==.*/prefect==$(OTHER_PREFECT)/' constraints.txt >$(OTHER)/constraints.txt
	@$(OTHER)/bin/python -m pip install --quiet --disable-pip-version-check -c $(OTHER)/constraints.txt -e '.[dev,postgres,languages,parquet]'
	@touch $@

clean:  ## remove the environment and what tests leave behind
	rm -rf $(VENV) .venv-prefect-* .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Creating the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing pinned dependencies (a minute or two, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-browser: $(VENV)/.installed-dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[browser,manifests]'
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed-dev
	@echo "Installing what builds the site ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what tests and checks need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,postgres,languages,parquet,dask,ray]'
	@touch $@
