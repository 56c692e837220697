# Everything happens in .venv, which is made when it is needed.

# Options to pass on to what chat, test, bench or screenshots run, such as ARGS="--port 8000".
ARGS =
# Set to "no" to leave out the tests in a browser.
BROWSER_TEST ?=
# For train: a file of papers, a file of the ids to keep out, and the folder to write to.
PAPERS =
RESERVED =
OUT = var/train
# The Python to make .venv with, when it is not one of python3.11, python3.12, python3.13.
PYTHON ?=

SIDEREUS = .venv/bin/sidereus
RUN = .venv/bin/python -m
OFFLINE_MODELS = astro-minilm astro-reader smollm2-135m-instruct

export PYTHON BROWSER_TEST

.DEFAULT_GOAL := help
.PHONY: help setup ready setup-test ready-offline chat beginnings test lint format bench train screenshots wheel clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv with Sidereus in it, and mend what is wrong there
	@.ci/setup --check

ready:
	@.ci/setup

setup-test:
	@.ci/setup test

chat: ready ## Open the chat in a browser; everything missing is fetched first
	@.venv/bin/python .ci/alone.py $(MAKE) --no-print-directory beginnings
	@$(SIDEREUS) chat $(ARGS)

beginnings:
	@[ "$$($(SIDEREUS) models list --json | grep -c '"in_use": true')" -ge 2 ] || $(SIDEREUS) models get
	@$(SIDEREUS) index list --json | grep -q '"name"' || $(SIDEREUS) index build starter starter

ready-offline: setup-test
	@$(SIDEREUS) models get $(OFFLINE_MODELS)
	@$(SIDEREUS) index list --json | grep -q '"name"' || $(SIDEREUS) index build starter starter

test: setup-test ## Run all checks and tests
	@.ci/browser
	@$(SIDEREUS) models get $(OFFLINE_MODELS)
	@$(MAKE) --no-print-directory lint
	@$(RUN) pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup-test ## Check style and types
	@$(RUN) ruff check --quiet .
	@$(RUN) ruff format --check --quiet . || { echo "Some files are not formatted: run 'make format'." >&2; exit 1; }
	@$(RUN) mypy

format: setup-test ## Format the code, and mend what can be mended by itself
	@$(RUN) ruff check --fix --quiet .
	@$(RUN) ruff format .

bench: ready-offline ## Measure start-up, search, answers and memory on this machine
	@.venv/bin/python benchmarks/speed.py $(ARGS)

train: setup-test ## Make astro-minilm again: PAPERS=file [RESERVED=file] [OUT=folder]
	@[ -n "$(PAPERS)" ] || { echo "Name the papers to learn from: make train PAPERS=FILE" >&2; exit 2; }
	@$(SIDEREUS) index list --json | grep -q '"name": "train"' || \
		$(SIDEREUS) index build train "$(PAPERS)" --embedding all-minilm-l6-v2
	@[ -e "$(OUT)/data/facts.json" ] || \
		$(SIDEREUS) train dataset "$(OUT)/data" --index train $(if $(RESERVED),--reserved "$(RESERVED)")
	@$(SIDEREUS) train embedder "$(OUT)/data" "$(OUT)" $(ARGS)

screenshots: ready-offline ## Take the pictures in docs/images again
	@.ci/browser
	@.venv/bin/python benchmarks/screenshots.py $(ARGS)

wheel: setup-test ## Build the wheel into dist/
	@$(RUN) build --wheel

clean: ## Remove what was built and cached; models, indexes and .venv stay
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache *.egg-info
	find rag ui tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
