#!/usr/bin/env bash
# Makes dist/kubelab: the release binary without its symbols, one file for a machine that has nothing but Debian's base.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p dist
strip -o dist/kubelab .build/release/kubelab
if ldd dist/kubelab | grep -E 'sqlite|swift|stdc|Foundation' >&2; then
	echo "dist/kubelab still needs the libraries above" >&2
	exit 1
fi
ls -lh dist/kubelab | awk '{print $9 ": " $5}'
