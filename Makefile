# FitKit. `make` lists what can be made; two commands are all a fresh machine needs: make dev and make test.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# Binaries are for Lambda on arm64; GOARCH=amd64 builds for sam local on a PC.
GOARCH ?= arm64
COMMA := ,
FITKIT := go run ./infra/local/cmd/fitkit
STORES := go run ./infra/local/cmd/stores -dir .local/test
SAM_VENV := .local/venv
CLIENT := clients/typescript
BROWSER := infra/local/console/browser
CHECKOV_VENV := .local/checkov
MOTO_VENV := .local/moto
API_VENV := .local/schemathesis
LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
VULNCHECK := go run golang.org/x/vuln/cmd/govulncheck@v1.6.0
GITLEAKS := go run github.com/zricethezav/gitleaks/v8@v8.30.1
ACTIONLINT := go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: preflight
preflight:
	@./infra/tools/preflight/preflight.sh

##@ Run

.PHONY: dev
dev: preflight ## run the whole system here: stores, functions, sandboxes, a demo studio (Ctrl-C ends it)
	@go build -o .local/bin/fitkit ./infra/local/cmd/fitkit && exec .local/bin/fitkit dev

.PHONY: dev-up
dev-up: ## start PostgreSQL, Redis, SQS and S3 in Docker instead of the embedded ones
	docker compose up --detach --wait
	@go run ./infra/tools/buckets
	@echo "Now take the URLs of .env.example into .env, and run make dev-db-migrate and make dev."

.PHONY: dev-down
dev-down: ## stop what dev-up started; the data stays
	docker compose down

.PHONY: dev-reset
dev-reset: ## delete the local data
	@$(FITKIT) reset

.PHONY: dev-db-migrate
dev-db-migrate: ## bring the database of .env (DIRECT_DATABASE_URL) to this checkout's schema
	@go run ./infra/tools/migrate

.PHONY: token
token: ## print a session token: make token ROLE=owner
	@$(FITKIT) token -role "$(or $(ROLE),owner)"

.PHONY: endpoints
endpoints: ## print every endpoint with its URL
	@$(FITKIT) endpoints

.PHONY: cron
cron: ## run a schedule now: make cron NAME=billing-plan-charges
	@test -n "$(NAME)" || { echo "Say which: make cron NAME=billing-plan-charges"; exit 2; }
	@$(FITKIT) cron "$(NAME)"

.PHONY: logs
logs: ## what the functions wrote: make logs FN=job-billing-execute-charge FOLLOW=1
	@$(FITKIT) logs $(if $(FN),-fn "$(FN)") $(if $(FOLLOW),-follow)

.PHONY: trace
trace: ## every line of a request and of the work it caused, by its correlation id: make trace ID=…
	@$(FITKIT) trace "$(ID)"

.PHONY: demo
demo: preflight ## months of billing on the sandbox, with a proof: make demo MEMBERS=50 MONTHS=1 FAULTS=1 (or all)
	@go run ./infra/demo -members "$(or $(MEMBERS),1000)" -months "$(or $(MONTHS),3)" -faults "$(FAULTS)"

SHOTS ?= .local/console
.PHONY: console-shots
console-shots: $(BROWSER)/node_modules/ready ## walk the console of a running make dev in Chromium, by keyboard, and take pictures: make console-shots SHOTS=/tmp/pictures
	@chromium=$$($(BROWSER)/chromium.sh) && mkdir -p "$(or $(SHOTS),.)" && \
		CHROMIUM="$$chromium" node $(BROWSER)/walk.mjs "$(or $(URL),http://127.0.0.1:$(or $(PORT),3001))" "$(SHOTS)"

$(BROWSER)/node_modules/ready: $(BROWSER)/package-lock.json
	@npm ci --prefix $(BROWSER) --silent
	@touch $@

##@ Check

.PHONY: test
test: preflight ## every test; sets up all it needs
	@echo "==> compiling (the first time takes some minutes)"
	@go list -export ./... >/dev/null # compiles all, as go build does, and links nothing
	@echo "==> testing"
	@$(STORES) -fast -- go test -timeout 30m ./...
	@go test -tags fitkit_testhooks ./shared/auth ./shared/crash

.PHONY: test-nightly
test-nightly: preflight ## the tests at their full figures, and under the race detector
	@$(STORES) -- env NIGHTLY=1 go test -timeout 3h ./...
	@$(STORES) -fast -- go test -race -timeout 1h ./shared/... ./infra/local/...
	@$(MAKE) --no-print-directory deploy-compat

.PHONY: deploy-compat
deploy-compat: preflight ## a former release and this one on each other's schemas, together and one after the other: make deploy-compat BASE=<tag or commit>
	@go run ./infra/compat -base "$(BASE)" -members "$(or $(MEMBERS),40)"

.PHONY: bench
bench: preflight ## the figures, measured side by side in one run
	@go run ./infra/bench

.PHONY: load
load: preflight ## a steady rate of requests, timed: make load RATE=25 MINUTES=10
	@go run ./infra/load -rate "$(or $(RATE),25)" -minutes "$(or $(MINUTES),10)"

.PHONY: verify
verify: preflight fmt-check vet lint vulncheck generate-check client-check sam-validate checkov actionlint secrets reproducible test ## all that must hold before a merge
	@echo "==> verified"

.PHONY: fmt-check
fmt-check:
	@echo "==> format"
	@unformatted=$$(gofmt -l functions infra migrations shared); test -z "$$unformatted" || { echo "Run gofmt -w on:"; echo "$$unformatted"; exit 1; }

.PHONY: vet
vet:
	@echo "==> vet"
	@go vet ./...
	@go vet -tags fitkit_testhooks ./shared/... ./functions/...

.PHONY: lint
lint:
	@echo "==> lint (the linter itself is built on first use)"
	@$(LINT) run ./...

# It looks through every commit there is; what it may pass over stands in infra/tools/gitleaks.toml, each with its reason.
.PHONY: secrets
secrets: ## look for secrets in the whole history
	@echo "==> secrets in the history (the scanner itself is built on first use)"
	@./infra/tools/secrets.sh $(GITLEAKS)

# The scanner asks the Go team's server, or the folder in VULNDB; the copy in testdata serves machines that cannot reach it.
.PHONY: vulncheck
vulncheck:
	@echo "==> known vulnerabilities"
	@./infra/tools/vulncheck.sh $(VULNCHECK)

.PHONY: generate-check
generate-check:
	@echo "==> generated files"
	@go run ./infra/tools/generate -check

.PHONY: huma-copy
huma-copy: ## take another release of huma under our patch: make huma-copy HUMA=v2.38.0
	@./third_party/huma/copy.sh "$(HUMA)"

.PHONY: api-check
api-check: ## call the whole API document with schemathesis: make api-check NIGHTLY=1 E2E_SEED=7
	@NIGHTLY="$(NIGHTLY)" E2E_SEED="$(E2E_SEED)" go test -count=1 -v -timeout 2h -run TestEveryAnswerIsDocumented ./infra/e2e

.PHONY: schemathesis
schemathesis: $(API_VENV)/ready

$(API_VENV)/ready: infra/e2e/schemathesis/requirements.txt
	@python3 -m venv $(API_VENV)
	@$(API_VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.PHONY: client-check
client-check: $(CLIENT)/node_modules/ready
	@echo "==> types of the TypeScript client"
	@npm --prefix $(CLIENT) run --silent check >/dev/null || { echo "$(CLIENT)/src/schema.ts does not follow from docs/openapi.yaml: run make generate and commit the result."; exit 1; }

.PHONY: client-test
client-test: $(CLIENT)/node_modules/ready ## test the TypeScript client by itself; go test ./infra/e2e runs it against the platform too
	@npm --prefix $(CLIENT) test

.PHONY: client-new
client-new: ## before publishing @fitkit/shared: is its version a new one?
	@./infra/tools/client/unpublished.sh

.PHONY: client-pack
client-pack: $(CLIENT)/node_modules/ready ## pack @fitkit/shared into .local/client
	@mkdir -p .local/client
	@npm pack ./$(CLIENT) --silent --pack-destination .local/client

# npm ci takes the versions and hashes of the committed lock file.
$(CLIENT)/node_modules/ready: $(CLIENT)/package-lock.json
	@npm ci --prefix $(CLIENT) --silent
	@touch $@

.PHONY: actionlint
actionlint:
	@echo "==> workflows"
	@$(ACTIONLINT) .github/workflows/*.yml

.PHONY: sam-validate
sam-validate: $(SAM_VENV)/ready ## check the templates with SAM and cfn-lint, and count what they become
	@echo "==> templates"
	@SAM_CLI_TELEMETRY=0 $(SAM_VENV)/bin/sam validate --lint --region eu-central-1
	@$(SAM_VENV)/bin/cfn-lint template.yaml template-preview.yaml infra/bootstrap/*.yaml infra/stacks/*.yaml infra/tools/generate/stack/testdata/*.yaml
	@$(SAM_VENV)/bin/python infra/tools/count_resources.py template.yaml infra/stacks/*.yaml

$(SAM_VENV)/ready: infra/tools/requirements.txt
	@echo "==> installing SAM and cfn-lint"
	@python3 -m venv $(SAM_VENV)
	@$(SAM_VENV)/bin/pip install --quiet --disable-pip-version-check --requirement infra/tools/requirements.txt
	@touch $@

.PHONY: checkov
checkov: $(CHECKOV_VENV)/ready ## look for unsafe settings in templates and workflows
	@echo "==> unsafe settings"
	@$(CHECKOV_VENV)/bin/checkov --config-file infra/tools/checkov.yaml --file template.yaml template-preview.yaml infra/bootstrap/*.yaml infra/stacks/*.yaml .github/workflows/*.yml

$(CHECKOV_VENV)/ready: infra/tools/checkov-requirements.txt
$(MOTO_VENV)/ready: infra/tools/moto-requirements.txt
$(CHECKOV_VENV)/ready $(MOTO_VENV)/ready:
	@echo "==> installing what $< lists"
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.PHONY: dry-run
dry-run: build $(SAM_VENV)/ready $(MOTO_VENV)/ready ## deploy everything to a stand-in for AWS on this machine
	@echo "==> dry run of a deployment"
	@go run ./infra/tools/pack -from .local/build/$(GOARCH) -to bin -zips .local/dry-run
	@$(SAM_VENV)/bin/python infra/tools/count_resources.py --zips .local/dry-run template.yaml infra/stacks/*.yaml
	@CGO_ENABLED=0 go build -buildvcs=false $(FUNCTION_FLAGS) -o .local/build/hook-org-clerk ./functions/hook-org-clerk
	@$(SAM_VENV)/bin/python infra/tools/dry_run.py --moto $(MOTO_VENV)/bin/moto_server --zips .local/dry-run --function .local/build/hook-org-clerk

.PHONY: check-env
check-env: ## check .env by the rules that functions start by
	@go run ./infra/tools/checkenv

.PHONY: check-keys
check-keys: ## before a deployment: do its encryption keys open every value? (SYSTEM_DATABASE_URL and the keys, from the environment or .env)
	@go run ./infra/tools/checkkeys

.PHONY: restore-export
restore-export: ## bring a studio back from its weekly export: make restore-export ORG=<id> FROM=2026-11-21 (infra/runbooks/restore.md)
	@go run ./infra/tools/restoreexport -org "$(ORG)" -from "$(FROM)"

.PHONY: admin
admin: ## make a Clerk user one of FitKit's own: make admin USER_ID=user_… NAME="Dana Cohen" (REMOVE=1 takes it away)
	@go run ./infra/tools/admin -user "$(USER_ID)" -name "$(NAME)" $(if $(REMOVE),-remove)

.PHONY: redrive
redrive: ## give a queue's dead jobs another try: make redrive QUEUE=org-apply-clerk-event MAX=100 RATE=10
	@go run ./infra/tools/redrive -queue "$(QUEUE)" -max "$(or $(MAX),100)" -rate "$(or $(RATE),10)"

##@ Make

.PHONY: generate
generate: $(CLIENT)/node_modules/ready ## write templates, documents and the client's types from the functions' declarations
	@go run ./infra/tools/generate
	@npm --prefix $(CLIENT) run --silent generate

# No binary may hold the commit, or every function would change with every commit; only the one that tells it does.
# TESTHOOKS=1 builds a preview: its functions hold the test hooks, and its template names their stack (docs/testing-frontends.md).
TESTHOOKS ?=
ROOT_TEMPLATE := $(if $(TESTHOOKS),template-preview.yaml,template.yaml)
FUNCTION_FLAGS := -tags lambda.norpc,timetzdata$(if $(TESTHOOKS),$(COMMA)fitkit_testhooks) -trimpath -ldflags "-s -w"

.PHONY: build
build: ## build every function for Lambda into bin: make build GOARCH=amd64
	@echo "==> building functions for linux/$(GOARCH)"
	@mkdir -p .local/build/$(GOARCH) && rm -f .local/build/$(GOARCH)/api-testhooks-* # of a preview built before
	@CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH) go build -buildvcs=false $(FUNCTION_FLAGS) -o .local/build/$(GOARCH)/ ./functions/...
	@CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH) go build $(FUNCTION_FLAGS) -o .local/build/$(GOARCH)/ ./functions/api-platform-check-health
	@go run ./infra/tools/pack -from .local/build/$(GOARCH) -to bin

.PHONY: reproducible
reproducible: ## build a few functions twice, from different folders and caches, and compare their packages
	@echo "==> packages that can be made again"
	@./infra/tools/reproducible.sh $(FUNCTION_FLAGS)

.PHONY: lay-migrations
lay-migrations: # beside the functions: a preview's branch gets the migrations of the code that it runs
	@rm -rf .local/migrations && mkdir -p .local/migrations && cp migrations/*.sql .local/migrations/

.PHONY: sam-build
sam-build: build lay-migrations $(SAM_VENV)/ready ## lay out .aws-sam for sam deploy
	@SAM_CLI_TELEMETRY=0 $(SAM_VENV)/bin/sam build --template-file $(ROOT_TEMPLATE) --region eu-central-1
	@go run ./infra/tools/pack -from .local/build/$(GOARCH) -to bin -zips .local/zips
	@find .aws-sam/build -name template.yaml -exec sed -i 's|CodeUri: .*bin/\([a-z0-9-]*\)$$|CodeUri: ../../../.local/zips/\1.zip|' {} +
	@$(SAM_VENV)/bin/python infra/tools/count_resources.py --zips .local/zips template.yaml infra/stacks/*.yaml

##@ Deploy: each takes STAGE=preview, staging or production

# STAGE and what a preview is told come to the scripts in the environment, never as part of a command's text.
export STAGE DEPLOY_AT_ONCE DEPLOY_OVER_DRIFT

.PHONY: secrets-diff
secrets-diff: ## compare the parameter store with .env.example: make secrets-diff STAGE=staging
	@go run ./infra/tools/release -stage "$$STAGE" diff

.PHONY: deploy-check
deploy-check: ## say what would stop a deployment, in a sentence each
	@go run ./infra/tools/release -stage "$$STAGE" check

.PHONY: deploy
deploy: $(SAM_VENV)/ready ## migrate, then deploy what make sam-build laid out (DEPLOY_AT_ONCE=true: infra/runbooks/money-fails.md)
	@./infra/tools/deploy/deploy.sh "$(CURDIR)/$(SAM_VENV)/bin/sam"

.PHONY: smoke
smoke: ## ask a deployed stage what every deployment must answer
	@./infra/tools/deploy/smoke.sh

.PHONY: preview-read
preview-read: # from a comment of Vercel's to the preview's parameters
	@go run ./infra/tools/preview

.PHONY: preview-base
preview-base: ## make the masked copy of production that previews branch from (NEON_API_KEY, NEON_PROJECT_ID): docs/deploy.md
	@go run ./infra/tools/previewbase

.PHONY: preview-branch
preview-branch: # a Neon branch for STACK, and its addresses as lines of NAME=value
	@go run ./infra/tools/neonbranch create

.PHONY: preview-branch-remove
preview-branch-remove:
	@go run ./infra/tools/neonbranch delete

.PHONY: preview-remove
preview-remove: $(SAM_VENV)/ready ## delete a preview's stack: make preview-remove STACK=fitkit-pr-12
	@./infra/tools/deploy/remove.sh "$(CURDIR)/$(SAM_VENV)/bin/sam"

.PHONY: sam-smoke
sam-smoke: $(SAM_VENV)/ready ## run the templates under sam local and ask three routes of two stacks
	@$(MAKE) --no-print-directory build GOARCH=amd64
	@./infra/tools/smoke/sam_smoke.sh "$(SAM_VENV)" .local/build/amd64

##@ Helpers

.PHONY: cost
cost: ## what a month costs on AWS, by the milliseconds of the last make demo (docs/cost.md): make cost LOG=…
	@go run ./infra/tools/cost $(if $(LOG),-log "$(LOG)")

.PHONY: keys
keys: ## print fresh encryption keys
	@go run ./infra/tools/keys
