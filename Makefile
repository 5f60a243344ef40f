# Every habit by name. Python 3.11 or newer and make are presumed, nothing else.
#
# What is installed or built is remembered in .make/ (and beside the page) by the content of what it came from, so that
# a second run does nothing again when nothing has changed.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PYTHON := $(VENV)/bin/python
OPTIONS ?=

# Without the virtual environment nothing of what .make/ remembers holds.
$(if $(wildcard $(PYTHON)),,$(shell rm -rf .make))

# POSIX cksum: a machine need not have more.
content = $(shell cat $(1) 2>/dev/null | cksum | tr ' ' '-')
DEMO_READY := .make/demo-$(call content,requirements/demo.txt pyproject.toml)
DEV_READY := .make/dev-$(call content,requirements/dev.txt pyproject.toml)

.PHONY: help demo test test-real lint format bench bench-full ui docs pictures lock package clean

help: ## list the habits (what a bare make does)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

demo: $(DEMO_READY) ## try it out: provider, simulated cluster and server (OPTIONS="--pods 10000")
	@$(PYTHON) hatch_build.py
	@$(VENV)/bin/headlamp demo $(OPTIONS)

test: $(DEV_READY) ## run all tests that need nothing else, and name what was left out
	@$(PYTHON) hatch_build.py
	@$(PYTHON) hatch_build.py npm run test
	@$(PYTHON) -m pytest tests/unit tests/adversarial tests/browser $(OPTIONS)

test-real: $(DEV_READY) ## run the tests on a real API server and real identity providers (builds them first)
	@$(PYTHON) hatch_build.py
	@$(PYTHON) -m pytest tests/real $(OPTIONS)

lint: $(DEV_READY) ## check style, types, import directions, the page's code, and that the docs equal the code
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PYTHON) -m headlamp.settings.docs --check
	$(PYTHON) hatch_build.py npm run check
	$(PYTHON) hatch_build.py npm run lint

format: $(DEV_READY) ## format the Python code, and repair what ruff can repair
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(DEV_READY) ## measure what claims about performance rest on, in minutes (OPTIONS="p3 p6" measures these rows)
	@$(PYTHON) hatch_build.py
	@$(PYTHON) -m bench --short $(OPTIONS)

bench-full: $(DEV_READY) ## the same in the long form, and the parts that the short one leaves out
	@$(PYTHON) hatch_build.py
	@$(PYTHON) -m bench $(OPTIONS)
	@$(PYTHON) -m bench rows sign_in sessions

ui: $(DEMO_READY) ## build the page, if its sources have changed
	@$(PYTHON) hatch_build.py

docs: $(DEMO_READY) ## write the pages of docs/ that come from the code
	$(PYTHON) -m headlamp.settings.docs

pictures: $(DEV_READY) ## take the pictures of the README from the running demo (needs Chromium)
	@$(PYTHON) hatch_build.py
	@$(PYTHON) -m docs.pictures

lock: $(DEV_READY) ## resolve the lock files again (OPTIONS=--upgrade takes newer versions)
	$(PYTHON) requirements/lock.py $(OPTIONS)

package: $(DEV_READY) ## build the wheel and the source distribution into dist/
	@$(PYTHON) hatch_build.py
	$(PYTHON) -m build --no-isolation

clean: ## remove everything that was installed or built
	rm -rf $(VENV) .make dist build src/headlamp/page ui/node_modules
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The two stages of the virtual environment. The larger one holds the smaller one, so `make test` before `make demo`
# installs once. Hashes are required: what is installed is what was locked.
$(DEMO_READY): | $(PYTHON)
	@echo "Installing what the program needs …"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	@$(PYTHON) hatch_build.py
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@mkdir -p .make && rm -f .make/demo-* && touch $@

$(DEV_READY): | $(PYTHON)
	@echo "Installing what developing needs …"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(PYTHON) hatch_build.py
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@mkdir -p .make && rm -f .make/dev-* .make/demo-* && touch $@ $(DEMO_READY)

$(PYTHON):
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making a virtual environment with $$($$python --version) …"; exec $$python -m venv --clear $(VENV); \
	  fi; \
	done; echo "headlamp needs Python 3.11 or newer, and found none." >&2; exit 1
