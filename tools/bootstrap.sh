#!/usr/bin/env bash
# Makes .venv from the hashed requirements, with an interpreter that fits, and says which one.
# Takes what is there: nothing but packages is downloaded, and no version manager is switched.
#   PYTHON=/path/to/python or PYTHON=3.13 chooses; VENV=.venv-3.13 puts it elsewhere.
set -euo pipefail
cd -P "$(dirname "$0")/.."
venv=${VENV:-.venv}
case $venv in /*) ;; *) venv=$PWD/$venv ;; esac

give_up() { # one sentence that says what is wrong, and what to do
  printf '%s\n' "$@" >&2
  exit 2
}

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

find_python() { # $1: a path, or a version such as 3.13, or nothing
  case $1 in
    */*) fits "$1" "" && printf '%s\n' "$1"; return ;;
  esac
  while IFS= read -r each; do
    # A version manager's shim answers only when it is selected; the real one stands beside it.
    case $each in */shims/*) continue ;; esac
    if fits "$each" "$1"; then printf '%s\n' "$each"; return; fi
  done < <(candidates)
  return 1
}

wish=${PYTHON:-}
wish=${wish#python} # `python3.13` is asked for by its version: a shim of that name may not answer
case $wish in "" | */* | 3.*) ;; *) wish= ;; esac
python=$(find_python "$wish") || give_up \
  "No Python ${wish:->= 3.12} was found on PATH or in a version manager's folder." \
  "Install Python 3.12 or 3.13, or name one: make PYTHON=/path/to/python3.12"
version=$("$python" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# What is there stays, if it still runs, stands where it was made, and nobody asked for another.
if ! fits "$venv/bin/python" "${wish:+$version}" || ! grep -qF "$venv" "$venv/pyvenv.cfg"; then
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
    if [ -n "$each" ] && "$each" --version >/dev/null 2>&1; then printf '%s\n' "$each"; return; fi
  done
  return 1
}

take_uv() { # any Python that can make a venv with pip will do; Debian's cannot without python3-venv
  local each
  echo "uv: not on PATH, taken through pip"
  while IFS= read -r each; do
    case $each in */shims/*) continue ;; esac
    [ -x "$each" ] || continue
    rm -rf .uv
    if "$each" -m venv .uv >/dev/null 2>&1 && .uv/bin/python -m pip install --quiet uv; then return; fi
  done < <(printf '%s\n' "$python"; candidates)
  return 1
}

uv=$(find_uv) || { take_uv && uv=$(find_uv); } || give_up \
  "uv is not on PATH, and no Python here could install it through pip." \
  "Install uv, or the package that gives Python its venv (Debian: apt install python3-venv)."

# A mirror that pip knows of is the one that uv should ask, unless uv was told of its own.
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ] &&
  mirror=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null)}; then
  export UV_DEFAULT_INDEX=$mirror
fi

# The machine's own certificates count, as they do for pip: closed networks have their own.
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} UV_NATIVE_TLS=${UV_NATIVE_TLS:-true}

"$uv" pip install --quiet --python "$venv/bin/python" --compile-bytecode --require-hashes \
  -r requirements/dev.txt
"$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
printf '%s' "$wanted" >"$stamp"
