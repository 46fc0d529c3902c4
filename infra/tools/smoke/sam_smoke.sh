#!/bin/sh
# Runs the templates under sam local and asks them what every deployment must answer.
#   sam_smoke.sh SAM_VENV BINARIES     one binary per function, built for amd64
set -eu
venv=${1:?the Python environment that holds aws-sam-cli} binaries=${2:?the folder of binaries}
here=$(dirname "$0")
if ! docker info >/dev/null 2>&1; then
	echo "Skipped: sam local runs functions in containers, and no docker daemon answers here."
	exit 0
fi
image=public.ecr.aws/lambda/provided:al2023-rapid-x86_64
docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" >/dev/null 2>&1 || "$here/base_image.sh" "$venv"

# The same templates in a folder of their own, where the processor is this machine's.
tree=.local/sam-smoke
rm -rf "$tree"
mkdir -p "$tree/infra"
cp template.yaml "$tree/"
cp -r infra/stacks "$tree/infra/"
sed -i 's/Architectures: \[arm64\]/Architectures: [x86_64]/' "$tree"/infra/stacks/*.yaml
# sam local knows no WebSocket API, and ends at a route key like $connect; it passes over a route that leads nowhere.
sed -i '/ApiId: !Ref RealtimeApi, RouteKey/s/, Target: .*/}/' "$tree"/infra/stacks/*.yaml
go run ./infra/tools/pack -from "$binaries" -to "$tree/bin"

port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
key=$(openssl genrsa 2048 2>/dev/null | openssl rsa -pubout 2>/dev/null | sed 's/^/    /')
# No store is started: what is asked needs none, and /healthz says that they are down. sam local takes an empty default for
# none at all, so what may be empty elsewhere has a value here.
cat >"$tree/parameters.yaml" <<P
Stage: ci
AllowedOrigins: https://app.fitkit.example
NextPublicAppUrl: https://app.fitkit.example
PublicApiUrl: https://api.fitkit.example
ClerkIssuer: https://clerk.fitkit.example
ClerkAuthorizedParties: https://app.fitkit.example
ClerkJwtKey: |
$key
DatabaseUrl: postgres://fitkit_app:x@127.0.0.1:1/fitkit
SystemDatabaseUrl: postgres://fitkit_system:x@127.0.0.1:1/fitkit
RedisUrl: redis://127.0.0.1:1/0
SqsEndpointUrl: http://127.0.0.1:1
SentryDsn: http://nobody@127.0.0.1:1/1
P
log=$(mktemp)
# sam lets the shell's variables win over the template's, an empty one too: it gets none that a function knows.
env -i PATH="$PATH" HOME="$HOME" ${DOCKER_HOST:+DOCKER_HOST="$DOCKER_HOST"} SAM_CLI_TELEMETRY=0 "$venv/bin/sam" local start-api --template "$tree/template.yaml" --skip-pull-image --region eu-central-1 --port "$port" \
	--warm-containers LAZY --parameter-overrides "file://$PWD/$tree/parameters.yaml" >"$log" 2>&1 &
sam=$!
trap 'kill "$sam" 2>/dev/null; wait "$sam" 2>/dev/null || true; rm -f "$log"' EXIT
until grep -q 'Running on http' "$log"; do
	kill -0 "$sam" 2>/dev/null || { cat "$log" >&2; exit 1; }
	sleep 1
done
"$here/smoke.sh" "http://127.0.0.1:$port" https://app.fitkit.example "200 503" || { tail -n 40 "$log" >&2; exit 1; }
