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

echo "installing (a minute the first time) ..."
tools/uv.sh pip install --quiet --python "$venv/bin/python" --compile-bytecode --require-hashes \
  -r requirements/dev.txt
tools/uv.sh pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
printf '%s' "$wanted" >"$stamp"
