# The few verbs a person types. `make` lists them.
PYTHONS := python3.13 python3.12 python3.11 python3
SUITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for p in $(PYTHONS); do $$p -c '$(SUITS)' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--no-header --no-annotate --no-emit-package audiencekit
export DO_NOT_TRACK := 1
# Python keeps what it compiles, whatever the machine's settings are: dbt alone takes five seconds to compile, in each process.
unexport PYTHONDONTWRITEBYTECODE
export GX_ANALYTICS_ENABLED := false

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo run check style types words unit lint build test mutate bench boards docs wheel lock clean

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(BIN)/uv:
	@$(or $(PYTHON),false) -c '$(SUITS)' 2>/dev/null || { echo "audiencekit needs Python 3.11, 3.12 or 3.13: make $(MAKECMDGOALS) PYTHON=/path/to/python3.13"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint requirements-dev.txt uv

$(READY): requirements.txt pyproject.toml | $(BIN)/uv
	@echo "Setting up $(VENV) from requirements.txt"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(READY)

$(READY_DEV): requirements-dev.txt pyproject.toml | $(BIN)/uv
	@echo "Setting up $(VENV) from requirements-dev.txt"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(READY) $(READY_DEV)

setup: $(READY) ## Make the environment that runs it

setup-dev: $(READY_DEV) ## Make the environment that also tests it, with every extra

demo: $(READY) ## Real retail data in, audiences out
	@$(BIN)/audiencekit demo

run: $(READY) ## Your own data in, audiences out: make run LANDING=folder
	@test -n "$(LANDING)" || { echo "Say where your data are: make run LANDING=folder"; exit 1; }
	@$(BIN)/audiencekit run "$(LANDING)" $(if $(AS_OF),--as-of "$(AS_OF)") $(foreach name,$(ACCEPT),--accept $(name)) $(if $(RETRAIN),--retrain)

check: style types words ## Before a commit: style, types, words, changed SQL and the quick tests without a build
	@tools/lint-sql.sh --changed
	@$(PYTEST) tests/unit -m "not slow"

style: $(READY_DEV) ## ruff: lint and format
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

types: $(READY_DEV) ## mypy
	@$(BIN)/mypy --no-error-summary

words: $(READY_DEV) ## Words this project does not use (tools/words.txt)
	@tools/check-words.sh

unit: $(READY_DEV) ## The tests without a build
	@$(PYTEST) tests/unit

lint: style types words ## Style, types, words and all SQL
	@tools/lint-sql.sh

build: $(READY_DEV) ## The tests with a build, and all dbt tests
	@$(PYTEST) tests/build

test: lint ## Lint, then every test: what CI runs
	@$(PYTEST)

mutate: $(READY_DEV) ## Change every segment rule in every small way; each change must fail a test
	@$(BIN)/python -m pytest tests/unit/test_segment_mutants.py -s

bench: $(READY) ## Measure a build: make bench CUSTOMERS=250000; or INTAKE=250000, SCORES=1000000, ACTIVATION=1000000, IDENTITY=1000000, RECOMMENDATIONS=1, LIVE=100,500
	@$(BIN)/audiencekit bench $(if $(CUSTOMERS),--customers $(CUSTOMERS)) $(if $(INTAKE),--intake $(INTAKE)) $(if $(SCORES),--scores $(SCORES)) $(if $(ACTIVATION),--activation $(ACTIVATION)) $(if $(IDENTITY),--identity $(IDENTITY)) $(if $(RECOMMENDATIONS),--recommendations) $(if $(LIVE),--live $(LIVE))

boards: $(READY) ## Draw the boards of what is published, and open the overview
	@$(BIN)/audiencekit boards --open

docs: $(READY) ## dbt docs and the landing contract page
	@$(BIN)/audiencekit docs

wheel: $(READY_DEV) ## Build the package into dist/
	@$(BIN)/hatchling build --target wheel

lock: $(BIN)/uv ## Compile pyproject.toml to requirements.txt and requirements-dev.txt
	@$(COMPILE) pyproject.toml --output-file requirements.txt
	@$(COMPILE) pyproject.toml --all-extras --constraint requirements.txt --output-file requirements-dev.txt

clean: ## Remove the environment and everything a run wrote
	@rm -rf $(VENV) var target logs dist
