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
# govulncheck knows no version of a module that a folder of ours stands for, so the database is asked for its name.
index=$(curl --silent --show-error --fail --max-time 30 "$db/index/modules.json" | tr -d ' \n')
for module in $(sed -n 's/^replace \([^ ]*\) => \.\/third_party\/.*/\1/p' go.mod); do
	case $index in
	*"\"path\":\"$module\""*)
		echo "The database knows a fault of $module. See https://pkg.go.dev/vuln/list whether the copy in third_party has it, and take a newer one."
		exit 1
		;;
	esac
done
exec "$@" -db "$db" ./...
