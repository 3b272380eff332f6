# `make run` and `make test` need Python 3.11 or newer and make; everything else goes into .venv.

PORT ?= 8501
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all:
# A browser that launches, installed where there is none.
FIND_CHROMIUM := CHROMIUM="$$($(BIN)/python -m tests.browser.chromium)" && export CHROMIUM &&
LOCK := --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
	--custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help run test lint check measure bench load screenshots lock clean

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

run: .venv/.runtime ## start the app on http://localhost:8501; another port with PORT=8600
	@exec $(BIN)/streamlit run app.py --server.port=$(PORT)

test: .venv/.development ## run the tests, browser included
	@$(FIND_CHROMIUM) $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: .venv/.development ## check style, types and the import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

check: lint test ## everything that continuous integration runs

measure: .venv/.runtime ## measure every claim, question and panel again; CHECK=1 compares only, ONLY="momentum traps"
	@$(BIN)/python -m pages.record $(if $(CHECK),--check) $(ONLY)

bench: .venv/.development ## time the core against its yardsticks
	$(BIN)/python -m benchmarks $(ARGS)

load: .venv/.development ## visit the app 500 times and watch its memory; a crowd of 30 with ARGS="CROWD=30 VISITS=0"
	@$(BIN)/python -m benchmarks.load $(ARGS)

screenshots: .venv/.development ## take the pictures of the README again
	@$(FIND_CHROMIUM) $(BIN)/python -m docs.screenshots

lock: .venv/.development ## resolve requirements*.in again, with hashes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile $(LOCK) requirements.in -o requirements.txt
	$(BIN)/uv pip compile $(LOCK) requirements-dev.in -o requirements-dev.txt

clean: ## remove .venv and everything generated
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .numba
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp file, so that the second start installs nothing.
.venv/.runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "Python 3.11 or newer is needed; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what the app needs into .venv (once)"
	@$(INSTALL) -r requirements.txt
	@touch $@

.venv/.development: requirements-dev.txt .venv/.runtime
	@echo "Installing what the checks need into .venv (once)"
	@$(INSTALL) -r requirements-dev.txt
	@touch $@
