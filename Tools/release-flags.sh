#!/usr/bin/env bash
# Prints the flags of the release build: the Swift runtime, SQLite, zlib and the C++ library are linked in, so that the binary
# is one file that runs on a bare Debian. The folder holds the archives alone, so that the linker cannot prefer the
# shared libraries of the same names.
set -euo pipefail
folder=${1:?folder for the archives}
mkdir -p "$folder"
for name in libsqlite3.a libstdc++.a libz.a; do
	archive=$(ls /usr/lib/*/"$name" /usr/lib/gcc/*/*/"$name" /usr/lib/"$name" 2>/dev/null | tail -1 || true)
	if [ -z "$archive" ]; then
		echo "$name is missing: install libsqlite3-dev, zlib1g-dev and g++ ('make setup' does the first two)" >&2
		exit 1
	fi
	ln -sf "$archive" "$folder/$name"
done
echo "--static-swift-stdlib -Xlinker -L$folder"
