# The front door. `make demo` and `make test` set up all they need.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python -m autograder
ASSIGNMENT ?= assignment1
DIR ?= submitted
OUT ?= build/$(ASSIGNMENT)
SET ?= not long

# Compiling 250 files of tests costs every test process 5 s where Python may not keep what it compiled.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup demo test test-long test-all lint release verify grade docs changelog bench clean

setup: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib; touch $@  # on all cores; packages carry files that do not compile

demo: setup release
	$(BIN)/python samples/make_class.py demo/submitted
	$(BIN)/python samples/grade_class.py demo/submitted demo

# SET chooses: those that are not long; "long"; or all, with nothing in it, in one run.
test: setup lint
	$(BIN)/python -m pytest -n auto --dist worksteal -m "$(SET)"

test-long:
	$(MAKE) test SET=long

test-all:
	$(MAKE) test SET=

lint: setup
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-logo

release: setup
	$(RUN) release

verify: setup
	$(RUN) verify --models samples/results

grade: setup
	@$(RUN) grade $(ASSIGNMENT) $(DIR) --out $(OUT) || { code=$$?; [ $$code = 1 ] || exit $$code; echo "Done; people are needed, see \"needs review\" above."; }

docs: setup
	$(BIN)/python -m docs.site

changelog: setup
	$(BIN)/python -m changes $(VERSION)

bench: setup
	$(BIN)/python -m bench

clean:
	rm -rf build demo .pytest_cache .mypy_cache .ruff_cache *.egg-info release/*.zip
