# Every target is a line or two; what is longer lives in dev/. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# A pinned uv: the machine's own, or one from PyPI in the cache folder.
UV = $(eval UV := $$(shell sh dev/bootstrap.sh))$(or $(UV),$(error uv is missing: read the line above))
RUN = $(UV) run --quiet

# Most tests wait for the cluster, not for a processor; one at a time is handed out, so that no worker sits on long ones.
PARALLEL = -n 4 --dist load --maxschedchunk=1

include dev/cluster.mk dev/demo.mk dev/generate.mk

.PHONY: help test test-unit test-api test-e2e test-long verify fmt

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'

test: ## Run every test; sets up what it needs (root on Debian, or see README)
	@$(RUN) python -m dev.prepare
	$(RUN) pytest $(PARALLEL)

test-unit: ## Run the tests that need no network, in seconds
	$(RUN) pytest tests/unit

test-api: ## Run the tests against a real API server with simulated nodes (no root)
	$(RUN) pytest $(PARALLEL) tests/api

test-e2e: ## Run the tests with real containers (root)
	@$(RUN) python -m dev.prepare
	$(RUN) pytest $(PARALLEL) tests/e2e

test-long: ## Run the tests that take many minutes, one after another (no root)
	$(RUN) pytest -m long

verify: generate-check ## Lint, types, layers, generated files
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(RUN) mypy dev
	$(RUN) lint-imports

fmt: ## Format the code
	$(RUN) ruff check --fix
	$(RUN) ruff format
