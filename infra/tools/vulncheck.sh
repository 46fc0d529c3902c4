#!/bin/sh
# Looks for known vulnerabilities in what we call: vulncheck.sh <govulncheck command …>
# The database is VULNDB (a folder or a URL), else the Go team's server, else the dated copy in testdata.
set -eu
snapshot=testdata/vulndb/go-vulndb-2026-08-21.tgz
db=${VULNDB:-}
if [ -z "$db" ]; then
	if curl --silent --fail --max-time 5 --output /dev/null https://vuln.go.dev/index/db.json 2>/dev/null; then
		db=https://vuln.go.dev
	else
		echo "vuln.go.dev cannot be reached; using the copy of 2026-08-21, which knows nothing newer"
		mkdir -p .local/vulndb
		tar -xzf "$snapshot" -C .local/vulndb
		db=$PWD/.local/vulndb/db
	fi
fi
case $db in
*://*) ;;
*) db=file://$db ;;
esac
exec "$@" -db "$db" ./...
