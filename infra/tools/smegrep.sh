#!/bin/sh
# Prints the lines of the repository that match PATTERN in PATHS, as Markdown. Both come in the environment and are only data:
# no word of them is ever a command or an option, and no path leaves the repository.
set -eu
: "${PATTERN:?what to look for}"
set -f # the shell expands no star; git does, inside the repository
# shellcheck disable=SC2086 # the paths are words with spaces between
set -- ${PATHS:-.}
found=$(git grep --line-number -I --extended-regexp -e "$PATTERN" -- "$@" | head -n 500) || found=
printf '%s match(es)\n\n' "$(printf '%s' "$found" | grep -c '' || true)"
printf '%s\n' "$found" | sed 's/^/    /'
