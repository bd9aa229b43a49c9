# The few verbs a person types. `make` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export UV_COMPILE_BYTECODE := 1
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false

.DEFAULT_GOAL := help
.PHONY: help setup demo run test lint mutate bench boards docs lock clean

help: ## List the verbs
	@grep -hE '^[a-z]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "audiencekit needs Python 3.11; set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV) from requirements.txt"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(READY)

setup: $(READY) ## Make the environment from the lock

demo: $(READY) ## Real retail data in, audiences out
	@$(BIN)/audiencekit demo

run: $(READY) ## Your own data in, audiences out: make run LANDING=folder
	@test -n "$(LANDING)" || { echo "Say where your data are: make run LANDING=folder"; exit 1; }
	@$(BIN)/audiencekit run $(LANDING) $(if $(AS_OF),--as-of "$(AS_OF)") $(foreach name,$(ACCEPT),--accept $(name)) $(if $(RETRAIN),--retrain)

test: lint ## Lint, then every test
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(READY) ## ruff and sqlfluff
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/sqlfluff lint --disable-progress-bar models tests/singular

mutate: $(READY) ## Change every segment rule in every small way; each change must fail a test
	@$(BIN)/python -m pytest tests/unit/test_segment_mutants.py -s

bench: $(READY) ## Measure a build: make bench CUSTOMERS=250000; or SCORES=1000000, ACTIVATION=1000000, IDENTITY=1000000
	@$(BIN)/audiencekit bench $(if $(CUSTOMERS),--customers $(CUSTOMERS)) $(if $(SCORES),--scores $(SCORES)) $(if $(ACTIVATION),--activation $(ACTIVATION)) $(if $(IDENTITY),--identity $(IDENTITY))

boards: $(READY) ## Draw the boards of what is published, and open the overview
	@$(BIN)/audiencekit boards --open

docs: $(READY) ## dbt docs and the landing contract page
	@$(BIN)/audiencekit docs

lock: $(READY) ## Compile requirements.in to requirements.txt
	@$(BIN)/uv pip compile --quiet requirements.in -o requirements.txt --python-version 3.11 --no-header --no-annotate

clean: ## Remove the environment and everything a run wrote
	@rm -rf $(VENV) var target logs
