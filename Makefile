# make run    build everything and start the demonstration on 127.0.0.1:8080
# make test   every test: style, linters, unit tests with the race detector,
#             and the journey in a real browser
#
# Needs Go, a C compiler (SQLite is C) and Node. All else is fetched.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
ADDRESS ?= 127.0.0.1:8080
DEMO    ?= demo-data
FUZZTIME ?= 20s
KILLS    ?= 500
CHAOS    ?= 3m
LOAD     ?= 1m
DAY      ?= 20m

export CGO_ENABLED := 1
# The C compiler's mark of a build would differ each time. For every command
# alike, so that what one has compiled serves the others.
export CGO_LDFLAGS := -O2 -g -Wl,--build-id=none

ASSETS := ui/static/dist/manifest.json
ASSET_SOURCES := $(shell find ui/assets ui/build.mjs ui/package.json ui/package-lock.json -type f 2>/dev/null)

.PHONY: run build packages upgrade-test test matrix unit unit-race unit-plain unit-postgres race postgres postgres-all lint bench fuzz browser s3 kills chaos load sbom reproducible clean tools-present

run: build
	bin/sallyport demo --listen $(ADDRESS) --data $(DEMO)

build: tools-present $(ASSETS)
	go build -trimpath -buildvcs=false -ldflags '-buildid= -X main.version=$(VERSION)' -o bin/sallyport ./cmd/sallyport

# Style and script of the pages, from npm, bundled and embedded in the binary.
$(ASSETS): ui/node_modules/.package-lock.json $(ASSET_SOURCES)
	npm --prefix ui run --silent build
	touch $@

ui/node_modules/.package-lock.json: ui/package.json ui/package-lock.json
	npm --prefix ui ci --no-audit --no-fund --loglevel=error
	touch $@

# A real provider of OpenID Connect, for tests only.
OIDCTEST := ui/oidctest/node_modules/.package-lock.json
$(OIDCTEST): ui/oidctest/package.json ui/oidctest/package-lock.json
	npm --prefix ui/oidctest ci --no-audit --no-fund --loglevel=error
	touch $@

tools-present:
	@for tool in go node npm; do command -v $$tool >/dev/null || { echo "make: $$tool is needed and was not found"; exit 1; }; done
	@command -v $${CC:-cc} >/dev/null || command -v gcc >/dev/null || { echo "make: a C compiler is needed (Debian: apt-get install gcc libc6-dev)"; exit 1; }

test: build browser postgres s3 lint
	$(MAKE) --no-print-directory -j2 --output-sync=target unit-plain unit-race unit-postgres

# The race detector watches where something happens at once. Pages, commands, the
# demonstration and the cleaning of markup do one thing after another, and much of
# their tests' time is a browser's: of those tests, the ones run with it that
# .ci/at-once finds, and all run without it. `make race` runs everything with it.
ONE_AFTER_ANOTHER := ./ui ./cmd/sallyport ./cmd/sallyport/internal/demo ./checks/markup

# Long tests of one thing after another in packages that run with it otherwise.
LONG := TestWorkflow|TestPermissionsTable|TestRetentionNeverTakesTooMuch|TestEveryRouteByRole|TestPowerCut|TestEveryStatementFails|TestDamagedPages

# Packages in which nothing happens at once: they start no goroutine, and neither
# do their tests.
SEQUENTIAL := ./checks/raster ./checks/audit ./checks/provenance ./checks/jsontable ./review/crate ./review/ledger ./ui/form ./ui/sheet

# Every test runs the browser ones too; without a browser they fail, they are
# not skipped. The linters have vetted all before; and what only a debugger
# reads is not linked.
TEST := go test -vet=off -ldflags=-w
unit-race unit-plain unit-postgres: export SALLYPORT_BROWSER ?= required
unit-race unit-plain unit-postgres: export SALLYPORT_S3 ?= required
unit-race unit-plain unit-postgres: export SALLYPORT_POSTGRES := required
NEEDED_FOR_TESTS := $(ASSETS) $(OIDCTEST)

unit: unit-race unit-plain unit-postgres

unit-race: $(NEEDED_FOR_TESTS) | s3
	$(TEST) -race -timeout 25m -run "$$(.ci/at-once $(ONE_AFTER_ANOTHER))" $(ONE_AFTER_ANOTHER)
	$(TEST) -race -timeout 25m -skip '^($(LONG))$$' $$(go list ./... | grep -vxF "$$(go list $(ONE_AFTER_ANOTHER) $(SEQUENTIAL))")

unit-plain: $(NEEDED_FOR_TESTS) | s3
	$(TEST) -timeout 25m $(ONE_AFTER_ANOTHER)
	$(TEST) -p 1 -timeout 25m -run '^($(LONG))$$' ./review ./storage ./ui/api
	$(TEST) -p 1 $(SEQUENTIAL) ./checks/confine # whose limits of memory the race detector would break

# Everything with the race detector, browsers and kills too: about twice as long.
race: $(NEEDED_FOR_TESTS) | s3
	SALLYPORT_POSTGRES=required SALLYPORT_S3=required $(TEST) -race -timeout 40m ./...

# What keeps data, once more on PostgreSQL, with a shorter game of the workflow's
# model: the tests above hold both engines to the same contracts already.
unit-postgres: $(NEEDED_FOR_TESTS) | s3 unit-race
	SALLYPORT_TEST_ENGINE=postgres $(TEST) -timeout 15m ./storage
	SALLYPORT_TEST_ENGINE=postgres $(TEST) -timeout 15m -run 'TestWorkflow' ./review -rapid.checks=8
	SALLYPORT_TEST_ENGINE=postgres $(TEST) -timeout 15m -run 'Hostile|Idempot|Token' ./ui/api

# All tests of these packages on PostgreSQL: some minutes.
postgres-all: $(ASSETS)
	SALLYPORT_TEST_ENGINE=postgres SALLYPORT_POSTGRES=required go test -timeout 20m ./storage ./review ./ui ./ui/api

# What the program is made of (CycloneDX), and the licences of it.
sbom: build
	.ci/sbom

# The static program, tried in an empty root, the Debian package of it, and the
# manifests for Kubernetes held to the types of Kubernetes.
packages: $(ASSETS)
	.ci/package/static bin/static/sallyport $(VERSION)
	.ci/package/image bin/static/sallyport $(VERSION)
	.ci/package/deb bin/static/sallyport $(VERSION) bin
	mkdir -p bin/tools && go build -C .ci/tools/kube -o $(CURDIR)/bin/tools/kube .
	bin/tools/kube docs/deploy/kubernetes/*.yaml

# What the program of each schema that there ever was has made, taken over by the
# present program, and the way back; on PostgreSQL while the old one runs.
upgrade-test: build postgres
	.ci/upgrade bin/sallyport

# Two builds in two places, one hash.
reproducible:
	.ci/reproducible

lint: $(ASSETS)
	.ci/lint

browser:
	.ci/browser

postgres:
	.ci/postgres

# The pictures of the guides, from the demonstration in a real browser. Look at
# what changed before you keep it.
.PHONY: screenshots page-times
screenshots: $(ASSETS)
	SALLYPORT_BROWSER=$${SALLYPORT_BROWSER:-required} SALLYPORT_PICTURES=yes go test -count=1 -timeout 25m -run 'TestAReleaseGoesTheWholeWay|TestFindings' ./cmd/sallyport
	go test -count=1 ./docs

# How long the server takes for each page while 50 people use it, two minutes.
page-times: $(ASSETS)
	SALLYPORT_PAGE_TIMES=yes go test -count=1 -v -timeout 10m -run 'TestPageTimes' ./ui

# Every page and form as everybody in every status, and every change as all who
# may make it; a usual run tries two statuses, and each change once.
matrix: $(ASSETS)
	SALLYPORT_MATRIX=all go test -count=1 -v -timeout 60m -run 'TestMatrix$$' ./ui

# A real S3 server for the tests of delivery.
s3:
	.ci/s3

# The service killed at random moments while it delivers, KILLS times for each
# kind of place.
kills: s3
	SALLYPORT_S3=required SALLYPORT_KILLS=$(KILLS) go test -timeout 60m -run 'Killed' ./cmd/sallyport

# Every read, write and flush failing in turn, the power cut
# after every write, every page of a database spoilt: see docs/failures.md.
.PHONY: failures
failures: s3 postgres
	SALLYPORT_FAILURES=all SALLYPORT_DISKTEST=required go test -count=1 -timeout 90m -v -run '^(TestPowerCut|TestDamage|TestEveryStatement|TestLastChange|TestFullDisk)' ./storage
	SALLYPORT_FAILURES=all SALLYPORT_DISKTEST=required go test -count=1 -timeout 90m -v -run '^TestFaults$$' ./cmd/sallyport

# Three servers killed, cut off and held up for CHAOS while people work; see
# docs/performance.md.
chaos: s3 postgres
	SALLYPORT_S3=required SALLYPORT_POSTGRES=required SALLYPORT_CHAOS=$(CHAOS) go test -timeout 60m -v -run 'TestChaos' ./cmd/sallyport

# What many people at once get, for LOAD with each number of them and each
# engine; what happens when many more come; a day's requests in DAY; and how lists
# and pages grow. Prints tables for docs/performance.md, and draws its plots.
load: s3 postgres $(ASSETS)
	SALLYPORT_PLOTS=$(CURDIR)/docs/images SALLYPORT_S3=required SALLYPORT_POSTGRES=required SALLYPORT_LOAD=$(LOAD) SALLYPORT_SURGE=$(LOAD) SALLYPORT_DAY=$(DAY) SALLYPORT_PAGE_SLOPES=100000 SALLYPORT_MANY=500 go test -timeout 150m -v -run 'TestLoad$$|TestSurge$$|TestDay$$|TestPageSlopes$$|TestManyFiles$$' ./cmd/sallyport
	SALLYPORT_SLOPES=100000 go test -timeout 30m -v -run 'TestSlopes' ./storage
	SALLYPORT_TEST_ENGINE=postgres SALLYPORT_POSTGRES=required SALLYPORT_SLOPES=100000 go test -timeout 30m -v -run 'TestSlopes' ./storage

# Benchmarks print ratios to a bare read within one run. After them, in short, the
# tables of load, of too many people and of growing lists and pages that make load
# prints at length: some minutes.
bench: s3 postgres $(ASSETS)
	go test -run '^$$' -bench . -benchmem -timeout 20m ./...
	SALLYPORT_S3=required SALLYPORT_POSTGRES=required SALLYPORT_LOAD=10s SALLYPORT_SURGE=5s SALLYPORT_PAGE_SLOPES=1000 go test -count=1 -timeout 20m -v -run 'TestLoad$$|TestSurge$$|TestPageSlopes$$' ./cmd/sallyport
	SALLYPORT_SLOPES=1000 go test -count=1 -timeout 10m -v -run 'TestSlopes' ./storage

# Each fuzz test of each package, FUZZTIME long.
fuzz:
	.ci/fuzz $(FUZZTIME)

clean:
	rm -rf bin ui/node_modules ui/oidctest/node_modules
	find ui/static/dist -mindepth 1 -not -name .gitkeep -delete
	@if [ -e $(DEMO)/SALLYPORT-DEMO ]; then rm -rf $(DEMO); fi
