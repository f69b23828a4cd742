# SPDX-License-Identifier: Apache-2.0
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help test test-fast check format

help: ## Shows this list.
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: test-fast ## Runs every test.

test-fast: ## Runs the tests that need no installed Indico.
	swift build --build-tests -j $(JOBS)
	swift test --skip-build

check: ## Holds the house rules: format, lint, file length, imports, warnings as errors.
	scripts/check.sh

format: ## Lets the formatter have its way.
	git ls-files -- '*.swift' | xargs swift format -i
