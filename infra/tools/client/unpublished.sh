#!/bin/sh
# Refuses to go on when the registry has this version of @fitkit/shared already: it takes each once, and tells so only after all the
# tests, in words of its own.
set -eu
cd "$(dirname "$0")/../../../clients/typescript"
of() { node -p "require('./package.json').$1"; }
name=$(of name) version=$(of version) registry=$(of publishConfig.registry)
if said=$(npm view "$name" versions --json --registry "$registry" 2>&1); then
	case "$said" in
	*"\"$version\""*)
		echo "$name $version is published already: raise the version by npm --prefix clients/typescript version minor --no-git-tag-version, commit that, and publish again." >&2
		exit 1
		;;
	esac
else
	case "$said" in
	*E404*) ;; # nothing of that name is there yet
	*)
		echo "$said" >&2
		echo "$registry does not say which versions of $name it has: sign in there, or try again." >&2
		exit 1
		;;
	esac
fi
echo "$name $version is not published yet."
