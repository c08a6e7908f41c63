# Mouthpiece's verbs. `make test` and `make demo` create what they need; a second run reuses it.
# Environments follow the lock files in requirements/: a changed lock rebuilds its environment.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BPY45 := .venv-bpy45
BPY50 := .venv-bpy50
RUN := $(VENV)/.stamp-run
DEVELOP := $(VENV)/.stamp-develop
PY := $(VENV)/bin/python

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help:  ## list these targets
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 14

# --- environments ---------------------------------------------------------------------------------

# $(call environment,FOLDER,LOCK): a clean environment in which the root is importable as `mouthpiece`
define environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
		{ echo "Mouthpiece's set-up needs Python 3.11 ('$(PYTHON)' is not): install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "'$(PYTHON)' cannot create environments: on Debian install python3.11-venv" >&2; exit 1; }
	@echo "setting up $(1) from $(2)"
	@$(PYTHON) -m venv --clear $(1)
	@$(1)/bin/python -m pip install --quiet --requirement $(2)
	@ln -sfn ../../../.. $(1)/lib/python3.11/site-packages/mouthpiece
endef

$(RUN): requirements/run.txt requirements/develop.txt
	$(call environment,$(VENV),requirements/run.txt)
	@touch $@

$(DEVELOP): $(RUN)
	@echo "adding requirements/develop.txt to $(VENV)"
	@$(PY) -m pip install --quiet --requirement requirements/develop.txt
	@touch $@

$(BPY45)/.stamp: requirements/bpy45.txt
	$(call environment,$(BPY45),$<)
	@touch $@

$(BPY50)/.stamp: requirements/bpy50.txt
	$(call environment,$(BPY50),$<)
	@touch $@

.PHONY: setup
setup: $(DEVELOP) $(BPY45)/.stamp $(BPY50)/.stamp  ## create all environments
