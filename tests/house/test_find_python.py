"""A fitting interpreter is found by path, whatever `python3` happens to be."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house import tree


def a_python(path: Path, version: str) -> Path:
    """Something that answers like a Python of that version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return path


def found(home: Path, *on_path: Path, wish: str | None = None) -> subprocess.CompletedProcess[str]:
    """What the script finds with nothing on the path but those folders and bash's own."""
    bash = home / "bash-only"
    bash.mkdir(parents=True, exist_ok=True)
    for tool in ("bash", "env"):
        (bash / tool).symlink_to(str(shutil.which(tool)))
    env = {"HOME": str(home), "PATH": ":".join(str(each) for each in (*on_path, bash))}
    if wish is not None:
        env["PYTHON"] = wish
    return subprocess.run(
        [tree.ROOT / "tools" / "find-python.sh"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python3_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    a_python(tmp_path / "usr" / "python3", "3.11")
    newer = a_python(tmp_path / "usr" / "python3.12", "3.12")
    assert f"{newer}\n" == found(tmp_path / "home", tmp_path / "usr").stdout


def test_a_python3_that_is_new_enough_is_taken_whatever_its_name(tmp_path: Path) -> None:
    only = a_python(tmp_path / "usr" / "python3", "3.13")
    assert f"{only}\n" == found(tmp_path / "home", tmp_path / "usr").stdout


def test_shims_are_passed_over_for_the_interpreter_behind_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    shims = home / ".pyenv" / "shims"
    a_python(shims / "python3.12", "3.12")
    a_python(home / ".pyenv" / "versions" / "3.11.7" / "bin" / "python3", "3.11")
    real = a_python(home / ".pyenv" / "versions" / "3.12.1" / "bin" / "python3", "3.12")
    assert f"{real}\n" == found(home, shims).stdout


@pytest.mark.parametrize("wish", ["3.13", "python3.13"])
def test_a_version_that_is_asked_for_is_found_behind_others(tmp_path: Path, wish: str) -> None:
    a_python(tmp_path / "usr" / "python3.12", "3.12")
    wanted = a_python(tmp_path / "home" / ".asdf/installs/python/3.13.0/bin/python3", "3.13")
    assert f"{wanted}\n" == found(tmp_path / "home", tmp_path / "usr", wish=wish).stdout


def test_a_path_that_is_asked_for_is_taken(tmp_path: Path) -> None:
    a_python(tmp_path / "usr" / "python3.12", "3.12")
    wanted = a_python(tmp_path / "elsewhere" / "python", "3.13")
    assert f"{wanted}\n" == found(tmp_path / "home", tmp_path / "usr", wish=str(wanted)).stdout


@pytest.mark.parametrize("wish", [None, "3.12", "{old}"])
def test_where_none_fits_it_is_said_what_to_do(tmp_path: Path, wish: str | None) -> None:
    old = a_python(tmp_path / "usr" / "python3", "3.11")
    asked = wish.format(old=old) if wish else None
    done = found(tmp_path / "home", tmp_path / "usr", wish=asked)
    assert 2 == done.returncode
    assert "" == done.stdout
    assert "Install Python 3.12 or 3.13, or name one" in done.stderr
