# `make` alone says what there is.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
VENV ?= .venv
export VENV
BIN := $(VENV)/bin

.PHONY: help
help: ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: install
install: ## the tools and the package, in .venv (uv comes through pip if it is missing)
	@tools/bootstrap.sh
