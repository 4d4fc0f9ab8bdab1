.DEFAULT_GOAL := help
SHELL := /bin/bash

TOOL := go tool -modfile=tools/go.mod
REDOCLY := @redocly/cli@2.77.0
GENERATED := cfchat.gen.go api/spec.gen.go

# The race detector needs a C compiler.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: generate
generate: ## Generate the client from openapi.yaml
	go generate ./...

.PHONY: test
test: ## Run all tests, with the race detector where there is a C compiler
	go test $(RACE) -shuffle=on ./...

FUZZTIME := 20s

.PHONY: fuzz
fuzz: ## Fuzz what reads answers, FUZZTIME for each target
	@for target in FuzzErrorBody FuzzRetryAfter FuzzDecode; do go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x . || exit 1; done
	@go test -run '^$$' -fuzz '^FuzzAnswer$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./api
	@go test -run '^$$' -fuzz '^FuzzServe$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./cfchattest

.PHONY: bench
bench: ## Compare with other clients in time and memory, and a scan with pages
	@cd bench && go generate . 2>/dev/null
	@echo "with encoding/json as it comes" && cd bench && go run .
	@echo "with GOEXPERIMENT=jsonv2" && cd bench && GOEXPERIMENT=jsonv2 go run .
	@cd bench && go build -o bin/bench . && bin/bench -locks bin/mutex && \
	go tool pprof -top -nodecount 4 -hide '^(sync|runtime)' bin/bench bin/mutex 2>/dev/null | grep -A4 flat
	@go test -run TestScanSpeed -scan.speed -v . | grep -v '^[=-]'

.PHONY: docs
docs: ## Draw openapi.yaml as a page, bin/openapi.html, that needs nothing from the network
	@mkdir -p bin
	@awk '/^ +summary: / { sub(/: ./, toupper(substr($$0, index($$0, ": "), 3))) } { print }' openapi.yaml >bin/openapi.yaml
	@REDOCLY_TELEMETRY=off npx --yes $(REDOCLY) build-docs bin/openapi.yaml --inlineBundle --output bin/openapi.tmp >bin/redocly.log 2>&1 || { cat bin/redocly.log; exit 1; }
	@sed 's|https://cdn.redoc.ly/[^"`]*|data:,|g' bin/openapi.tmp >bin/openapi.html && rm bin/openapi.tmp bin/redocly.log bin/openapi.yaml
	@echo "open bin/openapi.html"

.PHONY: check
check: check-format check-vet check-tidy check-generate check-weight check-spec ## Check everything that tests cannot

.PHONY: check-format
check-format:
	@echo "format: every file is as gofmt and go fix would write it"
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	@go fix -diff ./...

.PHONY: check-vet
check-vet:
	@echo "vet, staticcheck: no suspicious code"
	@go vet ./...
	@$(TOOL) staticcheck ./...

.PHONY: check-tidy
check-tidy:
	@echo "tidy: go.mod names what is used"
	@go mod tidy -diff
	@cd tools && go mod tidy -diff

.PHONY: check-generate
check-generate:
	@echo "generate: the generated code is what openapi.yaml gives"
	@before=$$(cat $(GENERATED) | git hash-object --stdin) && go generate ./... && \
	after=$$(cat $(GENERATED) | git hash-object --stdin) && \
	{ test "$$before" = "$$after" || { echo "it was not; commit what go generate has changed"; exit 1; }; }

.PHONY: check-weight
check-weight:
	@echo "weight: programs that import cfchat and auth link these modules and no others"
	@diff <(go list -deps -f '{{with .Module}}{{.Path}}{{end}}' . ./auth | sort -u) testdata/linked-modules.txt

.PHONY: check-spec
check-spec:
	@echo "spec: redocly finds nothing in openapi.yaml"
	@if command -v npx >/dev/null; then REDOCLY_TELEMETRY=off npx --yes $(REDOCLY) lint openapi.yaml; \
	else echo "redocly was not run, because npx is not here; the tests have validated the spec with kin-openapi"; fi
