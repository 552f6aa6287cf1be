#!/usr/bin/env bash
# Prints the path of a Python that fits: 3.12 or newer, and the one asked for, if one was.
# It is found by path: no version manager is switched, and its shims, which answer only when they
# are selected, are passed over for the interpreters behind them.
#   PYTHON=/path/to/python, PYTHON=3.13 or PYTHON=python3.13 asks for one.
set -euo pipefail

version_of() { # "3.13"; nothing when it does not run
  [ -x "$1" ] && "$1" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

fits() { # $1: a path; $2: a version, or nothing for any that is new enough
  local version
  version=$(version_of "$1") || return 1
  case $version in 3.*) ;; *) return 1 ;; esac
  [ "${version#3.}" -ge 12 ] && { [ -z "$2" ] || [ "$version" = "$2" ]; }
}

candidates() {
  local IFS=: dir
  for dir in $PATH; do
    printf '%s\n' "$dir"/python3.1[2-9] "$dir"/python3
  done
  for dir in "${PYENV_ROOT:-${HOME:-/}/.pyenv}/versions" \
    "${ASDF_DATA_DIR:-${HOME:-/}/.asdf}/installs/python" \
    "${MISE_DATA_DIR:-${HOME:-/}/.local/share/mise}/installs/python" \
    "${XDG_DATA_HOME:-${HOME:-/}/.local/share}/uv/python"; do
    printf '%s\n' "$dir"/*/bin/python3
  done
}

wish=${PYTHON:-}
case $wish in
  */*) fits "$wish" "" && printf '%s\n' "$wish" && exit 0 ;;
  *)
    wish=${wish#python} # `python3.13` is asked for by its version
    case $wish in 3.*) ;; *) wish= ;; esac
    while IFS= read -r each; do
      case $each in */shims/*) continue ;; esac
      if fits "$each" "$wish"; then
        printf '%s\n' "$each"
        exit 0
      fi
    done < <(candidates)
    ;;
esac
echo "No Python ${wish:->= 3.12} was found on PATH or in a version manager's folder." >&2
echo "Install Python 3.12 or 3.13, or name one: make PYTHON=/path/to/python3.12" >&2
exit 2
