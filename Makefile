# Commands for people and for CI. Everything installs into .venv; nothing else on the machine is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
MINUTES ?= 60
SEED ?=
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: setup demo test lint soak bench screens

setup:
	@digest=`cat pyproject.toml requirements.lock | cksum`; \
	if [ "`cat $(VENV)/.stamp 2>/dev/null`" = "$$digest" ] && [ -x $(BIN)/milkrun ]; then exit 0; fi; \
	echo "Installing into $(VENV), about half a minute with a warm package cache"; \
	if [ -n "$(UV)" ]; then \
	  $(UV) venv -q --allow-existing --python "$(PYTHON)" $(VENV) && \
	  $(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements.lock && \
	  $(UV) pip install -q --python $(BIN)/python --no-deps -e .; \
	else \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-compile --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .; \
	fi && echo "$$digest" > $(VENV)/.stamp

demo: setup
	@exec $(BIN)/milkrun demo

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup lint
	$(BIN)/python -m tests.helpers.chromium
	$(BIN)/python -m tests.helpers.suites

soak: setup
	MILKRUN_SOAK_MINUTES=$(MINUTES) MILKRUN_SOAK_SEED=$(SEED) $(BIN)/pytest -m slow --timeout=0
	MILKRUN_SOAK_MINUTES=$(MINUTES) MILKRUN_SOAK_SEED=$(SEED) $(BIN)/python -m tests.sim.soaking

bench: setup
	$(BIN)/milkrun bench all

screens: setup
	$(BIN)/python -m tests.helpers.chromium
	MILKRUN_SCREENS=$(CURDIR)/artefacts/screens $(BIN)/pytest -m e2e tests/e2e
	$(BIN)/python -m tests.helpers.pictures artefacts/screens docs/pictures
