# FinCo. `make` lists what there is; README says what it is for.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The same flags everywhere, so that builds, tests and generators share one build cache.
export GOFLAGS := -buildvcs=false
export CGO_ENABLED := 0

GO        := go
ANALYZERS := sentiment topic quality question
LINTER    := v2.14.0
TOOLS     := $(CURDIR)/bin/tools
# npm writes this file last: it is there, and younger than the list of packages, only if all of them are.
AUDIT     := graph/audit/node_modules/.package-lock.json

.PHONY: help run test verify generate generated lint bench build clean need-go need-node need-postgres

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

run: build need-postgres ## build, then serve the demo company on 127.0.0.1:8080
	@exec bin/finco serve --demo

build: need-go ## build bin/finco and bin/analyzers
	@$(GO) build -o bin/finco ./cmd/finco
	@$(GO) build -o bin/analyzers/ $(ANALYZERS:%=./plugins/%)

test: need-go need-postgres $(AUDIT) ## run all tests
	@$(GO) test -p 2 -timeout 12m ./...

$(AUDIT): graph/audit/package-lock.json | need-node
	@npm ci --prefix graph/audit --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error >/dev/null

lint: need-go $(TOOLS)/golangci-lint-$(LINTER) ## run the linters
	@$(TOOLS)/golangci-lint-$(LINTER) run --timeout 10m ./...

$(TOOLS)/golangci-lint-$(LINTER):
	@GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINTER)
	@mv $(TOOLS)/golangci-lint $@

generate: need-go need-node ## write the generated code anew
	@$(GO) generate ./ent ./plugins/proto ./web
	@$(GO) tool gqlgen generate

generated: ## check that generating leaves no difference
	@state() { git status --porcelain; git diff | git hash-object --stdin; }; \
	before=$$(state); $(MAKE) generate; \
	if [ "$$before" != "$$(state)" ]; then \
		git status --short; echo "Generated files are not up to date: run make generate and commit what it wrote." >&2; exit 1; \
	fi

verify: test lint generated ## what CI runs

bench: need-go need-postgres ## run the benchmarks
	@$(GO) test -p 1 -run '^$$' -bench . -timeout 60m $$(grep -rl '^func Benchmark' --include='*_test.go' . | xargs -n1 dirname | sort -u)

clean: ## remove what was built; the data directory .finco stays
	@rm -rf bin

need-go:
	@command -v $(GO) >/dev/null || { echo "FinCo needs Go 1.26 or newer: https://go.dev/dl/" >&2; exit 1; }

need-node:
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "The audit in graph and generating web/gen need Node.js 20 or newer: apt-get install nodejs npm" >&2; exit 1; }

# A machine without PostgreSQL: root on Debian gets the package, others are told; FinCo itself would fetch a server of its own.
need-postgres:
	@if [ -n "$${DATABASE_URL:-}" ] || command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing the package postgresql…"; \
		{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql; } </dev/null >/dev/null; \
	else \
		echo "No PostgreSQL is installed (apt-get install postgresql): FinCo will try to fetch one of its own." >&2; \
	fi
