#!/bin/sh
# Prints where PgBouncer is, and has Debian install it first when it is not there and we may: as root, or on a runner of CI, where
# sudo asks nothing. Its service is not started.
find_it() {
	for name in pgbouncer /usr/sbin/pgbouncer; do
		command -v "$name" && exit 0
	done
}
find_it
if [ "$(id -u)" != 0 ] && [ "${CI:-}" = true ] && sudo -n true 2>/dev/null; then
	exec sudo -n "$0"
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then
		trap 'rm -f $policy' EXIT
		printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy
	fi
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends pgbouncer; } >/dev/null 2>&1
	find_it
fi
echo "Studios are kept apart behind a real PgBouncer, which is not installed. On Debian: apt-get install pgbouncer." >&2
exit 1
