# FinCo. `make` lists what there is; README says what it is for.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The same flags everywhere, so that builds, tests and generators share one build cache.
export GOFLAGS := -buildvcs=false
export CGO_ENABLED := 0

GO        := go
ANALYZERS := language llm politeness quality question relevance sentiment stt topic
LINTER    := v2.14.0
TOOLS     := $(CURDIR)/bin/tools
# npm writes this file last: it is there, and younger than the list of packages, only if all of them are.
AUDIT     := graph/audit/node_modules/.package-lock.json
FOREIGN   := bot/bottest/foreign/node_modules/.package-lock.json
SCAFFOLD  := server/scaffold/templates/typescript/node_modules/.package-lock.json

.PHONY: help run test verify generate generated lint bench build clean need-go need-node need-postgres need-speech need-rivals bench-models

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

run: build need-postgres ## build, then serve the demo company on 127.0.0.1:8080
	@exec bin/finco serve --demo

build: need-go ## build bin/finco and bin/analyzers
	@echo "Building… (the first time takes minutes)" >&2
	@$(GO) build -o bin/finco ./cmd/finco
	@$(GO) build -o bin/analyzers/ $(ANALYZERS:%=./plugins/%)

test: need-go need-postgres need-speech $(AUDIT) $(FOREIGN) $(SCAFFOLD) ## run all tests
	@$(GO) test -p 2 -timeout 12m ./...

$(AUDIT) $(FOREIGN) $(SCAFFOLD): %/node_modules/.package-lock.json: %/package-lock.json | need-node
	@npm ci --prefix $* --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error >/dev/null

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

# Where the labelled sets are that the model cards name; they are not part of the project.
DATA ?= $(firstword $(wildcard data ../data ../*/data))

bench-models: need-go need-rivals ## compare our models with fastText and liblinear on the labelled sets in DATA
	@[ -n "$(DATA)" ] || { echo "Give the folder of the labelled sets: make bench-models DATA=…" >&2; exit 1; }
	@$(GO) run ./plugins/textmodel/bench -data $(DATA)

clean: ## remove what was built; the data directory .finco stays
	@rm -rf bin

need-go:
	@command -v $(GO) >/dev/null || { echo "FinCo needs Go 1.26 or newer: https://go.dev/dl/" >&2; exit 1; }

need-node:
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "The tests of graph, bot and server and generating web/gen need Node.js 20 or newer: apt-get install nodejs npm" >&2; exit 1; }

# A machine without PostgreSQL: root on Debian gets the package, others are told; FinCo itself would fetch a server of its own.
need-postgres:
	@if [ -n "$${DATABASE_URL:-}" ] || command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		$(call install,postgresql); \
	else \
		echo "No PostgreSQL is installed (apt-get install postgresql): FinCo will try to fetch one of its own." >&2; \
	fi

# The tests of speech to text make speech and recognise it.
need-speech:
	@command -v ffmpeg >/dev/null && command -v flite >/dev/null && command -v pocketsphinx_continuous >/dev/null && [ -d /usr/share/pocketsphinx/model/en-us ] && exit 0; \
	$(call need,ffmpeg flite pocketsphinx pocketsphinx-en-us)

# The rivals that our models are measured beside.
need-rivals:
	@command -v fasttext >/dev/null && command -v liblinear-train >/dev/null && exit 0; \
	$(call need,fasttext liblinear-tools)

# install gets Debian packages as root; need tells whoever is not root how to.
install = echo "Installing $(1)…"; { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(1); } </dev/null >/dev/null
need = if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then $(call install,$(1)); \
	else echo "This needs more packages: apt-get install $(1)" >&2; exit 1; fi
