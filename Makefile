# Everything runs in .venv, made on first use from the hashed locks in requirements/.
PYTHON ?= python3
BIN := .venv/bin
RELEASE := build/release/bin
# Never in one process with the other engines: PyTorch and OpenVINO do not get along there.
TORCH_TESTS := tests/unit/training/with_torch
# Some eight minutes; `make test` has a minute of them.
EACH_FAULT := tests/faults/test_each.py
# They need a browser; `make test-browser`.
BROWSER_TESTS := tests/e2e
MINUTES ?= 30
# Processes of `make test`, each with servers of its own; the slow files come first, so that both end together.
WORKERS ?= 2
BENCHMARKS := engines pipeline concurrency service growth leak
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test check format test-browser chromium promtool helm test-faults soak test-training bench capacity locks sbom api.cdx.json worker.cdx.json audit release-check clean

help:  ## This list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s%s\n", $$1, $$2}' Makefile

demo: .venv/demo.stamp  ## Colorize the samples through the whole service.
	$(BIN)/tintype demo

test: .venv/dev.stamp  ## The whole suite, against real servers.
	TINTYPE_REQUIRE_SERVERS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --ignore $(TORCH_TESTS) --ignore $(EACH_FAULT) --ignore $(BROWSER_TESTS) $(ARGS)

check: .venv/dev.stamp  ## Lint, format, types, import rules.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: .venv/dev.stamp  ## Put the code into shape.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

test-browser: .venv/dev.stamp node_modules/.stamp chromium  ## The page: its types, and its tests in Chromium.
	npm run --silent check
	TINTYPE_REQUIRE_SERVERS=1 $(BIN)/python -m pytest $(BROWSER_TESTS) $(ARGS)

# Debian's, by apt where we may; elsewhere CHROMIUM names the browser that is there.
chromium:
	@test -n "$$CHROMIUM" || command -v chromium >/dev/null || sh infra/chromium.sh

# Without it, the tests of infra/observability that need it are skipped.
promtool:
	@command -v promtool >/dev/null || test -x build/promtool || sh infra/promtool.sh

# Without it, the tests of infra/helm that need it are skipped.
helm: .venv/dev.stamp
	@command -v helm >/dev/null || test -x build/helm || sh infra/helm.sh

node_modules/.stamp: package-lock.json
	@command -v npm >/dev/null || { echo "The page's checks need Node.js 20 or newer, with npm"; exit 1; }
	npm ci --no-audit --no-fund
	touch $@

test-faults: .venv/dev.stamp  ## Each fault under 200 jobs, with a table of what came of it.
	TINTYPE_REQUIRE_SERVERS=1 $(BIN)/python -m pytest $(EACH_FAULT) $(ARGS)

soak: .venv/dev.stamp  ## Faults at random: make soak MINUTES=30, TINTYPE_SOAK_SEED=… to repeat.
	TINTYPE_SOAK_SECONDS=$$(($(MINUTES) * 60)) $(BIN)/python -m pytest -s tests/faults/test_soak.py

test-training: .venv/train.stamp  ## The tests that need PyTorch.
	$(BIN)/python -m pytest tests/unit/training $(ARGS)

bench: .venv/dev.stamp  ## Speed and memory; some 20 minutes on an idle machine.
	for name in $(BENCHMARKS); do $(BIN)/python -m benchmarks.$$name || exit 1; done

capacity: .venv/dev.stamp  ## Renew the figures of tintype plan and docs/capacity.md; ten idle minutes.
	$(BIN)/python -m benchmarks.rates
	$(BIN)/python -m benchmarks.simulate --docs
	$(BIN)/python -m benchmarks.simulate --check --docs

# What each image installs.
api.cdx.json: LOCKS := base otel sns
worker.cdx.json: LOCKS := base otel fast

sbom: api.cdx.json worker.cdx.json  ## What is in each image, as CycloneDX: build/sbom.

api.cdx.json worker.cdx.json: build/release/stamp
	mkdir -p build/sbom
	$(RELEASE)/python infra/release/narrow.py $(LOCKS:%=requirements/%.lock) > build/sbom/$@.txt
	$(RELEASE)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-file build/sbom/$@ build/sbom/$@.txt
	rm build/sbom/$@.txt

audit: build/release/stamp  ## Known vulnerabilities of what is installed; asks the package index.
	for lock in base otel sns fast embedded; do \
		$(RELEASE)/pip-audit --strict --disable-pip --require-hashes -r requirements/$$lock.lock || exit 1; \
	done

release-check:  ## Whether this commit can be released: version, changelog, tag.
	$(PYTHON) infra/release/check.py

locks: .venv/dev.stamp  ## Renew the hashed locks after a change to pyproject.toml.
	$(call lock,base,,pyproject.toml)
	$(call lock,build,--group build,)
	$(call lock,embedded,--extra embedded --group build,pyproject.toml)
	$(call lock,fast,--extra fast,pyproject.toml)
	$(call lock,otel,--extra otel,pyproject.toml)
	$(call lock,sns,--extra sns,pyproject.toml)
	$(call lock,release,--group release,)
	$(call lock,dev,--extra embedded --extra fast --extra heic --extra icc --extra onnx --extra otel --extra sns --group build --group dev,pyproject.toml)

clean:  ## Remove what make has made.
	rm -rf .venv demo build dist node_modules *.egg-info

define lock
$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-strip-extras $(2) $(3) -o requirements/$(1).lock
endef

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Tintype needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/demo.stamp: requirements/embedded.lock pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes --only-binary :all: -r requirements/embedded.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

.venv/dev.stamp: requirements/dev.lock .venv/demo.stamp
	$(PIP) install --require-hashes --only-binary :all: -r requirements/dev.lock
	touch $@

# Beside .venv: the auditor wants another pip.
build/release/stamp: requirements/release.lock
	$(PYTHON) -m venv build/release
	$(RELEASE)/python -m pip --disable-pip-version-check --quiet install --require-hashes \
		--only-binary :all: -r requirements/release.lock
	touch $@

.venv/train.stamp: requirements/train.txt .venv/dev.stamp
	$(PIP) install -r requirements/train.txt
	touch $@
