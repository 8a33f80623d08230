#!/bin/sh
# Write requirements.txt: exact versions of everything the book and the tests need,
# for Python 3.11 to 3.13 on every platform. Needs uv (https://docs.astral.sh/uv/).
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null || {
    echo "Pinning needs uv, which is not on PATH; install it: pip install uv" >&2
    exit 1
}
{
    cat <<'HEADER'
# Exact versions of everything the book and the tests need. `make book` and `make test`
# install them; written by scripts/pin_requirements.sh from the extras in pyproject.toml.
# The package tensorflow, not tensorflow-cpu: one name on every platform, the one that the
# chapters use. On Linux tensorflow-cpu is half the download (0.3 GB) and works as well.
HEADER
    uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
        --all-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
        pyproject.toml
} > requirements.txt.tmp
mv requirements.txt.tmp requirements.txt
