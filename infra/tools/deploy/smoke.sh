#!/bin/sh
# Finds the deployed API of STAGE and asks it what every deployment must answer. A workflow's summary is told its address: a preview's
# is API Gateway's own.
set -eu
case "${STAGE:-}" in
staging) stack=fitkit-staging ;;
production) stack=fitkit-prod ;;
preview) stack=${STACK:?the stack of the preview, fitkit-pr-<number>} ;;
*) echo "Say which stage: STAGE=preview, STAGE=staging or STAGE=production." >&2 && exit 1 ;;
esac
query() {
	aws cloudformation describe-stacks --region eu-central-1 --stack-name "$stack" --query "Stacks[0].$1" --output text && return
	echo "The stack $stack cannot be read: sign in to the account of $STAGE, or deploy it first." >&2
	exit 1
}
url=$(query "Outputs[?OutputKey=='ApiUrl'].OutputValue | [0]")
origins=$(query "Parameters[?ParameterKey=='AllowedOrigins'].ParameterValue | [0]")
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || echo "\`$stack\` answers at $url" >>"$GITHUB_STEP_SUMMARY"
exec "$(dirname "$0")/../smoke/smoke.sh" "$url" "${origins%%,*}"
