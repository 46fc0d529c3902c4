#!/bin/sh
# Prints where Chromium is, and has Debian install it first when it is not there and we may.
find_it() {
	for name in chromium chromium-browser google-chrome; do
		command -v "$name" && exit 0
	done
}
find_it
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1
	find_it
fi
echo "The console is walked in Chromium, which is not installed. On Debian: apt-get install chromium." >&2
exit 1
