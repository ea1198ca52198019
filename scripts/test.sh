#!/bin/bash
# The whole suite: lint, then pytest on the embedded default, then on PostgreSQL + Redis.
set -uo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
# Without byte code each of the many processes that tests start would compile everything again.
unset DATABASE_URL REDIS_URL PYTHONDONTWRITEBYTECODE
WORK=$(mktemp -d /tmp/soar-make-test.XXXXXX)
RESULT=0
CORES=$(nproc)
[ "$CORES" -le 8 ] || CORES=8 # more would need more connections than the database below gives
PG_BIN=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)

# What is thrown away needs no safety, and short statements are not worth compiling.
FOR_TESTS="-c fsync=off -c full_page_writes=off -c autovacuum=off -c jit=off"

# PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

LINT=""
stop_servers() {
    [ -n "$LINT" ] && kill "$LINT" 2>/dev/null
    [ -d "$WORK/pg" ] && as_postgres "$PG_BIN/pg_ctl" -D "$WORK/pg" -m immediate stop >/dev/null 2>&1
    [ -f "$WORK/redis.pid" ] && kill "$(cat "$WORK/redis.pid")" 2>/dev/null
    rm -rf "$WORK"
}
trap stop_servers EXIT
trap 'exit 130' INT TERM

start_servers() {
    chmod 755 "$WORK"
    mkdir -p "$WORK/pg" "$WORK/socket"
    [ "$(id -u)" = 0 ] && chown postgres "$WORK/pg" "$WORK/socket"
    as_postgres "$PG_BIN/initdb" -D "$WORK/pg" -U soar -A trust -E UTF8 --locale=C.UTF-8 >/dev/null &&
        as_postgres "$PG_BIN/pg_ctl" -D "$WORK/pg" -w -l "$WORK/socket/log" start -o \
            "-k $WORK/socket -c listen_addresses='' -c max_connections=60 $FOR_TESTS" >/dev/null &&
        as_postgres "$PG_BIN/createdb" -h "$WORK/socket" -U soar soar &&
        redis-server --port 0 --unixsocket "$WORK/redis.sock" --save "" --daemonize yes \
            --dir "$WORK" --pidfile "$WORK/redis.pid" >/dev/null
}

# Runs the suite in $2 processes and leaves the number of passed tests in the variable named by $1.
run_suite() {
    local junit="$WORK/$1.xml"
    # A file stays in one process: some start one installation for all of their tests. Files are taken in the
    # order of tests/conftest.py, else those with few and slow tests would come last.
    pytest -q -n "$2" --dist loadfile --no-loadscope-reorder --junit-xml="$junit" "${@:3}" || RESULT=1
    local counts
    counts=$(python - "$junit" <<'PYTHON'
import sys
from xml.etree import ElementTree

suite = ElementTree.parse(sys.argv[1]).getroot().find("testsuite").attrib
total, failed, skipped = (int(suite[name]) for name in ("tests", "failures", "skipped"))
failed += int(suite["errors"])
print(f"{total - failed - skipped} passed, {failed} failed, {skipped} skipped")
PYTHON
    ) || { counts="did not run"; RESULT=1; }
    printf -v "$1" '%s' "$counts"
}

# Beside the tests, some of which wait for processes they started; for the same reason one process more than cores.
scripts/lint.sh >"$WORK/lint" 2>&1 &
LINT=$!
echo "== tests on the embedded default"
run_suite ON_SQLITE $((CORES + 1)) "$@"
wait "$LINT" || RESULT=1
LINT=""
echo "== lint"
cat "$WORK/lint"
echo "== tests on PostgreSQL + Redis"
ON_POSTGRESQL="did not run"
if start_servers; then
    export DATABASE_URL="postgres://soar@/$WORK/socket/soar"
    export REDIS_URL="redis+socket://$WORK/redis.sock"
    # What uses no database, or an embedded one it starts itself, was shown above.
    run_suite ON_POSTGRESQL "$CORES" --on-the-database "$@"
else
    echo "PostgreSQL or Redis did not start" >&2
    RESULT=1
fi
echo "== SQLite (embedded): $ON_SQLITE"
echo "== PostgreSQL + Redis: $ON_POSTGRESQL"
exit $RESULT
