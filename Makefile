# Mouthpiece's verbs. `make test` and `make demo` create what they need; a second run reuses it.
# Environments follow the lock files in requirements/: a changed lock rebuilds its environment.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BPY45 := .venv-bpy45
BPY50 := .venv-bpy50
RUN := $(VENV)/.stamp-run
DEVELOP := $(VENV)/.stamp-develop
ALL := $(DEVELOP) $(BPY45)/.stamp $(BPY50)/.stamp
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
setup: $(ALL)  ## create all environments

.PHONY: lock
lock:  ## resolve the dependency groups of pyproject.toml anew into requirements/
	@for group in run cluster develop bpy45 bpy50; do \
		echo "resolving $$group" && \
		$(PYTHON) -m venv --clear build/lock && \
		build/lock/bin/python -m pip install --quiet --upgrade 'pip>=25.1' && \
		build/lock/bin/python -m pip install --quiet --group $$group && \
		build/lock/bin/python -m pip freeze | sed 's/+[a-z0-9.]*$$//' > requirements/$$group.txt || exit 1; \
	done
	@rm -rf build/lock

# --- the demo -------------------------------------------------------------------------------------

# make demo AUDIO=line.wav REFERENCES="take_1.csv take_2.csv:take_2.wav"
.PHONY: demo
demo: $(RUN) $(BPY45)/.stamp  ## build the demo character, bake its dialogue, render a video into build/demo
	@$(BPY45)/bin/python -m mouthpiece.demo --out build/demo \
		$(if $(AUDIO),--audio "$(AUDIO)") $(foreach take,$(REFERENCES),--reference "$(take)")

# --- checks ---------------------------------------------------------------------------------------

.PHONY: test
test: $(ALL) wheels  ## everything: lint, unit, streaming, training, Blender 4.5 and 5.0, package
	@$(PY) tests/suites.py

.PHONY: lint
lint: $(DEVELOP)  ## ruff's lint and format checks
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

.PHONY: format
format: $(DEVELOP)  ## let ruff fix and format the code
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

.PHONY: bench-batch
bench-batch: $(DEVELOP)  ## speed of a batch: packed, Dask, ten thousand short lines, graphics cards
	@$(PY) -m mouthpiece bench --batch $(ARGS)

.PHONY: bench
bench: $(RUN) $(BPY45)/.stamp $(BPY50)/.stamp  ## speed of the model and of a bake on this machine
	@$(PY) -m mouthpiece bench
	@for blender in $(BPY45) $(BPY50); do $$blender/bin/python tests/blender/bench_bake.py || exit 1; done

# --- the model: ARGS="…" passes options on ---------------------------------------------------------

.PHONY: corpus
corpus: $(DEVELOP)  ## build the training corpus into build/corpus
	@$(PY) -m mouthpiece.training.corpus $(ARGS)

.PHONY: train
train: $(DEVELOP)  ## train the model and export it into weights/
	@$(PY) -m mouthpiece.training.train $(ARGS)

.PHONY: evaluate
evaluate: $(DEVELOP)  ## print every figure of the model card from held-out data
	@$(PY) -m mouthpiece.training.evaluate --card weights/MODEL_CARD.md $(ARGS)

# --- the package ----------------------------------------------------------------------------------

# The manifest is the lock: a wheel's name says its version, Python and platform.
.PHONY: wheels
wheels: $(BPY45)/.stamp  ## download the wheels that the manifest lists
	@sed -n 's|^ *"\./wheels/\(.*\)\.whl",$$|\1|p' blender_manifest.toml | \
	while IFS=- read -r name version python abi platform; do \
		[ -e "wheels/$$name-$$version-$$python-$$abi-$$platform.whl" ] && continue; \
		target="--python-version $${python#cp} --implementation cp --abi $$abi --platform $$platform"; \
		[ "$$platform" = any ] && target=""; \
		echo "downloading $$name $$version $$python $$platform"; \
		$(BPY45)/bin/python -m pip download --quiet --no-deps --only-binary=:all: --dest wheels \
			$$target "$$name==$$version" || exit 1; \
	done

# Blender's own extension builder; it runs without a Blender.
BUILDER := $(BPY45)/lib/python3.11/site-packages/bpy/4.5/scripts/addons_core/bl_pkg/cli/blender_ext.py

.PHONY: package
package: wheels  ## build and validate dist/mouthpiece-VERSION-PLATFORM.zip
	@rm -rf dist && mkdir -p dist
	@$(BPY45)/bin/python $(BUILDER) build --source-dir . --output-dir dist --split-platforms
	@for zip in dist/*.zip; do $(BPY45)/bin/python $(BUILDER) validate "$$zip" || exit 1; done
	@ls -sh dist

.PHONY: clean
clean:  ## remove what tests, demo and packaging left (keeps environments, wheels, corpus and checkpoints)
	rm -rf build/demo build/tests dist .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +

.PHONY: distclean
distclean: clean  ## remove everything that a fresh clone does not have
	rm -rf build wheels $(VENV) $(BPY45) $(BPY50)
