#!/bin/sh
# Prints the path of uv, and gets it first where there is none: the only thing
# that `make` cannot do with git, make and python3 alone.
set -eu

version=0.13.9
home="${XDG_CACHE_HOME:-$HOME/.cache}/myapp-operator/uv-$version"

if command -v uv >/dev/null 2>&1; then
    command -v uv
    exit 0
fi
if [ -x "$home/bin/uv" ]; then
    echo "$home/bin/uv"
    exit 0
fi

fail() {
    echo "$1" >&2
    exit 1
}

command -v python3 >/dev/null 2>&1 || fail "python3 is missing: install it (on Debian: apt-get install python3) and run this again."

# Debian ships python3 without ensurepip, which `python3 -m venv` needs.
if ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        fail "python3 cannot make virtual environments here: install python3-venv (on Debian: apt-get install python3-venv) and run this again."
    fi
    echo "Installing python3-venv, which python3 needs to fetch uv." >&2
    export DEBIAN_FRONTEND=noninteractive
    { apt-get install -y -qq --no-remove --no-install-recommends python3-venv ||
        { apt-get update -qq && apt-get install -y -qq --no-remove --no-install-recommends python3-venv; }; } >&2 ||
        fail "python3-venv could not be installed: see the lines above, install it by hand and run this again."
fi

echo "Fetching uv $version into $home" >&2
mkdir -p "$(dirname "$home")"
made=$(mktemp -d "$home.XXXXXX")
# Made aside and moved in one step, so that an interrupted run leaves no half of it; only the
# binary is used afterwards, and it does not mind being moved.
{ python3 -m venv "$made" && "$made/bin/python" -m pip install -q --disable-pip-version-check "uv==$version"; } >&2 ||
    { rm -rf "$made"; fail "uv $version could not be fetched from PyPI: see the lines above, or install uv yourself so that it is on PATH."; }
mv -T "$made" "$home" 2>/dev/null || rm -rf "$made"
echo "$home/bin/uv"
