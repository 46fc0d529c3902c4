#!/bin/sh
# Deploys what make sam-build laid out to STAGE. Nothing is changed before everything that can be checked is checked; the
# schema goes first, since migrations only expand and the version that still runs works on both.
#   deploy.sh SAM     with STAGE, for a preview STACK, FRONTEND_URL and ALLOWED_ORIGINS, in the environment
set -eu
sam=${1:?the sam command}
release() { go run ./infra/tools/release -stage "${STAGE:-}" "$@"; }

release check
settings=$(mktemp --suffix .yaml)
trap 'rm -f "$settings"' EXIT
release parameters -out "$settings"
release exec -- go run ./infra/tools/migrate
release exec -- go run ./infra/tools/checkkeys # the new keys must open every value
set -- --template-file .aws-sam/build/template.yaml --config-file "$PWD/samconfig.toml" --config-env "$STAGE" --no-confirm-changeset --parameter-overrides "file://$settings"
[ "$STAGE" != preview ] || set -- "$@" --stack-name "$STACK"
SAM_CLI_TELEMETRY=0 "$sam" deploy "$@" || release outcome
