# Everything a newcomer needs: `make demo`, `make test`. Each target does its own set-up.
SWIFT ?= swift
BINARY = .build/release/kubelab

.PHONY: demo build test setup dist bench format clean

demo: build
	@$(BINARY) demo $(DEMO)

# The optimised binary, with the Swift runtime and SQLite in it; the first build takes about five minutes on two cores.
build: setup
	$(SWIFT) build -c release --product kubelab $$(Tools/release-flags.sh $(CURDIR)/.build/static)

# Tests run in debug, where overflow and bounds are checked; some of them drive the optimised binary as well. Four tests at
# a time: with all of them at once, one that talks to a server waits minutes for its turn, and clients lose patience.
test: build
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4 $(SWIFT) test --disable-xctest $(TEST)

# The headers and archives of SQLite and zlib are the only things that the packages do not bring along.
setup:
	@if [ ! -e /usr/include/sqlite3.h ] || [ ! -e /usr/include/zlib.h ]; then \
		if [ "$$(id -u)" = 0 ]; then as=""; else as="sudo"; fi; \
		echo "installing libsqlite3-dev and zlib1g-dev" >&2; \
		$$as apt-get update -qq && $$as apt-get install -y -qq --no-install-recommends libsqlite3-dev zlib1g-dev >/dev/null; \
	fi

# One file with the Swift runtime, SQLite and the labs in it: dist/kubelab.
dist: build
	Tools/dist.sh

bench: build
	$(SWIFT) run -c release --package-path Benchmarks Benchmarks $(BENCH)

format:
	$(SWIFT) format --in-place --recursive --parallel Sources Tests Benchmarks Package.swift

clean:
	rm -rf .build .build-* Benchmarks/.build dist
