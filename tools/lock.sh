#!/usr/bin/env bash
# Writes the locks: universal, hashed, and without a word about where packages come from.
set -euo pipefail
cd -P "$(dirname "$0")/.."
lock() {
  tools/uv.sh pip compile --quiet --universal --generate-hashes --python-version 3.12 --no-annotate \
    --custom-compile-command "make lock" "${@:2}" -o "requirements/$1.txt" pyproject.toml
}
lock run
lock dev --group pyproject.toml:dev
