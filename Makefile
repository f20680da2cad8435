# make run      set-up, then the main job: pycosim run (options: make run ARGS="--quick --seed 1")
# make test     set-up, then the whole test suite  (options: make test ARGS="-k report")
# make check    format, lint, types and layers
# make setup    ngspice, .venv and the package, each only where absent or out of date
# make netlists write the committed netlists anew
# make clean    remove what was made here, but the runs

.DEFAULT_GOAL := run
.PHONY: run test check setup ngspice netlists clean

BIN := .venv/bin
INSTALLED := .venv/.installed
ARGS :=

run: setup
	$(BIN)/pycosim run $(ARGS)

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

netlists: $(INSTALLED)
	$(BIN)/pycosim netlists

setup: ngspice $(INSTALLED)

ngspice:
	@sh .ci/setup ngspice

$(INSTALLED): pyproject.toml .ci/setup
	@sh .ci/setup python
	@touch $@

clean:
	rm -rf .venv build dist .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
