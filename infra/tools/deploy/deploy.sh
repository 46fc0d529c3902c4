#!/bin/sh
# Deploys what make sam-build laid out to STAGE. Whatever can refuse comes before the first change; the keys are asked for again
# after the migrations, for a first deployment or a login's new password keeps the database closed before. The schema goes first:
# migrations only expand, so the version that still runs works on both.
#   deploy.sh SAM     with STAGE, for a preview STACK, FRONTEND_URL and ALLOWED_ORIGINS, in the environment; DEPLOY_AT_ONCE=true for
#                     the repair of a money path whose alarm rings (infra/runbooks/money-fails.md), and DEPLOY_OVER_DRIFT=<stack>/<LogicalId>
#                     for what somebody changed by hand (docs/deploy.md); both count this once
set -eu
sam=${1:?the sam command}
release() { go run ./infra/tools/release -stage "${STAGE:-}" "$@"; }
refused() { echo "Nothing was changed. Repair what is said above and deploy again." >&2; exit 1; }
failed() { release outcome "$1"; exit 1; } # at which step

migrations= # this checkout's, which is of the commit that was built; a preview is deployed by main, and runs a pull request's code
[ "${STAGE:-}" != preview ] || migrations="-files .local/migrations"

release check || refused
settings=$(mktemp --suffix .yaml)
trap 'rm -f "$settings"' EXIT
release parameters -out "$settings" || refused
release exec -- go run ./infra/tools/migrate -check $migrations || refused
release exec -- go run ./infra/tools/checkkeys -before-migration || refused # the new keys must open every value

release exec -- go run ./infra/tools/migrate $migrations || failed migration
release exec -- go run ./infra/tools/checkkeys || failed keys
set -- --template-file .aws-sam/build/template.yaml --config-file "$PWD/samconfig.toml" --config-env "$STAGE" --no-confirm-changeset --parameter-overrides "file://$settings"
[ "$STAGE" != preview ] || set -- "$@" --stack-name "$STACK"
SAM_CLI_TELEMETRY=0 "$sam" deploy "$@" || failed deployment
