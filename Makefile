# Two commands matter: `make demo` runs it, `make test` tests it. Both make their own environment first.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test lint types shape bench clean

demo: $(VENV)/run  ## a filled brand on http://127.0.0.1:8000, with links and keys to try
	$(BIN)/trustcenter demo

test: $(VENV)/dev  ## everything, on SQLite and on a real PostgreSQL
	$(BIN)/python -m tests

lint: $(VENV)/dev  ## style
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/dev  ## types
	$(BIN)/mypy

shape: $(VENV)/dev  ## import contracts, and migrations that match the models
	$(BIN)/lint-imports
	DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check --dry-run

bench: $(VENV)/dev  ## figures: checks and recorded consents a second, with the machine named
	$(BIN)/python -m tests.bench

clean:  ## forget the environment; what was recorded (var/) stays
	rm -rf $(VENV)

$(VENV)/run: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "TrustCenter needs Python 3.11 or newer; set PYTHON=python3.11 (or newer)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/dev: pyproject.toml $(VENV)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
