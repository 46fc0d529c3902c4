#!/bin/sh
# Deletes the stack of a pull request that was closed. It refuses every other name.
set -eu
sam=${1:?the sam command}
case "${STACK:-}" in
fitkit-pr-*[!0-9]* | fitkit-pr- | "") refused=yes ;;
fitkit-pr-*) refused=no ;;
*) refused=yes ;;
esac
[ "$refused" = no ] || { echo "Only a preview's stack is deleted here: set STACK=fitkit-pr-<number of the pull request>." >&2; exit 1; }
SAM_CLI_TELEMETRY=0 exec "$sam" delete --stack-name "$STACK" --region eu-central-1 --no-prompts
