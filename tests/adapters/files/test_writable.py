"""What others may write is told by its mode, where they get to it."""

import grp
import os
import pwd
import stat
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.adapters.files.notes import keep_note
from holdfast.adapters.files.policy_folder import begin
from holdfast.adapters.files.whole import make_folder
from holdfast.adapters.files.writable import by_others, in_group
from holdfast.model.reach import Exposed, Writers


def told(*paths: Path) -> dict[str, int]:
    """Of what is written by others: names and modes."""
    return {
        Path(each.path).name: each.mode
        for each in by_others(paths)
        if each.writers is Writers.OTHERS
    }


@pytest.mark.parametrize(
    ("folder", "file", "expected"),
    [
        (0o700, 0o600, []),
        (0o755, 0o644, []),
        (0o755, 0o646, ["file"]),
        (0o700, 0o666, []),
        (0o757, 0o644, ["folder"]),
        (0o777, 0o666, ["folder", "file"]),
        (0o1777, 0o644, ["folder"]),
        (0o1755, 0o1666, ["file"]),
    ],
)
def test_what_others_may_write_is_told(
    open_folder: Path, folder: int, file: int, expected: list[str]
) -> None:
    kept = open_folder / "folder"
    kept.mkdir()
    (kept / "file").touch()
    (kept / "file").chmod(file)
    kept.chmod(folder)

    seen = told(kept, kept / "file", kept / "none")

    modes = {"folder": folder, "file": file}
    assert {each: modes[each] for each in expected} == seen


@pytest.mark.parametrize(
    ("top", "middle", "expected"),
    [
        (0o755, 0o755, []),
        (0o755, 0o777, ["middle"]),
        (0o777, 0o755, ["top"]),
        (0o777, 0o777, ["top", "middle"]),
        (0o1777, 0o1777, []),
        (0o700, 0o777, []),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_so_is_what_others_may_write_above(
    open_folder: Path, top: int, middle: int, expected: list[str], there: bool
) -> None:
    leash = open_folder / "top" / "middle" / "leash"
    leash.parent.mkdir(parents=True)
    if there:
        leash.mkdir(mode=0o755)
    leash.parent.chmod(middle)
    leash.parent.parent.chmod(top)

    assert set(expected) == told(leash).keys()


def test_only_what_is_sticky_and_a_folder_is_said_to_be_for_many(open_folder: Path) -> None:
    (open_folder / "file").touch()
    (open_folder / "file").chmod(0o1666)
    open_folder.chmod(0o1777)

    seen = list(by_others([open_folder, open_folder / "file"]))

    assert [
        Exposed(path=str(path), mode=mode, writers=Writers.OTHERS, for_many=for_many)
        for path, mode, for_many in (
            (open_folder, 0o1777, True),
            (open_folder / "file", 0o1666, False),
        )
    ] == seen


def test_a_link_is_what_it_leads_to(open_folder: Path) -> None:
    real, link = open_folder / "real", open_folder / "link"
    real.mkdir(mode=0o700)
    (real / "file").touch()
    (real / "file").chmod(0o666)
    link.symlink_to(real / "file")

    assert {} == told(link)
    real.chmod(0o755)
    assert {"link": 0o666} == told(link)


def test_above_a_link_is_where_it_stands_and_what_it_leads_into(open_folder: Path) -> None:
    here, there = open_folder / "here", open_folder / "there"
    (there / "leash").mkdir(parents=True)
    here.mkdir()
    (here / "leash").symlink_to(there / "leash")
    for each in (here, there):
        each.chmod(0o777)

    assert {"here": 0o777, "there": 0o777} == told(here / "leash")


def test_on_what_is_mounted_read_only_nobody_writes() -> None:
    assert {} == told(Path("/proc/sys"))


def a_group(name: str, number: int, *members: str) -> grp.struct_group:
    return grp.struct_group((name, "x", number, list(members)))


def a_user(name: str, number: int, group: int) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", number, group, "", "/", "/bin/sh"))


ROOT, ANA, BEN = a_user("root", 0, 0), a_user("ana", 1000, 1000), a_user("ben", 1001, 1001)
WE = a_user("holdfast", 999, 999)
DOMAIN = a_user("cem", 1002, 1000)


@pytest.mark.parametrize(
    ("group", "users", "expected"),
    [
        (a_group("ana", 1000), [ROOT, ANA, BEN], Writers.NOBODY),
        (a_group("ana", 1000, "ana"), [ROOT, ANA, BEN], Writers.NOBODY),
        (a_group("root", 0, "root"), [ROOT, ANA, BEN], Writers.NOBODY),
        (a_group("ana", 1000, "ben"), [ROOT, ANA, BEN], Writers.OTHERS),
        (a_group("ana", 1000, "gone"), [ROOT, ANA, BEN], Writers.OTHERS),
        (a_group("ana", 1000), [ROOT, ANA, BEN, DOMAIN], Writers.OTHERS),
        (a_group("ben", 1001), [ROOT, ANA, BEN], Writers.OTHERS),
        (a_group("users", 100), [ROOT, ANA, BEN], Writers.OTHERS),
        (a_group("staff", 1000), [ROOT, ANA], Writers.OTHERS),
        (a_group("holdfast", 999), [ROOT, ANA, WE], Writers.OURS),
        (a_group("holdfast", 999, "ana"), [ROOT, ANA, WE], Writers.OTHERS),
    ],
)
def test_a_user_s_own_group_has_nobody_else_in_it(
    group: grp.struct_group, users: list[pwd.struct_passwd], expected: Writers
) -> None:
    assert expected == in_group(group, users, ANA.pw_uid, WE.pw_uid)


def test_an_access_list_is_more_than_the_group_whose_bits_it_takes(open_folder: Path) -> None:
    """Of `setfacl -m u:nobody:rw`; the group itself is that of whoever runs this."""
    if sys.platform != "linux":
        pytest.skip("no such lists")
    kept = open_folder / "file"
    kept.touch()
    rows = ((0x01, 6, -1), (0x02, 6, 65534), (0x04, 4, -1), (0x10, 6, -1), (0x20, 4, -1))
    listed = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *row) for row in rows)
    os.setxattr(kept, "system.posix_acl_access", listed)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o664

    assert {"file": 0o664} == told(kept)


@pytest.mark.parametrize(
    "make",
    [
        make_folder,
        lambda folder: begin(folder, {"leash.yaml": b""}),
        lambda folder: keep_note(b"", folder / "a.note"),
    ],
    ids=["a folder", "a leash", "an anchor"],
)
def test_what_is_made_is_nobody_else_s_to_write_by_any_umask(
    open_folder: Path, make: Callable[[Path], object]
) -> None:
    folder = open_folder / "above" / "folder"
    before = os.umask(0)
    try:
        make(folder)
    finally:
        os.umask(before)

    made = (folder.parent, folder, *folder.iterdir())
    assert {0o755, *(0o644 for _ in folder.iterdir())} == {
        stat.S_IMODE(each.stat().st_mode) for each in made
    }


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    make_folder(tmp_path)

    assert 0o700 == stat.S_IMODE(tmp_path.stat().st_mode)
