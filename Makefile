# The project's commands. `make` alone lists them.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# A PostgreSQL to test on; tests make and drop a database of their own there.
TEST_POSTGRESQL ?= postgresql://postgres@127.0.0.1:5432/postgres
PYTEST_OPTIONS ?=
# `newsletter bench torture --help` says which there are.
TORTURE_OPTIONS ?=

# Images of containers often set it. Without byte code every command that a test starts would compile our modules anew,
# and every process of pytest the tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup tools run test fast torture check wheel lock screenshots clean

help:  ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(VENV)/ready

# Made anew when the lock changes; hashes are checked for every package.
$(VENV)/ready: requirements.lock pyproject.toml
	@echo "setting up $(VENV) (about a minute the first time)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || (echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Only the tests use them: the official MJML compiler, html-validate and axe-core.
tools: tests/others/node_modules/ready  ## bring the tools from npm that some tests run

tests/others/node_modules/ready: tests/others/package-lock.json
	@npm ci --prefix tests/others --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

run: setup  ## set everything up and run the demo publication
	@exec $(BIN)/newsletter run

test: setup $(if $(shell command -v npm),tools)  ## the tests, on both databases where a PostgreSQL is reachable
	@PYTHON=$(BIN)/python TEST_POSTGRESQL=$(TEST_POSTGRESQL) sh tests/run.sh $(PYTEST_OPTIONS)

fast: setup  ## the tests that start no processes, on SQLite, one for each core at a time: under two minutes
	@$(BIN)/python -m pytest -q -n auto --dist loadscope -m "not processes and not others" $(PYTEST_OPTIONS)

torture: setup  ## kill, stop and starve sending processes, 20,000 people each time, and count who got what: half an hour
	@$(BIN)/newsletter bench torture $(TORTURE_OPTIONS)

check: setup  ## ruff, mypy, import-linter, migrations, wheel
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pip check
	NEWSLETTER_SITE__VAR=.venv/check $(BIN)/django-admin makemigrations --check --dry-run --settings newsletter.settings
	$(MAKE) --no-print-directory wheel

wheel: setup  ## build the wheel into dist/
	@rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist . >/dev/null
	@ls dist

lock: setup  ## compile requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --upgrade --quiet --output-file requirements.lock

screenshots: setup  ## take the pictures in docs/images/ anew (needs Chromium)
	@$(BIN)/python docs/screenshots.py

clean:  ## remove what was built; the demo's data under var/ too
	rm -rf $(VENV) dist var .mypy_cache .ruff_cache .pytest_cache
