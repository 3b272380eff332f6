# `make run` and `make test` need Python 3.11 or newer and make; everything else goes into .venv.

PORT ?= 8501
PYTHON ?= python3
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all:
LOCK := --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
	--custom-compile-command "make lock"

export CHROMIUM
# Matrix products of the networks are small; two threads for one cost more than they bring, and many visitors share them.
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help run test lint check bench screenshots lock clean chromium

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

run: .venv/.runtime ## start the app on http://localhost:8501; another port with PORT=8600
	@exec $(BIN)/streamlit run app.py --server.port=$(PORT)

test: chromium .venv/.development ## run the tests, browser included
	@$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: .venv/.development ## check style, types and the import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

check: lint test ## everything that continuous integration runs

bench: .venv/.development ## time the core against its yardsticks
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: chromium .venv/.development ## take the pictures of the README again
	$(BIN)/python -m docs.screenshots

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

chromium:
	@test -n "$(CHROMIUM)" || { echo "The browser tests need Chromium and a font with Chinese characters;" \
	"on Debian: apt-get install chromium fonts-noto-cjk"; exit 1; }
