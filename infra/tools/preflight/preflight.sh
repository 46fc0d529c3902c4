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
command -v node >/dev/null 2>&1 || missing "Node.js" "On Debian: apt-get install nodejs npm."
command -v npm >/dev/null 2>&1 || missing "npm" "On Debian: apt-get install npm."
