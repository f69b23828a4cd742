# SPDX-License-Identifier: Apache-2.0
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-deep pebble-peers fuzz bench-charm hot-functions bench-exporters bench-pebble crash-writes packages bare-debian check format
.PHONY: images pods-test charm charm-analyse charm-bases charmcraft-pack deb deb-test docs howtos integrations kube terraform release

help: ## Shows this list.
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Brings the real Indico up on this machine; ARGS="--help" tells its options.
	@scripts/run.sh $(ARGS)

test: packages test-fast test-deep pebble-peers ## Runs every test, the end-to-end test of a fresh installation included; log and timings in .build/e2e.
	scripts/docs.sh
	scripts/tutorial.py docs/tutorial/first-charm.md
	scripts/e2e.sh

test-fast: ## Runs the tests that need no installed Indico.
	swift build --build-tests -j $(JOBS)
	scripts/undocumented.py
	scripts/unit-tests.sh
	scripts/pebble-contract.sh
	scripts/alert-rules.sh
	scripts/kube.sh --test
	@if command -v terraform >/dev/null; then scripts/terraform.py; else echo 'terraform/ is not tested: there is no terraform'; fi

test-deep: ## Runs what takes longer: a charm on ops under our agent, kills at every write, hostile clients; needs what test-fast built.
	INDICO_OPERATOR_TEST_OPS=1 INDICO_OPERATOR_CRASH_POINTS=1000 swift test --skip-build --filter 'UnitAgentTests.(StoryTests|CrashPointTests)'
	scripts/pebble-hostile.sh
	scripts/pebble-faults.sh

pebble-peers: ## Runs Canonical's own tests of Pebble against ours, from PyPI or CHECKOUT=a checkout of canonical/operator.
	scripts/pebble-peers.sh

fuzz: ## Attacks the layer parser and the daemon for long; SEED=N MINUTES=N.
	scripts/fuzz.sh

crash-writes: ## Kills a unit agent at every single write to its model, torn ones included; EVERY=10 tries one of ten.
	swift build -j $(JOBS) --product run-charm && swift build -j $(JOBS) --product hook-tool
	scripts/crash_writes.py --every $(or $(EVERY),1)

bench-pebble: ## Measures our Pebble; PEER=/path/to/pebble puts another beside it, ARGS="--rounds 1 --only ten,exec" is quick.
	JOBS=$(JOBS) scripts/build-release.sh pebble
	bench/pebble.py $(if $(PEER),--peer $(PEER)) $(ARGS)

packages: ## Installs the Debian packages that are missing, those of the tests included; starts no service.
	@scripts/debian.sh packaging/debian-packages-test.txt

bare-debian: ## Goes through `make run`, systemd and reboots in a bare Debian 12 of its own; for root, half an hour.
	@scripts/bare-debian.sh $(ARGS)

check: ## Holds the house rules: format, lint, file length, imports, warnings as errors.
	scripts/check.sh

format: ## Lets the formatter have its way.
	git ls-files -- '*.swift' | xargs swift format -i

bench-exporters: ## Measures the exporters; STATSD_PEER=path and CELERY_PEER="command" put others beside them.
	JOBS=$(JOBS) scripts/build-release.sh statsd-exporter celery-exporter
	bench/exporters.py $(if $(STATSD_PEER),--statsd-peer $(STATSD_PEER)) $(if $(CELERY_PEER),--celery-peer "$(CELERY_PEER)")

charm: ## Packs the charm for Juju into dist/: the same bytes for the same commit, checked against Ubuntu 22.04.
	JOBS=$(JOBS) scripts/build-release.sh indico-charm
	scripts/charm.py --out dist/indico_$(shell dpkg --print-architecture).charm

charm-analyse: ## Has charmcraft look at the charm that is packed.
	scripts/charmcraft.sh dist/indico_$(shell dpkg --print-architecture).charm

charmcraft-pack: ## Has charmcraft pack the charm in a bare Ubuntu, and compares the archives; for root; BASE=22.04 for the older.
	scripts/charmcraft-pack.sh $(BASE)

charm-bases: ## Starts the charm that is packed in Ubuntu 22.04 and 24.04, made by debootstrap; for root.
	scripts/charm-bases.sh dist/indico_$(shell dpkg --print-architecture).charm

images: ## Builds the OCI images of the pods with buildah, with bills of materials in dist/images/; for root, about ten minutes.
	JOBS=$(JOBS) scripts/build-release.sh pebble indico-charm indico-operator hook-tool statsd-exporter celery-exporter
	scripts/images.sh

pods-test: ## Runs units in pods of those images, and their faults under load; for root; ARGS="--port 8081".
	scripts/pods.sh $(ARGS)

deb: ## Packs the one-machine mode as a Debian package into dist/.
	JOBS=$(JOBS) scripts/build-release.sh pebble indico-charm indico-operator hook-tool statsd-exporter celery-exporter
	scripts/deb.sh

docs: ## Builds the site of docs/ into .build/site; fails on a broken link or a generated page that is out of date.
	scripts/docs.sh

integrations: ## Tries mail, S3, OpenID Connect, SAML and TLS against servers of others, on an installation of its own.
	@scripts/integrations.sh $(ARGS)

howtos: ## Executes the how-tos as they stand on an installation of their own; Indico's ports must be free.
	scripts/howto.py

deb-test: ## Installs, upgrades, removes and purges that package in a bare Debian 12 of its own; for root.
	scripts/deb-test.sh

kube: ## Writes the Kubernetes objects that Juju makes for this charm into dist/kube/, validated; ARGS="--storage attachments=20G".
	scripts/kube.sh $(ARGS)

terraform: ## Checks the Terraform modules, without the provider.
	scripts/terraform.py

release: ## Builds everything there is to hand out into dist/, with notes, a manifest and checksums.
	JOBS=$(JOBS) scripts/release.sh

hot-functions: ## Writes down which functions our programs run, for the linker to lay out together; needs valgrind.
	JOBS=$(JOBS) scripts/build-release.sh indico-charm hello-charm pebble statsd-exporter celery-exporter
	bench/hot_charms.py
	bench/pebble/hot_daemon.py
	bench/hot_exporters.py

bench-charm: ## Measures what an event costs a charm, beside charms on ops from PyPI; ARGS="--rounds 30".
	JOBS=$(JOBS) scripts/build-release.sh indico-charm hello-charm
	bench/charm.py $(ARGS)
