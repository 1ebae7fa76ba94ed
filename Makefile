# GNU make 3.81 compatible. `make help` lists the targets.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
PEERS := .venv-peers
PEERS_STAMP := $(PEERS)/.installed
# Bytecode: roles run as users that may not write any here, and would compile at every start.
COMPILE := $(PY) -m compileall -q proxy registrar_adapters escrow tests/support

# The newest supported interpreter that really runs (a version manager's shim may not).
PYTHON ?= $(shell for v in 3.14 3.13 3.12 3.11; do \
  if python$$v -c 'import venv, ensurepip' >/dev/null 2>&1; then echo python$$v; break; fi; done)

.DEFAULT_GOAL := help
.PHONY: help install run test peers lint bench lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

install: $(STAMP) ## create .venv from requirements.lock and install the project

$(STAMP): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo "privacyproxy needs Python 3.11 to 3.14 with venv (Debian: apt-get install python3 python3-venv)." >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; raise SystemExit(not sys.maxsize > 2**32)' || { echo "privacyproxy needs a 64-bit Python." >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(COMPILE)
	@touch $(STAMP)

run: install ## start everything with invented registrations
	@$(VENV)/bin/privacyproxy up --demo --data-dir var/demo

test: install ## the whole test suite
	@$(MAKE) --no-print-directory peers || { test -z "$$CI" || exit 1; echo "No clients of others could be installed: tests/peers is skipped." >&2; }
	@$(COMPILE)
	@$(PY) -m pytest -n auto --dist loadgroup

peers: $(PEERS_STAMP) ## install the clients written by others that tests/peers points at the service

$(PEERS_STAMP): tests/peers/requirements.lock
	@if [ -z "$(PYTHON)" ]; then echo "privacyproxy needs Python 3.11 to 3.14 with venv (Debian: apt-get install python3 python3-venv)." >&2; exit 1; fi
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r tests/peers/requirements.lock
	@touch $(PEERS_STAMP)

lint: install ## format, style, types, import walls, spelling, migrations
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/codespell
	@$(VENV)/bin/vulture
	@$(VENV)/bin/squawk proxy/store/migrations/*.sql

bench: install ## measure against the floors and print a table
	@$(VENV)/bin/privacyproxy bench all

lock: ## write requirements.lock anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv (pip install uv)." >&2; exit 1; }
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --all-extras --quiet pyproject.toml -o requirements.lock
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet tests/peers/requirements.in -o tests/peers/requirements.lock

clean: ## remove the virtual environment and the demo data
	@rm -rf $(VENV) $(PEERS) var build *.egg-info
