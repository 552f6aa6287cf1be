#!/usr/bin/env bash
# Makes .venv from the hashed requirements, with an interpreter that fits, and says which one.
# Takes what is there: nothing but packages is downloaded.
#   PYTHON=/path/to/python or PYTHON=3.13 chooses; VENV=.venv-3.13 puts it elsewhere.
set -euo pipefail
cd -P "$(dirname "$0")/.."
venv=${VENV:-.venv}
case $venv in /*) ;; *) venv=$PWD/$venv ;; esac

made_by() { # whether the venv still runs, by that interpreter or, if none is named, by any that fits
  local asked
  asked=$(PYTHON=$venv/bin/python tools/find-python.sh 2>/dev/null) || return 1
  [ -z "$1" ] || [ "$("$asked" -V)" = "$("$1" -V)" ]
}

# What is there stays, if it runs, stands where it was made, and nobody asked for another.
asked=
[ -z "${PYTHON:-}" ] || asked=$(tools/find-python.sh)
if ! made_by "$asked" || ! grep -qF "$venv" "$venv/pyvenv.cfg"; then
  python=$(tools/find-python.sh)
  echo "python: $python ($("$python" -V))"
  rm -rf "$venv"
  "$python" -m venv --without-pip "$venv"
fi

stamp=$venv/.installed
wanted=$(cat requirements/dev.txt pyproject.toml | cksum)
[ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || exit 0

find_uv() {
  local each
  for each in "$(command -v uv || true)" .uv/bin/uv; do
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
  echo "uv: not on PATH, taken through pip"
  for each in "$(tools/find-python.sh)" "${PYENV_ROOT:-${HOME:-/}/.pyenv}"/versions/3.*/bin/python3 \
    /usr/local/bin/python3 /usr/bin/python3; do
    rm -rf .uv
    if "$each" -m venv .uv >/dev/null 2>&1 && .uv/bin/python -m pip install --quiet uv; then
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
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ] &&
  mirror=${PIP_INDEX_URL:-$(.uv/bin/python -m pip config get global.index-url 2>/dev/null)}; then
  export UV_DEFAULT_INDEX=$mirror
fi

# The machine's own certificates count, as they do for pip: closed networks have their own.
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} UV_NATIVE_TLS=${UV_NATIVE_TLS:-true}

"$uv" pip install --quiet --python "$venv/bin/python" --compile-bytecode --require-hashes \
  -r requirements/dev.txt
"$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
printf '%s' "$wanted" >"$stamp"
