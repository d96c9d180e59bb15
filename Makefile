# `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DVC := $(BIN)/dvc
# DVC stages say `python`: theirs is the environment's.
export PATH := $(abspath $(BIN)):$(PATH)

# Names are UTF-8 whatever the locale: in the app, in DVC, in Dask's workers.
export PYTHONUTF8 := 1

# What is named on the command line, and only there, is data: recipes take it from the environment, as "$$NAME",
# and neither make nor the shell reads it.
NAMED := BASE DASHBOARD DATASET HOST LABELS LAYERS MODEL NAME PORT ROOT SCHEDULER SIZES SPLIT VECTORS WEIGHTS WORKERS
$(foreach each,$(NAMED),$(eval override $(each) := \
	$(if $(filter command,$(origin $(each))),$$(value $(each)))))
export $(NAMED)

.DEFAULT_GOAL := help
.PHONY: help setup demo app test test-fast lint format accept bench bench-stages bench-scaling bench-units bench-app bench-tour bench-live bench-host components imagenette imagewoof run scheduler workers prune train experiments bundle coarse lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(STAMP) ## create the environment in .venv

$(STAMP): requirements.lock requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@# Which build of torch it is (for the CPU, for a version of CUDA) is the machine's matter, so no hash is kept.
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep -o '^torch==[^ ]*' requirements.txt)"
	@# A source archive has no git history, which DVC must be told.
	@[ -e .git ] || $(DVC) config --local core.no_scm true
	@touch $@

demo: setup ## bring the embedded data up to date and open the app
	$(DVC) pull --quiet --allow-missing
	$(BIN)/python -m layerscope build
	$(MAKE) --no-print-directory app

app: setup ## open the app: [HOST=localhost]
	$(BIN)/streamlit run streamlit_app.py --server.address "$${HOST:-localhost}" --browser.serverAddress "$${HOST:-localhost}"

# Only who changes a component needs Node.js, 20 or later; the app runs from ui/components/dist.
NODE_STAMP := ui/components/node_modules/.installed
$(NODE_STAMP): ui/components/package-lock.json
	cd ui/components && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

components: $(NODE_STAMP) ## bundle the components of the browser into ui/components/dist
	node ui/components/build.js

test: setup $(NODE_STAMP) ## run all tests
	node ui/components/build.js --check
	node ui/components/build.js --test
	$(BIN)/python -m pytest -n auto --dist loadfile

test-fast: setup ## run the tests that take less than two minutes together
	$(BIN)/python -m pytest -m "not slow"

bench: setup ## measure the reduction against the usual recipe and write docs/bench-reduction.json
	$(BIN)/python -m bench.reduction

bench-stages: setup ## measure the pipeline stage by stage and write docs/bench-stages.json
	$(BIN)/python -m bench.stages

bench-scaling: setup ## measure one and two workers and write docs/bench-scaling.json
	$(BIN)/python -m bench.scaling

bench-units: setup ## measure single steps and write docs/bench-units.json
	$(BIN)/python -m bench.units

bench-app: setup ## measure the app in a browser and write docs/bench-app.json
	$(BIN)/python -m bench.app

bench-tour: setup ## measure the UMAP Tour in a browser and write docs/bench-tour.json
	$(BIN)/python -m bench.grand_tour

bench-live: setup ## measure what the app computes live and write docs/bench-live.json
	$(BIN)/python -m bench.live

bench-host: setup ## measure what a host pays: memory, and waiting in a crowd; write docs/bench-host.json
	$(BIN)/python -m bench.host

lint: setup $(NODE_STAMP) ## check style and types
	cd ui/components && node_modules/.bin/biome check . && node_modules/.bin/tsc
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup $(NODE_STAMP) ## put the code in order
	cd ui/components && node_modules/.bin/biome check --write .
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

accept: setup ## take code that alters no result into dvc.lock: [BASE=revision]
	$(BIN)/python -m bench.acceptance $${BASE:+--base="$$BASE"}

# Settings of a run that are named, as the command's options.
ADD_RUN = $(BIN)/python -m layerscope add --build --model="$$MODEL" $${NAME:+--name="$$NAME"} $${WEIGHTS:+--weights="$$WEIGHTS"} \
	$${SIZES:+--sizes="$$SIZES"} $${ROOT:+--root="$$ROOT"} $${SPLIT:+--split="$$SPLIT"} \
	$${LABELS:+--labels="$$LABELS"} $${LAYERS:+--layers="$$LAYERS"} $${VECTORS:+--vectors="$$VECTORS"}
# Training and validation pictures together, which are kept apart in a column.
PHOTOGRAPHS = : "$${SIZES:=100,1000,7000}" "$${SPLIT:=all}" "$${MODEL:=vgg16}"; $(ADD_RUN) -- $@

imagenette: setup ## add Imagenette at 100, 1,000 and 7,000 and build it: [MODEL=vgg16] and as for run
	$(PHOTOGRAPHS)

imagewoof: setup ## add Imagewoof at 100, 1,000 and 7,000 and build it: [MODEL=vgg16] and as for run
	$(PHOTOGRAPHS)

run: setup ## add a run and build it: DATASET= MODEL= [NAME=] [WEIGHTS=] [SIZES=] [ROOT=] [SPLIT=] [LABELS=] [LAYERS=] [VECTORS=]
	$(ADD_RUN) -- "$$DATASET"

# Else a forward pass takes 1.6 times as long: see layerscope/parallel.py.
KEEP_MEMORY := "{'MALLOC_TRIM_THRESHOLD_': '268435456', 'MALLOC_MMAP_THRESHOLD_': '268435456'}"

# Dask's web server listens even without a dashboard; so does every worker's.
scheduler: setup ## start a Dask scheduler on this machine, for this machine: [HOST=127.0.0.1] [PORT=8786] [DASHBOARD=port]
	PYTHONPATH="$$PWD" $(BIN)/dask scheduler --host "$${HOST:-127.0.0.1}" --port "$${PORT:-8786}" \
		$$([ "$$DASHBOARD" ] || echo --no-dashboard) \
		--dashboard-address "$$([ "$$DASHBOARD" ] && echo "$${HOST:-127.0.0.1}" || echo 127.0.0.1):$${DASHBOARD:-0}"

workers: setup ## start a worker a core for a scheduler, in this folder: SCHEDULER=tcp://127.0.0.1:8786 [HOST=127.0.0.1] [WORKERS=]
	PYTHONPATH="$$PWD" DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON=$(KEEP_MEMORY) \
		$(BIN)/dask worker --host "$${HOST:-127.0.0.1}" --nthreads 1 --nworkers "$${WORKERS:-$$(nproc)}" \
		--no-dashboard --dashboard-address 127.0.0.1:0 --preload layerscope.parallel -- "$$SCHEDULER"

prune: setup ## delete arrays on object storage that no pointer in data/ leads to
	$(BIN)/python -m stages.prune

train: setup ## train anew: NAME=rendered or NAME=imagenette
	@# DVC does not run a frozen stage: the command is its own, then DVC takes note of the result.
	@# Memory that is kept instead of given back to the system saves a seventh of the time (glibc), and threads
	@# that stay awake most of it where anything else runs (OpenMP; docs/training.md).
	OMP_WAIT_POLICY=active MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592 $(BIN)/python -m stages.train "$$NAME"
	$(DVC) commit --force "train@$$NAME"

SWEPT := objects-vgg16_slim
experiments: setup ## run the sweep that comes along anew (twenty minutes) and export it to experiments/
	$(BIN)/python -m layerscope sweep $(SWEPT) --from experiments/objects-100.txt \
		-S 'runs.$(SWEPT).sizes=[100]' -S 'tsne.perplexity=[10,30]'
	$(BIN)/python -m stages.export_experiments objects-100 $(SWEPT) $$(cut -d' ' -f1 experiments/objects-100.txt)

bundle: setup ## put the embedded data's arrays into the repository's own DVC remote
	$(DVC) push $$($(DVC) stage list --name-only | grep -E '@((objects|birds)-vgg16_slim|objects-efficientnet_lite0|objects$$|birds$$)')

coarse: setup ## make the table of ImageNet's coarse classes from WordNet anew
	$(BIN)/python -m layerscope.coarse.fetch

lock: setup ## write requirements.lock anew: all packages and their hashes, torch apart
	$(BIN)/pip-compile --quiet --no-header --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --strip-extras --annotation-style=line --generate-hashes \
		--unsafe-package=torch --unsafe-package=pip --unsafe-package=setuptools \
		-o requirements.lock requirements-dev.txt
	@# It warns that these are not in it.
	sed -i '/^$$/,$$d' requirements.lock

clean: ## delete the environment and everything that can be rebuilt
	rm -rf $(VENV) data .dvc/cache .dvc/tmp .cache .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
