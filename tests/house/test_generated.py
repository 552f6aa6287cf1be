"""Generated files say what the declarations say now."""

import subprocess
import sys
from pathlib import Path

from tests.house import tree


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
