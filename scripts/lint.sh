#!/bin/sh
# Everything that can be said of the code without running it; all of it, also after a finding.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/.venv/bin:$PATH"
SOAR_DATA_DIR=$(mktemp -d)
export SOAR_DATA_DIR
trap 'rm -rf "$SOAR_DATA_DIR"' EXIT
RESULT=0
check() {
    echo "-- $*"
    "$@" || RESULT=1
}
check ruff check .
check ruff format --check .
check mypy
check lint-imports --no-logo
check python manage.py makemigrations --check --dry-run
exit $RESULT
