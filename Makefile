# The only documented commands. `make run` and `make test` do all set-up themselves and say what they install.
.PHONY: help run test check gen bench e2e desktop soak setup
.DEFAULT_GOAL := help
SHELL := /bin/bash

help: ## this list
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /  make \1\t/' | expand -t 18

run: ## a demo site with 16 virtual cameras (CAMERAS=n), in a window or headless
	@.ci/demo

test: ## everything: format, lints, all tests, browsers, the desktop window
	@.ci/test

check: ## the quick subset before a commit
	@.ci/test format ui-check clippy-quick tidy

gen: ## OpenAPI document and the TypeScript made of it
	@.ci/setup run && source .ci/env && cargo xtask gen

bench: ## benchmarks; NAME=record runs one
	@.ci/setup test && source .ci/env && cargo build --release -p watchwall-headless -p watchwall-bench && "$$CARGO_TARGET_DIR/release/watchwall-bench" $(NAME)

e2e: ## the browser tests alone
	@.ci/test e2e e2e-webkit

desktop: ## the desktop window's tests alone
	@.ci/test desktop

soak: ## one hour of 64 streams
	@$(MAKE) --no-print-directory bench NAME=soak

setup: ## only install what is missing
	@.ci/setup test
