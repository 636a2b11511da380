#!/usr/bin/env bash
# A throwaway PostgreSQL for the tests, on loopback only, with nothing synced to disk.
#   tests/postgres.sh start   starts it when it does not run, and prints its URL for GATEHOUSE_TEST_POSTGRES
#   tests/postgres.sh stop    stops it and deletes its files
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# Not inside the repository: the server runs as its own user, who may not be able to walk there.
home=${TMPDIR:-/tmp}/gatehouse-postgres-$(printf %s "$root" | cksum | cut -d' ' -f1)
data=$home/data

find_programs() {
  local found
  found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  [ -n "$found" ] || found=$(dirname "$(command -v pg_ctl || echo /nowhere/pg_ctl)")
  [ -x "$found/initdb" ] || { echo "PostgreSQL is not installed. On Debian: apt-get install postgresql" >&2; exit 1; }
  echo "$found"
}

# The server refuses to run as root.
as_server() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

is_running() { [ -d "$data" ] && as_server "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; }

print_url() { echo "postgres://postgres@127.0.0.1:$(sed -n 4p "$data/postmaster.pid")/postgres?sslmode=disable"; }

start() {
  if is_running; then print_url; return; fi
  rm -rf "$home"
  mkdir -p "$home"
  [ "$(id -u)" = 0 ] && chown postgres "$home"
  as_server "$bin/initdb" -D "$data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  cat >>"$data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$home'
max_connections = 200
shared_buffers = 32MB
fsync = off
synchronous_commit = off
full_page_writes = off
CONF
  # A random port may be taken; the server says so by not starting.
  for _ in 1 2 3 4 5; do
    if as_server "$bin/pg_ctl" -D "$data" -w -l "$home/log" -o "-p $((20000 + RANDOM % 10000))" start >/dev/null 2>&1; then print_url; return; fi
  done
  echo "PostgreSQL did not start:" >&2
  tail -n 20 "$home/log" >&2
  exit 1
}

stop() {
  if is_running; then as_server "$bin/pg_ctl" -D "$data" -m immediate stop >/dev/null; fi
  rm -rf "$home"
}

bin=$(find_programs)
case ${1:-} in
  start) start ;;
  stop) stop ;;
  *) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
