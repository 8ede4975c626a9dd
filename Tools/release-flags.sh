#!/usr/bin/env bash
# Prints the flags of the release build: the Swift runtime and SQLite are linked in, so that the binary is one file
# that runs on a bare Debian. The folder holds SQLite's archive alone, so that the linker cannot prefer the shared one.
set -euo pipefail
archive=$(ls /usr/lib/*/libsqlite3.a /usr/lib/libsqlite3.a 2>/dev/null | head -1 || true)
if [ -z "$archive" ]; then
	echo "libsqlite3.a is missing: install libsqlite3-dev ('make setup' does)" >&2
	exit 1
fi
folder=${1:?folder for the archive}
mkdir -p "$folder"
ln -sf "$archive" "$folder/libsqlite3.a"
echo "--static-swift-stdlib -Xlinker -L$folder"
