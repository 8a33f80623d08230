#!/bin/sh
# Fetch MathJax, which sets the formulas, into book/assets/vendor (needs npm).
# To update it: change its version here, run `make vendor`, build, look at the pages.
set -eu
cd "$(dirname "$0")/.."
command -v npm >/dev/null || {
    echo "This needs npm, which is not on PATH; install Node.js from nodejs.org." >&2
    exit 1
}
target="$PWD/book/assets/vendor"
mathjax=3.2.2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "Fetching mathjax $mathjax ..."
archive=$(cd "$work" && npm pack --silent "mathjax@$mathjax")
mkdir -p "$work/mathjax" "$target/mathjax"
tar -xzf "$work/$archive" -C "$work/mathjax" --strip-components 1

cp "$work/mathjax/es5/tex-svg.js" "$target/mathjax/"
cp "$work/mathjax/LICENSE" "$target/mathjax/LICENSE"
cat > "$target/versions.json" <<JSON
{
  "mathjax/tex-svg.js": {
    "package": "mathjax", "version": "$mathjax", "licence": "Apache-2.0"
  }
}
JSON
(cd "$target" && sha256sum */*.js > SHA256SUMS)
echo "Done: book/assets/vendor/ holds $(ls "$target"/*/*.js | wc -l) files."
