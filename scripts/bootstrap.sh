#!/bin/sh
# Makes .venv with the locked requirements; `bootstrap.sh dev` adds the tools of the tests.
set -eu
cd "$(dirname "$0")/.."
LOCK=requirements.lock
[ "${1:-}" = dev ] && LOCK=requirements-dev.lock

fail() {
    echo "$*" >&2
    exit 1
}

# Installs Debian packages as root, else says what to install.
install_packages() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $*" >&2
        { apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1 ||
            { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@" >/dev/null; }; } ||
            fail "Could not install $*"
    else
        fail "Please install as root: apt-get install $*"
    fi
}

# uv installs all at once and compiles it; it knows nothing of pip's configuration, so where it finds no
# packages pip installs them.
install_locked() {
    ONLY_UV=$(mktemp)
    awk '/^uv==/ { found = 1 } found { print } found && !/\\$/ { exit }' requirements-dev.lock >"$ONLY_UV"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$ONLY_UV" &&
        VIRTUAL_ENV="$PWD/.venv" .venv/bin/uv pip install --quiet --compile-bytecode --require-hashes -r "$1" ||
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1"
    rm -f "$ONLY_UV"
}

find_python() {
    for candidate in python3.11 python3 /usr/bin/python3.11 /usr/bin/python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
}

PYTHON=$(find_python)
if [ -z "$PYTHON" ]; then
    install_packages python3.11 python3.11-venv
    PYTHON=$(find_python)
    [ -n "$PYTHON" ] || fail "Watchfloor needs Python 3.11"
fi

if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    rm -rf .venv .installed*
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv python3-pip
    "$PYTHON" -m venv .venv
fi

# The stamp of the tests' lock covers the product's too: it holds the same versions and more.
WANTED=$(sha256sum "$LOCK" | cut -d' ' -f1)
if [ "$(cat ".installed-$LOCK" 2>/dev/null || true)" != "$WANTED" ]; then
    echo "Installing $LOCK" >&2
    install_locked "$LOCK"
    echo "$WANTED" >".installed-$LOCK"
fi

# Every process starts in half the time, also where Python is told to write no byte code itself.
.venv/bin/python -m compileall -q -j 0 manage.py soar cases iocs incidents modules ||
    echo "Could not write byte code; everything works, and starts slower" >&2

if [ "${1:-}" = dev ]; then
    MISSING=""
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || MISSING="$MISSING postgresql"
    command -v redis-server >/dev/null || MISSING="$MISSING redis-server"
    command -v chromium >/dev/null || MISSING="$MISSING chromium"
    command -v curl >/dev/null || MISSING="$MISSING curl"
    # shellcheck disable=SC2086  # one word per package
    [ -z "$MISSING" ] || install_packages $MISSING
fi
