#!/bin/sh
# Fetch the browser libraries of the book into book/assets/vendor (needs npm).
# To update one: change its version here, run `make vendor`, build, look at the pages.
set -eu
cd "$(dirname "$0")/.."
command -v npm >/dev/null || {
    echo "This needs npm, which is not on PATH; install Node.js from nodejs.org." >&2
    exit 1
}
target="$PWD/book/assets/vendor"
mathjax=3.2.2
requirejs=2.3.8
html_manager=1.0.15
esbuild=0.25.12

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fetch() { # name version folder
    echo "Fetching $1 $2 ..."
    archive=$(cd "$work" && npm pack --silent "$1@$2")
    mkdir -p "$work/$3" "$target/$3"
    tar -xzf "$work/$archive" -C "$work/$3" --strip-components 1
}
fetch mathjax "$mathjax" mathjax
fetch requirejs "$requirejs" requirejs
fetch @jupyter-widgets/html-manager "$html_manager" html-manager

cp "$work/mathjax/es5/tex-svg.js" "$target/mathjax/"
cp "$work/mathjax/LICENSE" "$target/mathjax/LICENSE"
# require.js is the only one that is not minified as it comes
(cd "$work" && npx --yes "esbuild@$esbuild" requirejs/require.js --minify \
    --legal-comments=none --log-level=warning --outfile=require.min.js)
{
    echo "/** vim: et:ts=4:sw=4:sts=4"
    echo " * @license RequireJS $requirejs Copyright jQuery Foundation and other" \
        "contributors. MIT license. */"
    cat "$work/require.min.js"
} > "$target/requirejs/require.min.js"
# Its icon fonts become part of the script: next to it, they are not found over file://.
python3 scripts/inline_fonts.py "$work/html-manager/dist/embed-amd.js" \
    "$target/html-manager/embed-amd.js"
cp "$work/html-manager/dist/embed.js.LICENSE.txt" \
    "$target/html-manager/BUNDLED-LICENSES.txt"

cat > "$target/versions.json" <<JSON
{
  "mathjax/tex-svg.js": {
    "package": "mathjax", "version": "$mathjax", "licence": "Apache-2.0"
  },
  "requirejs/require.min.js": {
    "package": "requirejs", "version": "$requirejs", "licence": "MIT"
  },
  "html-manager/embed-amd.js": {
    "package": "@jupyter-widgets/html-manager",
    "version": "$html_manager",
    "licence": "BSD-3-Clause"
  }
}
JSON
(cd "$target" && sha256sum */*.js > SHA256SUMS)
echo "Done: book/assets/vendor/ holds $(ls "$target"/*/*.js | wc -l) files."
