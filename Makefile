# Everything that a person or a machine does with this repository has a name here; `make help` lists them.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.made-from-lock
PYTEST := $(BIN)/pytest

.DEFAULT_GOAL := help
.PHONY: help demo test check chaos faults bench venv lock format reference pictures clean prepare
.DELETE_ON_ERROR:
.NOTPARALLEL:

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(STAMP) ## update a small app on an embedded PostgreSQL
	$(BIN)/aman demo

test: prepare ## everything, on a fresh Debian machine too
	$(MAKE) check
	$(BIN)/python -m amankan.testing.chaos --quick
	$(PYTEST) -m real tests/contract
	$(PYTEST) -n 2 --dist loadfile tests/crash tests/real
	$(BIN)/python -m tests.faults --short --minutes 8

check: $(STAMP) ## format, lint, types, floors, unit and contract tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy src tests
	$(BIN)/lint-imports
	$(PYTEST) -n 2 -m "not real" tests/unit tests/contract

chaos: $(STAMP) ## stop at every point of every plan, recover, compare
	$(BIN)/python -m amankan.testing.chaos

faults: prepare $(STAMP) ## play real faults against real processes, and count; FAULTS=--resume goes on
	$(BIN)/python -m tests.faults $(FAULTS)

bench: $(STAMP) ## measure side by side
	$(BIN)/python bench

venv: $(STAMP) ## the virtual environment, exactly as locked

$(STAMP): requirements/development.lock pyproject.toml
	tools/virtual-environment "$(PYTHON)" .venv
	touch $@

prepare: ## what the tests need from the system
	PYTHON="$(PYTHON)" tools/prepare

lock: $(STAMP) ## remake requirements/*.lock
	tools/lock

format: $(STAMP) ## lay out the code and repair what can be repaired
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

reference: $(STAMP) ## write the pages that the code says anew
	$(BIN)/python tools/reference

pictures: $(STAMP) ## record the pictures of the README anew
	$(BIN)/python tools/pictures

clean: ## remove what was made, the virtual environment too
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
