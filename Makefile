# `make` alone says what there is.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
VENV ?= .venv
export VENV
BIN := $(VENV)/bin
# Many of the slow tests wait for a cluster; the fast ones do not, and each worker reads them all first.
WORKERS ?= 4
PYTEST := $(BIN)/python -m pytest --dist loadgroup -n $(WORKERS)
SPHINX := $(BIN)/python -m sphinx -W --keep-going -q -b html
# Bytecode is written, whatever the shell says: without it each start costs a second.
unexport PYTHONDONTWRITEBYTECODE
# The parts of a target run side by side, each with its output in one piece.
TOGETHER := $(MAKE) --no-print-directory --output-sync=target --keep-going -j3

.PHONY: help
help: ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: install
install: ## the tools and the package, in .venv (PYTHON=3.13 or a path chooses the interpreter)
	@tools/bootstrap.sh

.PHONY: demo
demo: install $(if $(LAB),lab-build) ## the whole story on a simulated cluster (LAB=1: on the lab's real control plane)
	@$(if $(LAB),$(BIN)/python -m lab.demo,$(BIN)/holdfast demo)

.PHONY: test
test: install lab-build ## everything that must always hold, the real control plane included
	@$(TOGETHER) format lint types imports repeats docs
	@$(PYTEST)

.PHONY: check
check: install ## what a commit needs, in under a minute: everything but the slow tests and the lab
	@$(TOGETHER) fast types docs imports repeats lint format

.PHONY: prove
prove: install lab-build ## every suite at its full N; leaves results/prove.json and prove-oldest.json
	@HOLDFAST_PROVE=1 $(PYTEST)
	@HOLDFAST_PROVE=1 $(MAKE) --no-print-directory oldest

.PHONY: oldest
oldest: export HOLDFAST_LAB_OLDEST = 1
oldest: install ## fences, leases and attacks on the oldest API server that they are for (its first build takes a while)
	@$(BIN)/python -m lab build
	@$(PYTEST) $(addprefix tests/cluster/test_,$(addsuffix .py,fences leases install conformance))

.PHONY: fast
fast: install ## the tests that need neither the lab nor patience
	@$(PYTEST) -n 2 -q -m "not lab and not slow"

.PHONY: format
format: install ## is everything formatted? (`make tidy` makes it so)
	@$(BIN)/ruff format --quiet --check .

.PHONY: lint
lint: install ## ruff, with the banned calls
	@$(BIN)/ruff check --quiet .

.PHONY: tidy
tidy: install ## format, and mend what ruff can mend by itself
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format --quiet .

.PHONY: types
types: install ## mypy, strict
	@$(BIN)/mypy --no-error-summary

.PHONY: imports
imports: install ## the import contracts
	@said=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$said"; exit 1; }

.PHONY: repeats
repeats: install ## does any logic under src/ stand twice?
	@$(BIN)/python -m tools.repeats

.PHONY: docs
docs: install ## the documentation, without a warning, in docs/_build/html
	@$(SPHINX) -d docs/_build/doctrees docs docs/_build/html

.PHONY: generate
generate: install ## write again what is generated from the declarations
	@$(BIN)/python -m tools.generate

.PHONY: captures
captures: install ## write again what the documentation shows of the screens
	@$(BIN)/python -m tools.captures

.PHONY: lab
lab: install lab-build ## start a real control plane for people, and say how to use and stop it
	@$(BIN)/python -m lab up

.PHONY: lab-check
lab-check: install lab-build ## start a lab, wait until a pod runs, stop it, and say how long that took
	@$(BIN)/python -m lab check

.PHONY: lab-build
lab-build: install ## build the control plane's programs, once, into a cache outside the checkout
	@$(BIN)/python -m lab build

.PHONY: trials
trials: install lab-build ## play the library of trials on a lab: recall, false alarms (ARGS="--area storage --seed 7")
	@$(BIN)/python -m lab.trials $(ARGS)

.PHONY: mutants
mutants: install ## which small changes of policy, approvals, audit and states no test notices (resumable; ARGS="audit --shard 2/4")
	@$(BIN)/python -m tests.mutation $(ARGS)

.PHONY: bench
bench: install lab-build ## the measurements, as one table and one JSON file under results/
	@$(BIN)/python -m bench

.PHONY: lock
lock: install ## write the hashed requirements again
	@tools/lock.sh

.PHONY: wheel
wheel: install ## the wheel, in dist/
	@$(BIN)/python -m hatchling build --target wheel

.PHONY: clean
clean: ## remove what the other targets made (the lab's cache stays)
	@rm -rf build dist results docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache .grimp_cache .demo $(VENV) .uv
