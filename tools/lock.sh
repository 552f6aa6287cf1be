#!/usr/bin/env bash
# Writes the locks: universal, hashed, and without a word about where packages come from.
set -euo pipefail
cd -P "$(dirname "$0")/.."
uv=$(command -v uv || true)
if [ -z "$uv" ] || ! "$uv" --version >/dev/null 2>&1; then
  uv=.uv/bin/uv
  # An installed tree needs no uv any more, so it may be gone: install again, and it is there.
  [ -x "$uv" ] || { rm -f "${VENV:-.venv}/.installed" && tools/bootstrap.sh; }
fi
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} UV_NATIVE_TLS=${UV_NATIVE_TLS:-true}
lock() {
  "$uv" pip compile --quiet --universal --generate-hashes --python-version 3.12 --no-annotate \
    --custom-compile-command "make lock" "${@:2}" -o "requirements/$1.txt" pyproject.toml
}
lock run
lock dev --group pyproject.toml:dev
