#!/bin/sh
# Copies a release of huma into this folder and applies lazy.patch: copy.sh v2.37.2
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "${TMPDIR:-/tmp}" # outside the module, whose replace would stand in the release's place
from=$(go mod download -json "github.com/danielgtaylor/huma/v2@$1" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)".*/\1/p')
cd "$here"
find . -name '*.go' -delete
for package in . adapters/humago casing negotiation queryparam validation yaml; do
	mkdir -p "$package"
	find "$from/$package" -maxdepth 1 -name '*.go' ! -name '*_test.go' -exec cp {} "$package" \;
done
cp "$from/LICENSE.md" "$from/go.mod" .
chmod -R u+w .
patch -p1 <lazy.patch
