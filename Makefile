.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
# Any Python that the project runs on; the first that starts (a shim may not).
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo $$python && break; done)
LOCK := requirements-dev.txt
UV_VERSION = $(shell sed -n 's/^uv==\([0-9.]*\).*/\1/p' $(LOCK))
# Tests that need a server go to one worker together, which starts one.
PYTEST_ARGS ?= -n auto --dist loadfile --no-loadscope-reorder
ROWS ?= 10000 100000 1000000

.PHONY: help setup run test test-lambda-python check format bench lock policies clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/made ## create .venv with all that the other targets need

# uv is quick; pip, which reads your own pip configuration, is the way where uv finds no index.
.venv/made: $(LOCK)
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(LOCK) \
		|| $(BIN)/python -m pip install --quiet --require-hashes -r $(LOCK)
	@touch $@

run: setup ## start the embedded stack with the demo; ONCE=1 ends after the first reconciliation
	@$(BIN)/python -m local run $(if $(filter-out 0,$(ONCE)),--once)

check: setup ## format, lint, types, import direction, template, state machines
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	@for app in functions/channels/*/app.py; do $(BIN)/mypy $$app || exit 1; done
	PYTHONPATH=layers/trueup $(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml
	$(BIN)/python -m local.asl

test: setup check ## all checks and all tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

LAMBDA_PYTHON ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python3) python3.13)
test-lambda-python: setup ## the tests that need no server, on the Python that Lambda runs
	@$(LAMBDA_PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' \
		|| { echo "Python 3.13 is needed; name it: make $@ LAMBDA_PYTHON=/path/to/python3.13"; exit 1; }
	@test -x .venv-lambda/bin/python || $(LAMBDA_PYTHON) -m venv .venv-lambda
	@$(BIN)/uv pip install --quiet --python .venv-lambda/bin/python --require-hashes -r $(LOCK) \
		|| .venv-lambda/bin/python -m pip install --quiet --require-hashes -r $(LOCK)
	.venv-lambda/bin/python -m pytest -n auto -p no:cacheprovider tests/unit tests/property tests/statemachine

format: setup ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## measure reconciliations; ROWS="10000 1000000" chooses their sizes
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-bench.txt \
		|| $(BIN)/python -m pip install --quiet --require-hashes -r requirements-bench.txt
	$(BIN)/python -m bench reconcile --rows $(ROWS)
	$(BIN)/python -m bench explained
	$(BIN)/python -m bench exports --rows $(ROWS) --repeats 1

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
lock: setup ## compile the lock files from the *.in files
	$(COMPILE) requirements-dev.in -o requirements-dev.txt
	$(COMPILE) layers/trueup/requirements.in -c requirements-dev.txt -o layers/trueup/requirements.txt
	$(COMPILE) requirements-runtime.in -c requirements-dev.txt -o requirements-runtime.txt
	$(COMPILE) requirements-bench.in -o requirements-bench.txt
	$(COMPILE) requirements-stack.in -o requirements-stack.txt
	$(COMPILE) requirements-sam.in -o requirements-sam.txt

policies: setup ## write tests/infra/policies.json anew, after a wanted change of permissions
	$(BIN)/python -m local.policies > tests/infra/policies.json

clean: ## remove what the other targets made, the local stack's data included
	rm -rf .venv .venv-lambda .trueup .aws-sam
