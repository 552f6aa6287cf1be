#!/usr/bin/env bash
# Runs uv: the one on PATH if it answers, else one of our own in .uv, taken through pip.
#   tools/uv.sh pip compile ...
set -euo pipefail
root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

find_uv() {
  local each
  for each in "$(command -v uv || true)" "$root/.uv/bin/uv"; do
    # Asked, not only looked for: a version manager's shim of that name may answer nothing.
    if [ -n "$each" ] && "$each" --version >/dev/null 2>&1; then
      printf '%s\n' "$each"
      return
    fi
  done
  return 1
}

take_uv() { # any Python that can make a venv with pip; Debian's cannot without python3-venv
  local each
  echo "uv: not on PATH, taken through pip" >&2
  for each in "$("$root/tools/find-python.sh")" \
    "${PYENV_ROOT:-${HOME:-/}/.pyenv}"/versions/3.*/bin/python3 \
    /usr/local/bin/python3 /usr/bin/python3; do
    rm -rf "$root/.uv"
    if "$each" -m venv "$root/.uv" >/dev/null 2>&1 &&
      "$root/.uv/bin/python" -m pip install --quiet --disable-pip-version-check uv >&2; then
      return
    fi
  done
  return 1
}

uv=$(find_uv) || { take_uv && uv=$(find_uv); } || {
  echo "uv is not on PATH, and no Python here could install it through pip." >&2
  echo "Install uv, or what gives Python its venv (Debian: apt install python3-venv)." >&2
  exit 2
}

# A mirror that pip knows of is the one that uv should ask, unless uv was told of its own.
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
  mirror=${PIP_INDEX_URL:-}
  [ -n "$mirror" ] || [ ! -x "$root/.uv/bin/python" ] ||
    mirror=$("$root/.uv/bin/python" -m pip config get global.index-url 2>/dev/null) || mirror=
  [ -z "$mirror" ] || export UV_DEFAULT_INDEX=$mirror
fi

# The machine's own certificates count, as they do for pip: closed networks have their own.
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} UV_NATIVE_TLS=${UV_NATIVE_TLS:-true}

exec "$uv" "$@"
