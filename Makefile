# Asman. `make help` names what there is. Every target does its own set-up, on a fresh clone too.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
UV := .tools/uv/bin/uv
BIN := .venv/bin
STAMPS := .stamps
CONSOLE_SOURCES := $(shell find console -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: help setup browser check test test-long bench demo docs lock format clean

help:  ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMPS)/python $(STAMPS)/console  ## everything that running needs: .venv/bin/asman and the console
	@echo "ready: .venv/bin/asman --help"

$(STAMPS)/uv: requirements/tools.lock tools/prepare
	@tools/prepare python
	@$(PYTHON) -m venv .tools/uv
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tools.lock
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/python: $(STAMPS)/uv requirements/dev.lock pyproject.toml
	@echo "setup: Python environment in .venv"
	@test -x $(BIN)/python || $(UV) venv --quiet --python "$$(command -v $(PYTHON))" .venv
	@UV_COMPILE_BYTECODE_TIMEOUT=600 $(UV) pip sync --quiet --require-hashes --compile-bytecode --python $(BIN)/python requirements/dev.lock
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/npm: console/package.json console/package-lock.json tools/prepare
	@tools/prepare node
	@echo "setup: the console's packages"
	@cd console && npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/console: $(STAMPS)/npm $(CONSOLE_SOURCES)
	@echo "setup: building the console"
	@cd console && npm run --silent build
	@mkdir -p $(STAMPS) && touch $@

browser: tools/prepare
	@tools/prepare browser

check: setup  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	cd console && npm run --silent check

test: setup browser  ## the tests, in minutes
	cd console && npm test --silent
	$(BIN)/pytest -n 2 --dist worksteal -m "not long"

test-long: setup browser  ## fuzz, soak, simulation seeds, new examples of every property, in hours
	ASMAN_EXPLORE=1 $(BIN)/pytest -n 2 -m "long or hypothesis" --timeout 14400

bench: setup browser  ## figures beside their peers, into benchmarks/results.json
	$(BIN)/python -m benchmarks.run

demo: setup  ## simulated radars around Kant, live in your browser
	$(BIN)/asman demo $(DEMO)

docs: $(STAMPS)/uv  ## the documentation as pages in site/
	@test -x .tools/docs/bin/python || $(UV) venv --quiet --python "$$(command -v $(PYTHON))" .tools/docs
	@$(UV) pip sync --quiet --require-hashes --python .tools/docs/bin/python requirements/docs.lock
	.tools/docs/bin/mkdocs build --strict --quiet
	@echo "docs: site/index.html"

lock: $(STAMPS)/uv  ## resolve the dependencies anew into requirements/*.lock
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --group dev pyproject.toml -o requirements/dev.lock
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 requirements/docs.in -o requirements/docs.lock
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 requirements/tools.in -o requirements/tools.lock

format: setup  ## write the code in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## forget every environment and build
	rm -rf .venv .tools $(STAMPS) console/node_modules src/asman/edge/static site
