#!/bin/sh
# Says in one plain sentence which tool is missing. Nothing else is needed on a fresh machine.
set -u
missing() {
	echo "FitKit needs $1, which is not installed. $2" >&2
	exit 1
}
command -v go >/dev/null 2>&1 || missing "Go 1.26 or newer" "Get it from https://go.dev/dl and put its bin folder on PATH."
version=$(go env GOVERSION 2>/dev/null) || missing "a working Go" "The go on PATH does not run: reinstall it from https://go.dev/dl."
minor=$(echo "$version" | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
if [ -n "$minor" ] && [ "$minor" -lt 26 ]; then
	missing "Go 1.26 or newer (this is $version)" "Get it from https://go.dev/dl."
fi
command -v python3 >/dev/null 2>&1 || missing "Python 3" "On Debian: apt-get install python3 python3-pip."
python3 -m pip --version >/dev/null 2>&1 || missing "pip for Python 3" "On Debian: apt-get install python3-pip."
# Debian's python3 has a venv that cannot give itself a pip: only python3-venv brings ensurepip.
python3 -c "import venv, ensurepip" >/dev/null 2>&1 || missing "venv for Python 3" "On Debian: apt-get install python3-venv."
command -v node >/dev/null 2>&1 || missing "Node.js 20 or newer" "On Debian 13 or newer: apt-get install nodejs npm. Elsewhere get it from https://nodejs.org/en/download."
version=$(node --version 2>/dev/null) || missing "a working Node.js" "The node on PATH does not run: reinstall it from https://nodejs.org/en/download."
major=$(echo "$version" | sed -n 's/^v\([0-9]*\)\..*/\1/p')
if [ -n "$major" ] && [ "$major" -lt 20 ]; then
	missing "Node.js 20 or newer (this is $version)" "Get it from https://nodejs.org/en/download and put its bin folder first on PATH; Debian 12 has only 18."
fi
command -v npm >/dev/null 2>&1 || missing "npm" "On Debian: apt-get install npm."
