"""Generated files say what the declarations say now."""

import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.wiring import command_line
from tests.house import tree

pytestmark = pytest.mark.slow


def test_no_generated_file_is_stale(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "tools.generate", str(tmp_path)], cwd=tree.ROOT, check=True
    )
    made = sorted(file for file in tmp_path.rglob("*") if file.is_file())
    stale = [
        name
        for name in (file.relative_to(tmp_path) for file in made)
        if not (tree.ROOT / name).is_file()
        or (tree.ROOT / name).read_bytes() != (tmp_path / name).read_bytes()
    ]
    assert len(made) >= 6
    assert [] == stale, "Run: make generate"


def test_every_command_stands_in_the_reference() -> None:
    reference = (tree.ROOT / "docs/reference/cli.md").read_text()
    app = command_line()
    leaves = [(name, leaf) for name in app for leaf in app[name] if not leaf.startswith("-")]

    missing = [
        f"{name} {leaf}" for name, leaf in leaves if f"## holdfast {name} {leaf}\n" not in reference
    ]

    assert len(leaves) > 20
    assert [] == missing
