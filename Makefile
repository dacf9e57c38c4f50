# Stategate. `make` alone lists the commands.
.DEFAULT_GOAL := help
.PHONY: help demo up bench test chaos check schema proto pictures screenshot clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PROTOC := $(BIN)/python -m grpc_tools.protoc -I .
PROTOS := $(sort $(wildcard api/proto/*.proto))

help: ## List the commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.run ## Set everything up and play the example story to its end
	@$(BIN)/stategate demo

up: $(VENV)/.run ## Set everything up, start it and stay; Ctrl-C stops it
	@exec $(BIN)/stategate up

bench: $(VENV)/.run ## Measure how fast everything is; make bench ARGS=--quick for a short form
	@$(BIN)/stategate bench $(ARGS)

test: $(VENV)/.dev ## Run every test, on real servers
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

chaos: $(VENV)/.dev ## Kill, pause, cut off and fill up everything under load, for an hour or two; make chaos ARGS="--faults 10 --actions 1000" for less
	@$(BIN)/python -m tests.chaos $(ARGS)

check: $(VENV)/.dev ## Lint, types, layers, schema
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m api.schema --check
	@$(BIN)/python -m consumers.asyncapi --check
	@fresh=$$(mktemp -d) && $(PROTOC) --python_out=$$fresh --pyi_out=$$fresh --grpc_python_out=$$fresh $(PROTOS) \
	  && for stub in $$fresh/api/proto/*; do cmp $$stub api/proto/$${stub##*/} || { echo "api/proto is not what its .proto files say; make proto"; exit 1; }; done \
	  && rm -r $$fresh

schema: $(VENV)/.dev ## Write api/schema.graphql and docs/asyncapi.json anew
	@$(BIN)/python -m api.schema
	@$(BIN)/python -m consumers.asyncapi

proto: $(VENV)/.dev ## Write the Python stubs of api/proto anew
	@$(PROTOC) --python_out=. --pyi_out=. --grpc_python_out=. $(PROTOS)

pictures: $(VENV)/.dev ## Draw docs/task.svg and docs/story.svg anew from the shipped rules
	@$(BIN)/python docs/pictures.py

screenshot: $(VENV)/.dev ## Draw the picture of the rule graph in docs/ anew (needs Chromium)
	@$(BIN)/python docs/screenshot.py

clean: ## Remove the environment and what tools left; fetched servers stay in the user's cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Stategate needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --upgrade -c constraints.txt pip

$(VENV)/.run: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Stategate into $(VENV)"
	@$(BIN)/python -m pip install -q -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Installing the tools for tests and checks"
	@$(BIN)/python -m pip install -q -c constraints.txt --group dev
	@touch $@
