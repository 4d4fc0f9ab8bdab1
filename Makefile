.DEFAULT_GOAL := help
SHELL := /bin/bash

TOOL := go tool -modfile=tools/go.mod
LINT := go tool -modfile=tools/golangci-lint/go.mod golangci-lint
ACTIONLINT := go tool -modfile=tools/actionlint/go.mod actionlint
# The command and some examples are separate modules, because they need libraries; the tools run there too.
PROGRAMS := cmd/cfchat examples/observability examples/search
REDOCLY := npx --yes @redocly/cli@2.77.0
GENERATED := cfchat.gen.go api/spec.gen.go internal/operation/table.gen.go cfchattest/routes.gen.go internal/redact/internal/example/example.gen.go docs/README.md docs/operations.md docs/keys.md docs/errors.md docs/versions.md
# bench is tidy only with the client that make bench generates.
MODULES = $(filter-out bench,$(patsubst %/,%,$(dir $(shell git ls-files go.mod '*/go.mod'))))

# The files in the module's zip, which excludes nested modules.
SHIPPED := (^|/)testdata/|\.(go|md)$$|^(LICENSE|Makefile|go\.(mod|sum)|openapi\.yaml)$$
SHIPPED := $(SHIPPED)|^((api/|cfchattest/|internal/operation/|internal/redact/internal/example/)?oapi-codegen|internal/redact/internal/example/openapi|overlay|redocly|\.golangci)\.yaml$$|^\.(gitignore|ci/run|github/.*)$$

# The race detector needs a C compiler.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: generate
generate: ## Generate the client, the table of operations and the tables of docs from openapi.yaml
	go generate ./...

.PHONY: test
test: ## Run all tests, with the race detector if there is a C compiler
	$(if $(RACE),tools/race.sh,go test) -shuffle=on ./...
	cd cmd/cfchat && $(if $(RACE),../../tools/race.sh,go test) -short -shuffle=on $$(go list ./... | grep -v internal/mirror)
	cd cmd/cfchat && go test -shuffle=on .
	cd cmd/cfchat && go test -shuffle=on ./internal/mirror # SQLite in Go takes minutes under the race detector
	cd examples/observability && $(if $(RACE),../../tools/race.sh,go test) -shuffle=on ./...
	go -C examples/search test -shuffle=on ./... # SQLite again
	$(if $(RACE),go test -run "Interleavings|LosesNothing|KeepsACopy|Histories|RecordedAnswers|ScanRequests" . ./cfchattest/internal/between) # a subset for the race detector

# The Go version after the one in go.mod, with a different encoding/json.
NEXT := go1.27.4

.PHONY: test-next
test-next: ## Test decoding with the next Go, if it is available
	@if GOTOOLCHAIN=$(NEXT) go version >/dev/null 2>&1; \
	then export GOTOOLCHAIN=$(NEXT); go test ./internal/decode ./internal/chain && go test -run 'Generated|Recorded|Answer' . ./api; \
	else echo "$(NEXT) is not available here, so the tests with it are skipped"; fi

FUZZTIME := 20s

.PHONY: fuzz
fuzz: ## Run the fuzz targets, FUZZTIME each
	@for target in FuzzErrorBody FuzzRetryAfter FuzzDecode; do go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./internal/faults || exit 1; done
	@go test -run '^$$' -fuzz '^FuzzGeneratedDecode$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 10x .
	@go test -run '^$$' -fuzz '^FuzzAnswer$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./api
	@go test -run '^$$' -fuzz '^FuzzServe$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./cfchattest

.PHONY: bench
bench: ## Compare time and memory with other clients, and measure the cost of a scan and an export
	@cd bench && go generate . 2>/dev/null
	@cd bench && go version && go run .
	@cd bench && export GOTOOLCHAIN=$(NEXT) && go version && go run . || echo "$(NEXT) is not available here"
	@cd bench && go test -run 'Troubles|Changes' -count=1
	@go test -run '^$$' -bench Find ./internal/operation
	@cd bench && go build -o bin/bench . && bin/bench -locks bin/mutex && \
	go tool pprof -top -nodecount 4 -hide '^(sync|runtime)' bin/bench bin/mutex 2>/dev/null | grep -A4 flat
	@cd bench/scan && go test -run TestScanCosts -count=1
	@go -C cmd/cfchat test -run '^$$' -bench Export -benchtime 1x . | grep Benchmark
	@go -C cmd/cfchat test -run '^$$' -bench Messages -benchtime 20x ./internal/database | grep Benchmark
	@go test -run 'TestMessageScan(Requests|Memory)' -message-costs -count=1 -v . | grep -E 'requests|alive'

.PHONY: docs
docs: ## Render openapi.yaml as a self-contained page, bin/openapi.html
	@mkdir -p bin
	@awk '/^ +summary: / { sub(/: ./, toupper(substr($$0, index($$0, ": "), 3))) } { print }' openapi.yaml >bin/openapi.yaml
	@REDOCLY_TELEMETRY=off $(REDOCLY) build-docs bin/openapi.yaml --inlineBundle --output bin/openapi.tmp >bin/redocly.log 2>&1 || { cat bin/redocly.log; exit 1; }
	@sed 's|https://cdn.redoc.ly/[^"`]*|data:,|g' bin/openapi.tmp >bin/openapi.html && rm bin/openapi.tmp bin/redocly.log bin/openapi.yaml
	@echo "open bin/openapi.html"

.PHONY: json
json: ## Write openapi.yaml as JSON, bin/openapi.json, for a release
	@mkdir -p bin
	@go run ./internal/openapijson >bin/openapi.json
	@echo "bin/openapi.json"

.PHONY: accept
accept: ## Accept the current openapi.yaml and Go API as the baseline to stay compatible with
	cp openapi.yaml tools/baseline/openapi.yaml
	rm -f tools/baseline/*.go.txt
	go run -C tools ./apicheck -accept

.PHONY: check
check: check-format check-vet check-lint check-tidy check-generate check-spec check-breaking check-api ## Check everything that the tests do not cover
check: check-surface check-consumer check-zip check-actions check-vulnerabilities

.PHONY: check-format
check-format:
	@echo "format: gofmt and go fix would change nothing"
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	@go fix -diff ./...
	@for module in $(PROGRAMS); do go -C $$module fix -diff ./... || exit 1; done

.PHONY: check-vet
check-vet:
	@echo "vet, staticcheck: no suspicious code"
	@go vet ./...
	@go vet -C tools ./...
	@$(TOOL) staticcheck ./...
	@for module in $(PROGRAMS); do go -C $$module vet ./... && go -C $$module tool -modfile=$(CURDIR)/tools/go.mod staticcheck ./... || exit 1; done

.PHONY: check-lint
check-lint:
	@echo "lint: golangci-lint finds nothing; .golangci.yaml has the reason for each exception"
	@$(LINT) run --show-stats=false
	@for module in $(PROGRAMS); do go -C $$module tool -modfile=$(CURDIR)/tools/golangci-lint/go.mod golangci-lint run --show-stats=false || exit 1; done

.PHONY: check-tidy
check-tidy:
	@echo "tidy: each go.mod lists exactly the modules in use"
	@for module in $(MODULES); do go -C $$module mod tidy -diff || exit 1; done

.PHONY: check-generate
check-generate:
	@echo "generate: the generated code and tables match openapi.yaml"
	@before=$$(cat $(GENERATED) | git hash-object --stdin) && go generate ./... && \
	after=$$(cat $(GENERATED) | git hash-object --stdin) && \
	{ test "$$before" = "$$after" || { echo "they did not; commit the changes that go generate made"; exit 1; }; }

.PHONY: check-spec
check-spec:
	@echo "spec: redocly finds nothing in openapi.yaml"
	@if REDOCLY_TELEMETRY=off $(REDOCLY) --version >/dev/null 2>&1; \
	then said=$$(REDOCLY_TELEMETRY=off $(REDOCLY) lint openapi.yaml 2>&1) || { echo "$$said"; exit 1; }; \
	else echo "redocly was not run, because npx cannot get it here; the tests validate the spec with kin-openapi"; fi

.PHONY: check-breaking
check-breaking:
	@echo "breaking: openapi.yaml stays compatible with tools/baseline/openapi.yaml"
	@said=$$($(TOOL) oasdiff breaking --fail-on WARN tools/baseline/openapi.yaml openapi.yaml 2>&1) || \
	{ echo "$$said"; echo "if this is intended: run make accept, and add a line to CHANGELOG.md"; exit 1; }

.PHONY: check-api
check-api:
	@echo "api: programs that compile against tools/baseline still compile"
	@go run -C tools ./apicheck

.PHONY: check-surface
check-surface:
	@echo "surface: each operation has its method and example, each exported name its comment"
	@said=$$(go test ./internal/surface) || { echo "$$said"; exit 1; }

.PHONY: check-consumer
check-consumer:
	@echo "consumer: a program that imports cfchat and auth compiles, and links these modules and no others"
	@go -C tools/consumer build -o ../../bin/consumer
	@diff tools/consumer/linked-modules.txt <(go version -m bin/consumer | awk '$$1 == "dep" { print $$2 }')

.PHONY: check-zip
check-zip:
	@echo "zip: users download only what they need, with less than 940 kB of testdata"
	@! git ls-files | grep -v -f <(git ls-files '*/go.mod' | sed 's/^/^/; s/go.mod$$//') | grep -vE '$(SHIPPED)'
	@size=$$(git ls-files -z ':(glob)**/testdata/**' | xargs -0 cat | wc -c); \
	test $$size -lt 940000 || { echo "testdata has $$size bytes"; exit 1; }

.PHONY: check-actions
check-actions:
	@echo "actions: actionlint finds nothing in .github/workflows"
	@$(ACTIONLINT) -shellcheck= -pyflakes=

.PHONY: check-vulnerabilities
check-vulnerabilities:
	@echo "vulnerabilities: govulncheck finds none in the code that is called"
	@for module in . $(PROGRAMS); do \
	said=$$(go -C $$module tool -modfile=$(CURDIR)/tools/go.mod govulncheck ./... 2>&1) || case "$$said" in \
	*"govulncheck: fetching vulnerabilities: "*) echo "govulncheck was not run, because its database cannot be reached here; CI runs it every week"; break;; \
	*) echo "$$said"; exit 1;; esac; done
