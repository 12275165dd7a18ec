# Two commands do everything: `make demo` runs the main job on the embedded defaults, `make test` checks the whole house.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test install lock clean

install: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c "import cv2" || { echo "缺少系统库 / system libraries are missing: apt-get install libgl1 libglib2.0-0"; exit 1; }
	touch $@

demo: install
	$(BIN)/gate demo

test: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n logical

# Needs `uv`; the lock names no index, so that a site can install from its own mirror.
lock:
	uv pip compile pyproject.toml --extra demo --extra postgresql --extra bench --extra test --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --output-file requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
