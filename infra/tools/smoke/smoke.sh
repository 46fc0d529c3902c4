#!/bin/sh
# Asks a running API what every deployment must answer: three routes of two stacks and a browser's preflight.
#   smoke.sh URL ORIGIN [STATUSES]   ORIGIN is one of ALLOWED_ORIGINS; STATUSES are those that /healthz may have, 200 by default
set -eu
url=${1:?the API\'s address} origin=${2:?an origin that browsers may call from} healthy=${3:-200}

failed() {
	echo "smoke: $*" >&2
	exit 1
}

# status METHOD PATH: what is answered to somebody who is not signed in.
status() {
	curl --silent --show-error --max-time 60 --output /dev/null --write-out '%{http_code}' --request "$1" "$url$2" || failed "$url does not answer $1 $2"
}

is() {
	got=$(status "$1" "$2")
	case " $3 " in
	*" $got "*) echo "  $1 $2: $got" ;;
	*) failed "$1 $2 answered $got, not $3" ;;
	esac
}

is GET /healthz "$healthy"
is GET /v1/charges 401
is POST /v1/sales "401 415"

preflight=$(curl --silent --show-error --max-time 60 --request OPTIONS --dump-header - --output /dev/null --header "Origin: $origin" \
	--header 'Access-Control-Request-Method: POST' --header 'Access-Control-Request-Headers: authorization,idempotency-key' "$url/v1/sales" |
	tr -d '\r' | tr '[:upper:]' '[:lower:]')
case "$preflight" in
*"access-control-allow-origin: $origin"*) echo "  the preflight of $origin is let in" ;;
*) failed "the preflight of $origin is not let in: is it one of ALLOWED_ORIGINS?" ;;
esac
