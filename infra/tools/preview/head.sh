#!/bin/sh
# Prints head=<commit> of the pull request PULL_NUMBER, for GITHUB_OUTPUT. A fork's pull request has no preview: its code would
# run in our account.
set -eu
case "${PULL_NUMBER:-}" in
"" | *[!0-9]*) echo "PULL_NUMBER is not the number of a pull request." >&2 && exit 1 ;;
esac
answer=$(gh api "repos/$GITHUB_REPOSITORY/pulls/$PULL_NUMBER" --jq '[.state, .head.repo.full_name, .head.sha] | join(" ")')
set -- $answer
[ "$1" = open ] || { echo "Pull request $PULL_NUMBER is not open." >&2; exit 1; }
[ "$2" = "$GITHUB_REPOSITORY" ] || { echo "Pull request $PULL_NUMBER comes from a fork, which gets no preview." >&2; exit 1; }
echo "head=$3"
