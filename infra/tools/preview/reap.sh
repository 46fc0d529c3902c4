#!/bin/sh
# Removes the previews of pull requests that are closed, with their database branches: closing one does the same, unless that
# run was missed or failed. Only stacks named fitkit-pr-<number> are looked at.
set -eu
stacks=$(aws cloudformation describe-stacks --region eu-central-1 --query "Stacks[?starts_with(StackName, 'fitkit-pr-')].StackName" --output text)
failed=
for stack in $stacks; do
	number=${stack#fitkit-pr-}
	case "$number" in
	"" | *[!0-9]*) continue ;; # a domain's stack inside a preview's
	esac
	state=$(gh api "repos/$GITHUB_REPOSITORY/pulls/$number" --jq .state) || state=unknown
	case "$state" in
	open) echo "$stack stays: its pull request is open." ;;
	closed)
		echo "$stack goes: its pull request is closed."
		STACK=$stack make --silent preview-remove preview-branch-remove || failed="$failed $stack"
		;;
	*) failed="$failed $stack" ;;
	esac
done
[ -z "$failed" ] || { echo "These previews may still be there; remove each by make preview-remove preview-branch-remove STACK=…:$failed" >&2; exit 1; }
