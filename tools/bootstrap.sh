#!/usr/bin/env bash
# Makes .venv from the hashed requirements, with an interpreter that fits, and says which one.
# Takes what is there: nothing but packages is downloaded, and no version manager is switched.
#   PYTHON=/path/to/python or PYTHON=3.13 chooses; VENV=.venv-3.13 puts it elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}

fits() { # an executable Python of 3.12 or newer (and of the version asked for, if one was)
  [ -x "$1" ] && "$1" -I -c '
import sys
want = sys.argv[1]
have = "%d.%d" % sys.version_info[:2]
sys.exit(not (sys.version_info >= (3, 12) and want in ("", have)))' "$2" >/dev/null 2>&1
}

candidates() {
  local IFS=: dir
  for dir in $PATH; do
    printf '%s\n' "$dir"/python3.1[2-9] "$dir"/python3
  done
  for dir in "${PYENV_ROOT:-$HOME/.pyenv}/versions" "${ASDF_DATA_DIR:-$HOME/.asdf}/installs/python" \
    "${MISE_DATA_DIR:-$HOME/.local/share/mise}/installs/python" \
    "${XDG_DATA_HOME:-$HOME/.local/share}/uv/python"; do
    printf '%s\n' "$dir"/*/bin/python3
  done
}

find_python() {
  local wish=${PYTHON:-} version=
  case $wish in
    */*) fits "$wish" "" && { printf '%s\n' "$wish"; return; } ; return 1 ;;
    3.*) version=$wish ;;
  esac
  while IFS= read -r each; do
    # A version manager's shim answers only when it is selected; the real one stands beside it.
    case $each in */shims/*) continue ;; esac
    if fits "$each" "$version"; then printf '%s\n' "$each"; return; fi
  done < <(candidates)
  return 1
}

if ! python=$(find_python); then
  echo "No Python ${PYTHON:->= 3.12} was found on PATH or in a version manager's folder." >&2
  echo "Install Python 3.12 or 3.13, or name one: make PYTHON=/path/to/python3.12" >&2
  exit 2
fi

if [ ! -x "$venv/bin/python" ] || ! fits "$venv/bin/python" "$(case ${PYTHON:-} in 3.*) echo "$PYTHON" ;; esac)"; then
  echo "python: $python ($("$python" -V))"
  rm -rf "$venv"
  "$python" -m venv --without-pip "$venv"
fi

uv=$(command -v uv || true)
if [ -z "$uv" ] || ! "$uv" --version >/dev/null 2>&1; then
  uv=.uv/bin/uv
  if [ ! -x "$uv" ]; then
    echo "uv: not on PATH, taken through pip"
    rm -rf .uv
    "$python" -m venv .uv && .uv/bin/python -m pip install --quiet --disable-pip-version-check uv
  fi
fi

stamp=$venv/.installed
wanted=$(cat requirements/dev.txt pyproject.toml | cksum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  "$uv" pip install --quiet --python "$venv/bin/python" --compile-bytecode --require-hashes \
    -r requirements/dev.txt
  "$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
  printf '%s' "$wanted" >"$stamp"
fi
