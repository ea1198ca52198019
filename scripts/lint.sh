#!/bin/sh
# Everything that can be said of the code without running it.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
ruff check .
ruff format --check .
mypy
lint-imports
SOAR_DATA_DIR=$(mktemp -d)
export SOAR_DATA_DIR
trap 'rm -rf "$SOAR_DATA_DIR"' EXIT
python manage.py makemigrations --check --dry-run
