#!/bin/sh
# Builds one function of each trigger twice, as they are deployed, and compares their packages: in two folders that hold what is
# staged or committed, the second time with an empty cache, so that everything, the standard library too, is compiled anew.
# A package that tells where or when it was built could not be checked by anybody else, and an unchanged function would be
# deployed again. The arguments are the flags of a deployment's go build. Red without -trimpath among them.
set -eu
cd "$(dirname "$0")/../.."
functions="api-org-get-me cron-job-relay hook-org-clerk job-billing-execute-charge"
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

build() { # folder, cache, then the flags
	folder=$made/$1 cache=$2
	shift 2
	git checkout-index --all --prefix="$folder/source/"
	for function in $functions; do
		mkdir -p "$folder/functions/$function"
		(cd "$folder/source" && GOCACHE=$cache CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -buildvcs=false "$@" -o "$folder/build/$function" "./functions/$function")
	done
	go run ./infra/tools/pack -from "$folder/build" -to "$folder/bin" -functions "$folder/functions" -zips "$folder/zips" >/dev/null
}

build here "$(go env GOCACHE)" "$@"
build another/place "$made/cache" "$@"
for function in $functions; do
	if ! cmp -s "$made/here/zips/$function.zip" "$made/another/place/zips/$function.zip"; then
		echo "$function was built twice and its packages differ: look for what tells the folder, the time or the machine." >&2
		exit 1
	fi
	echo "$function $(cksum <"$made/here/zips/$function.zip")"
done
