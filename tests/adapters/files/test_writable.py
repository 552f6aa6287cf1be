"""What others may write is told by its mode, where they get to it."""

from pathlib import Path

import pytest

from holdfast.adapters.files.writable import by_others


@pytest.mark.parametrize(
    ("folder", "file", "expected"),
    [
        (0o700, 0o600, []),
        (0o755, 0o644, []),
        (0o755, 0o664, ["file"]),
        (0o755, 0o646, ["file"]),
        (0o700, 0o666, ["file"]),
        (0o700, 0o664, []),
        (0o701, 0o664, []),
        (0o710, 0o660, ["file"]),
        (0o775, 0o644, ["folder"]),
        (0o777, 0o666, ["folder", "file"]),
        (0o1777, 0o644, []),
        (0o1777, 0o1666, ["file"]),
    ],
)
def test_what_others_may_write_is_told(
    tmp_path: Path, folder: int, file: int, expected: list[str]
) -> None:
    around = tmp_path / "around"
    around.mkdir(mode=0o755)
    (around / "folder").mkdir()
    (around / "folder" / "file").touch()
    (around / "folder" / "file").chmod(file)
    (around / "folder").chmod(folder)

    told = list(by_others([around / "folder", around / "folder" / "file", around / "none"]))

    assert expected == [path.name for path, _ in told]
    modes = {"folder": folder, "file": file}
    assert [modes[each] for each in expected] == [mode for _, mode in told]


def test_a_link_is_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "real" / "file").touch()
    (tmp_path / "real" / "file").chmod(0o664)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "file")
    tmp_path.chmod(0o755)

    assert [] == list(by_others([tmp_path / "link"]))
    (tmp_path / "real").chmod(0o755)
    assert [(tmp_path / "link", 0o664)] == list(by_others([tmp_path / "link"]))


def test_on_what_is_mounted_read_only_nobody_writes() -> None:
    assert [] == list(by_others([Path("/proc/sys")]))
