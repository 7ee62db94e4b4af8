# One word for each thing a contributor does. PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off
PYTEST_ARGS ?=
SOAK ?= 5000

.PHONY: demo demo-own test coverage check format lint lint-cloud types soak venv size bench estimates bench-sandbox bench-batches completions clean

demo: $(VENV)/.demo          ## the whole journey against a sandbox, on real files
	@PATH="$(abspath $(BIN)):$$PATH" bash examples/demo.sh

demo-own: $(VENV)/.demo      ## a script in four commands, a BIDS App in three, in the same sandbox
	@PATH="$(abspath $(BIN)):$$PATH" bash examples/own-code.sh

demo-batch: $(VENV)/.demo    ## sixty subjects in one command; three fail and are repeated
	@PATH="$(abspath $(BIN)):$$PATH" bash examples/batch.sh

test: $(VENV)/.dev           ## the whole suite
	$(BIN)/python -m pytest -n 3 --dist worksteal $(PYTEST_ARGS)

coverage: $(VENV)/.dev       ## the whole suite, with what of the package it ran: nine tenths at least
	$(BIN)/python -m pytest -n 3 --dist worksteal --cov --cov-report=term:skip-covered --cov-fail-under=90 $(PYTEST_ARGS)

check: format lint types test ## everything that must hold before a change lands

format: $(VENV)/.dev
	$(BIN)/ruff format --check .

lint: $(VENV)/.dev
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

lint-cloud: $(VENV)/.dev $(VENV)-cloud/.made ## all that CloudFormation is sent, by cfn-lint and by checkov, which has its own environment
	$(BIN)/python -m tests.account.stack.cloud $(VENV)-cloud/bin/checkov

soak: $(VENV)/.dev           ## random runs, 500 at once, a file of 2 GB: for longer than in CI
	SOAK=$(SOAK) $(BIN)/python -m pytest -q tests/node/test_model.py tests/node/test_scale.py
	BIG_MB=2048 $(BIN)/python -m pytest -q tests/node/transfer_job/test_stage_input.py

bench: $(VENV)/.dev          ## start-up, command, transfer and log times, as ratios
	$(BIN)/python tests/benchmarks/node_start.py
	$(BIN)/python tests/benchmarks/run_times.py
	$(BIN)/python -m tests.benchmarks.check_code
	$(BIN)/python -m tests.benchmarks.local_runs
	$(BIN)/python -m tests.benchmarks.commands
	$(BIN)/python -m tests.benchmarks.large_dataset
	$(BIN)/python tests/benchmarks/startup.py
	$(BIN)/python -m tests.benchmarks.transfers
	$(BIN)/python -m tests.benchmarks.log_following

estimates: $(VENV)/.dev      ## what was said of ten runs in a sandbox before them, beside what they came to
	$(BIN)/python -m tests.benchmarks.estimates

bench-sandbox: $(VENV)/.dev  ## what a sandbox bears: 20 clients, 10,000 runs
	$(BIN)/python tests/benchmarks/sandbox_load.py

bench-batches: $(VENV)/.dev  ## how soon a batch of 1,000 subjects is accepted, and its table shown
	$(BIN)/python -m tests.benchmarks.batches

completions: $(VENV)/.dev    ## write completions/ anew
	$(BIN)/python -c 'from pathlib import Path; from pennsieve_agent.cli.completion import write_all; write_all(Path("completions"))'

size:                        ## what the core install weighs, without pip itself
	@rm -rf .size && $(PYTHON) -m venv .size && before=$$(du -sm .size | cut -f1) \
	  && .size/bin/python -m pip --disable-pip-version-check install --quiet . \
	  && echo "core install: $$(($$(du -sm .size | cut -f1) - before)) MB"; rm -rf .size

venv: $(VENV)/.dev

$(VENV)/.dev: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing this program and what its tests need into $(VENV) (600 MB, once):"
	@$(INSTALL) -e '.[dev]'
	@touch $(VENV)/.demo $@

$(VENV)/.demo: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing this program and what the demo needs into $(VENV) (200 MB, once):"
	@$(INSTALL) -e '.[demo]'
	@touch $@

$(VENV)-cloud/.made: Makefile
	@test -x $(VENV)-cloud/bin/python || $(PYTHON) -m venv $(VENV)-cloud
	$(VENV)-cloud/bin/python -m pip --disable-pip-version-check --quiet install 'checkov>=3.2,<4'
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-cloud .demo .size build dist
