# Every target works on a fresh clone: each one first makes the environment it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV_VERSION := 0.13.9
export RAG_LOG_LEVEL ?= WARNING

.PHONY: venv ask chat test eval bench lint types lock clean
.DEFAULT_GOAL := help

help:
	@echo 'make ask Q="who led the US delegation?"   answer a question about the articles in seeds/'
	@echo 'make chat                                 open the chat page on http://127.0.0.1:7860'
	@echo 'make test | eval | bench                  tests, accuracy on the question set, speed'

venv: $(READY)

# pip installs uv; uv installs exactly what the lock names (hashes checked, nothing resolved).
$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

ask: $(READY)
	@$(BIN)/rag ask "$$Q"

chat: $(READY)
	@$(BIN)/rag serve

test: $(READY)
	$(BIN)/python -m pytest

eval: $(READY)
	$(BIN)/rag eval --gate

bench: $(READY)
	$(BIN)/python -m evals.bench

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

lock:
	uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--extra evals --extra openai-like --extra mcp --group dev --group weights \
		pyproject.toml --output-file requirements.lock
