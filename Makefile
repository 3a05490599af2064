# Two commands on a fresh machine: `make demo` runs the main job, `make test` passes the tests.
PYTHON ?= python3.11
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev
export PYTHONDONTWRITEBYTECODE :=  # set, every start of a server would compile all of it anew

.PHONY: help demo test check types structure run bench screenshots format rebuild-golden clean system-packages

help:            ## what there is
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: $(STAMP)   ## start a server, train a small network, verify its model, stay up
	@$(BIN)/python -m server.demo

run: $(STAMP)    ## start the server on http://127.0.0.1:8470
	@$(BIN)/python -m server

test: $(DEV)  ## everything: unit, contract, integration, acceptance, browser
	@$(MAKE) --no-print-directory -j2 --output-sync=target system-packages check
	$(BIN)/python -m pytest -q -n 3 --dist loadgroup --no-loadscope-reorder --ignore tests/architecture $(PYTEST_ARGS)

check: $(DEV)  ## ruff, mypy --strict, import contracts, size budgets
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j2) --output-sync=target types structure

types:
	$(BIN)/mypy

structure:
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/architecture

bench: $(DEV)  ## measure the budgets side by side with their floors
	@$(BIN)/python -m benchmarks

screenshots: $(DEV) system-packages ## every page and state of a furnished lab into docs/screenshots
	@$(BIN)/python -m tests.ui.screenshots

format: $(DEV) ## what the tools can mend themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

rebuild-golden: $(DEV) ## write golden files that are missing, never those that are there
	$(BIN)/python -m tests.golden.write
	$(BIN)/python -m tests.golden.write_tasks
	$(BIN)/python -m graphql_api.sdl

system-packages: ## Chromium and Slurm for the tests, by apt where we may
	@sh .ci/system-packages

clean:           ## forget the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .labledger dist

$(STAMP): pyproject.toml .ci/make-venv
	@sh .ci/make-venv "$(PYTHON)" "$(VENV)" server,embedded
	@touch $@

$(DEV): pyproject.toml .ci/make-venv
	@sh .ci/make-venv "$(PYTHON)" "$(VENV)" server,embedded,s3,dev
	@touch $@ $(STAMP)
