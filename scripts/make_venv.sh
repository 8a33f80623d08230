#!/bin/sh
# Make .venv with the pinned requirements, or do nothing if it is already up to date.
# PYTHON=/path/to/python chooses the interpreter; it must be 3.11, 3.12 or 3.13.
set -eu
cd "$(dirname "$0")/.."

if [ -n "${PYTHON:-}" ] && [ -x .venv/bin/python ]; then
    version='import sys; print("%d.%d" % sys.version_info[:2])'
    here=$(.venv/bin/python -c "$version")
    wanted=$("$PYTHON" -c "$version" 2>/dev/null) || wanted="not to be run"
    if [ "$wanted" != "$here" ]; then
        echo ".venv has Python $here; PYTHON=$PYTHON is $wanted." >&2
        echo "Delete the folder .venv, and it is made with the other one." >&2
        exit 1
    fi
fi

lab=scripts/jupyter_lab_config.json
key=$(cat requirements.txt pyproject.toml scripts/make_venv.sh "$lab" | cksum)
stamp=.venv/.installed
if [ -x .venv/bin/python ] && [ "$(head -n 1 "$stamp" 2>/dev/null)" = "$key" ]; then
    exit 0
fi

if ! [ -x .venv/bin/python ]; then
    found=
    set -- python3.12 python3.13 python3.11 python3 python
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    fi
    for candidate in "$@"; do
        if "$candidate" -c 'import sys, venv, ensurepip
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; then
            found=$candidate
            break
        fi
    done
    if [ -z "$found" ]; then
        echo "No Python 3.11, 3.12 or 3.13 (with venv) among: $*" >&2
        echo "TensorFlow has no wheels for other versions. Install one of them, for" >&2
        echo "example 'apt install python3.12-venv' or from python.org, or name it:" >&2
        echo "    make book PYTHON=/path/to/python3.12" >&2
        exit 1
    fi
    echo "Making .venv with $("$found" --version) ..."
    "$found" -m venv .venv
fi

start=$(date +%s)
count=$(grep -c '==' requirements.txt)
echo "Installing the pinned requirements ($count packages, TensorFlow among them)."
echo "The first time this downloads about 1 GB and takes about five minutes."
.venv/bin/python -m pip install --quiet -r requirements.txt
echo "Installing emolib itself, editable ..."
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
seconds=$(( $(date +%s) - start ))
printf '%s\n%s\n' "$key" "$seconds" > "$stamp"
echo "The environment is ready after $seconds s."
