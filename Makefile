# Two commands do everything: `make study` and `make test`. Both need Python 3.11 or newer, and nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
NBVAL  := -p tests.nbval_strict --nbval --nbval-current-env --nbval-kernel-startup-timeout 600
# Run again cell by cell: in `make test` one chapter, in `make test-all` every chapter and a page of each kind of
# provider. What all of them show is compared with a fresh run in both.
SOME  := reports/12-claims.ipynb
PAGES := reports/[0-9]*.ipynb reports/provider-northumbria.ipynb reports/provider-nps-wales.ipynb
COMPILE = uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --extra build

# Python starts often here: what it compiles is kept, also where the surroundings say otherwise.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: study site test test-all long processors browser bench lab check lock release clean
.DEFAULT_GOAL := study

study: $(VENV)/.study  ## run every chapter and build the pages
	@$(BIN)/tr-analysis run

site: $(VENV)/.study  ## the pages once more, from the last run of the chapters
	@$(BIN)/tr-analysis site

test: $(VENV)/.test  ## what a newcomer runs: the tests, the quick gates, one chapter cell by cell
	@$(PYTEST) $(NBVAL) -n 2 --dist loadscope --ignore tests/browser tests $(SOME)

test-all: test long  ## the long simulations and gates as well, and every chapter cell by cell

long: $(VENV)/.test  ## of these only what `make test` leaves out
	@$(PYTEST) -m full -n auto --dist loadscope --ignore tests/browser
	@$(PYTEST) $(NBVAL) -n auto --dist loadscope $(PAGES)

processors: $(VENV)/.test  ## the study under each BLAS kernel and each level of numpy's own: what differs
	@$(BIN)/python -m tests.processors

browser: $(VENV)/.test  ## the pages in a real browser, where Chromium is installed
	$(PYTEST) -n auto --dist loadscope tests/browser

bench: $(VENV)/.test  ## measure speed and memory on this machine into benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

check: $(VENV)/.test  ## style, types, directions of imports, rules of the chapters and of the data
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/tr-analysis lint
	$(BIN)/tr-analysis data check
	$(BIN)/tr-analysis readme --check

lab: $(VENV)/.lab  ## open the chapters in JupyterLab
	$(BIN)/jupyter lab notebooks

lock:  ## renew the locks from pyproject.toml (needs uv)
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) -c requirements.lock --extra test --extra dev pyproject.toml -o requirements-test.lock
	$(COMPILE) -c requirements.lock --extra lab pyproject.toml -o requirements-lab.lock

release: $(VENV)/.test  ## build and check what a release uploads into dist/; nothing is uploaded
	@sh .ci/release $(BIN)/python

clean:  ## remove what is built; keep what is committed
	rm -rf $(VENV) tests/browser/node_modules reports/site reports/failed reports/variants reports/sweeps reports/.runs.json dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find src tests notebooks -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf

# The environment, made once and again whenever a lock or pyproject.toml changes.
$(VENV)/.study: requirements.lock
$(VENV)/.test: requirements-test.lock
$(VENV)/.lab: requirements-lab.lock
$(VENV)/.study $(VENV)/.test $(VENV)/.lab: pyproject.toml
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh .ci/install $(filter %.lock,$^)
	@touch $@
