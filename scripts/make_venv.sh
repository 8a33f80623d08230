#!/bin/sh
# Make .venv with the pinned requirements, or do nothing if it is already up to date.
# PYTHON=/path/to/python chooses the interpreter; it must be 3.11, 3.12 or 3.13.
set -eu
cd "$(dirname "$0")/.."

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}
trap 'fail "" "Interrupted. The same command goes on from here."' INT TERM

ask='import sys; print("%d.%d" % sys.version_info[:2])'
version_of() { # prints 3.12, or nothing where it cannot be run
    "$1" -c "$ask" 2>/dev/null || true
}
fits() {
    case $1 in 3.11 | 3.12 | 3.13) ;; *) return 1 ;; esac
}

# What was asked for, before anything is made of it.
wanted=
if [ -n "${PYTHON:-}" ]; then
    wanted=$(version_of "$PYTHON")
    [ -n "$wanted" ] ||
        fail "PYTHON=$PYTHON cannot be run; give the path of a Python 3.11, 3.12 or 3.13."
    fits "$wanted" ||
        fail "PYTHON=$PYTHON is Python $wanted; TensorFlow has wheels for 3.11, 3.12 and" \
            "3.13 only. Give the path of one of those: make book PYTHON=/path/to/python3.12"
fi

# A .venv that is half made or has lost its Python is made again.
if [ -e .venv ] || [ -h .venv ]; then
    here=$(version_of .venv/bin/python)
    # pip's first line names the Python it was made for; with blanks in it, its second.
    made_for=$(sed -n "1s/^#! *//p; 2s/^'''exec' \"\([^\"]*\)\".*/\1/p" .venv/bin/pip \
        2>/dev/null | grep -v '^/bin/sh$' || true)
    broken=
    if [ -z "$here" ]; then
        broken="its Python is gone or cannot be run"
    elif ! .venv/bin/python -c 'import sys, importlib.util as find
sys.exit(find.find_spec("pip") is None)'; then
        broken="it was made only in part, or for another Python than $here"
    elif ! fits "$here"; then
        broken="Python $here is none of 3.11, 3.12 and 3.13"
    elif [ -n "$made_for" ] && ! [ -x "$made_for" ]; then
        broken="this folder was moved or renamed since"
    fi
    if [ -n "$broken" ]; then
        echo "Making .venv again: $broken."
        rm -rf .venv
    elif [ -n "$wanted" ] && [ "$wanted" != "$here" ]; then
        fail ".venv has Python $here; PYTHON=$PYTHON is $wanted." \
            "Delete the folder .venv, and it is made with the other one."
    fi
fi

lab=scripts/jupyter_lab_config.json
key=$(cat requirements.txt pyproject.toml scripts/make_venv.sh "$lab" | cksum)
stamp=.venv/.installed
if [ "$(head -n 1 "$stamp" 2>/dev/null)" = "$key" ]; then
    exit 0
fi

if ! [ -e .venv ]; then
    found=
    set -- python3.12 python3.13 python3.11 python3 python
    if [ -n "$wanted" ]; then
        set -- "$PYTHON"
    fi
    for candidate in "$@"; do
        if fits "$(version_of "$candidate")" &&
            "$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1; then
            found=$candidate
            break
        fi
    done
    [ -n "$found" ] || fail "No Python 3.11, 3.12 or 3.13 (with venv) among: $*" \
        "TensorFlow has no wheels for other versions. Install one of them, for" \
        "example 'apt install python3.12-venv' or from python.org, or name it:" \
        "    make book PYTHON=/path/to/python3.12"
    echo "Making .venv with $("$found" --version) ..."
    "$found" -m venv .venv ||
        fail "The folder .venv could not be made: see above. Is the disk full, or this" \
            "folder read-only? Then run the same command again."
fi

install() {
    said=$(.venv/bin/python -m pip install --quiet "$@" 2>&1) && return
    printf '%s\n' "$said" | tail -n 5 >&2
    case $said in
    *"No space left"*) why="The disk is full: the packages need 3 GB. Free some" ;;
    *[Cc]onnection* | *resol* | *[Tt]imed?out* | *timeout* | *"Retrying"*)
        why="The package index was not reached. Check the network" ;;
    *) why="Installing failed; the last lines of pip are above. Put right what they say" ;;
    esac
    fail "$why, then run the same command again: it goes on from here."
}

start=$(date +%s)
count=$(grep -c '==' requirements.txt)
echo "Installing the pinned requirements ($count packages, TensorFlow among them)."
echo "The first time this downloads about 1 GB and takes about five minutes."
install -r requirements.txt
echo "Installing emolib itself, editable ..."
install --no-deps --no-build-isolation -e .
seconds=$(( $(date +%s) - start ))
printf '%s\n%s\n' "$key" "$seconds" > "$stamp"
echo "The environment is ready after $seconds s."
