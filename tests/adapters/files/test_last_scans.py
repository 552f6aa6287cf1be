"""The file of the last scan: whole, private, and never a reason for a scan to fail."""

import json
import multiprocessing
import os
from datetime import timedelta
from pathlib import Path

import pytest

from holdfast.adapters.files.last_scans import KeptScan
from holdfast.model.last_scan import LastScan, Remembered
from holdfast.model.objects import Ref
from holdfast.model.rules import Severity
from holdfast.ports import Forgotten
from holdfast.testing.clock import NOON

UID = "5f6c0b9e-0000-4000-8000-000000000001"


def a_scan(*names: str, minute: int = 0) -> LastScan:
    when = NOON + timedelta(minutes=minute)
    return LastScan(
        cluster=UID,
        namespaces=None,
        when=when,
        troubles=tuple(
            Remembered(
                id=f"trb_{name}",
                code="HF-STO-001",
                severity=Severity.WARNING,
                about=Ref(api_version="v1", kind="Pod", namespace="shop", name=name, uid="u"),
                since=NOON,
                seen=when,
                despite=("secrets",),
            )
            for name in names
        ),
    )


def memory(folder: Path, *, uid: str = UID, only: tuple[str, ...] | None = None) -> KeptScan:
    return KeptScan(folder, uid, only)


def test_there_is_none_before_the_first(tmp_path: Path) -> None:
    assert memory(tmp_path / "state").recall() is None
    assert not (tmp_path / "state").exists()


def test_what_was_kept_is_recalled(tmp_path: Path) -> None:
    scan = a_scan("web-1", "cart-1")

    assert memory(tmp_path / "a" / "b").keep(scan) == ""

    assert scan == memory(tmp_path / "a" / "b").recall()


def test_each_cluster_and_scope_has_its_own(tmp_path: Path) -> None:
    memory(tmp_path).keep(a_scan("web-1"))

    assert memory(tmp_path, uid="another").recall() is None
    assert memory(tmp_path, only=("shop",)).recall() is None
    memory(tmp_path, only=("a", "b")).keep(a_scan("web-1"))
    assert memory(tmp_path, only=("b", "a")).recall() is not None


def test_a_uid_is_no_path(tmp_path: Path) -> None:
    inside = tmp_path / "state"

    assert memory(inside, uid="../../evil").keep(a_scan()) == ""

    assert ["state"] == [each.name for each in tmp_path.iterdir()]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    memory(tmp_path / "state").keep(a_scan("web-1"))

    (file,) = (tmp_path / "state").iterdir()
    assert 0o600 == file.stat().st_mode & 0o777
    assert 0o700 == (tmp_path / "state").stat().st_mode & 0o777


def test_an_older_scan_that_ends_later_does_not_take_the_place_of_a_younger(tmp_path: Path) -> None:
    memory(tmp_path).keep(a_scan("young", minute=5))

    assert memory(tmp_path).keep(a_scan("old")) == ""

    assert a_scan("young", minute=5) == memory(tmp_path).recall()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff\xfe", b'{"schema":"other","scan":null}', b"[" * 100_000]
)
def test_what_cannot_be_read_is_said_and_replaced_by_a_whole_one(
    tmp_path: Path, body: bytes
) -> None:
    memory(tmp_path).keep(a_scan("web-1"))
    (file,) = tmp_path.iterdir()
    file.write_bytes(body)

    found = memory(tmp_path).recall()

    assert isinstance(found, Forgotten)
    assert str(file) in found.why
    assert body == file.read_bytes()
    assert memory(tmp_path).keep(a_scan("web-2")) == ""
    assert a_scan("web-2") == memory(tmp_path).recall()


def test_a_link_in_its_place_is_neither_followed_nor_written_through(tmp_path: Path) -> None:
    memory(tmp_path / "state").keep(a_scan("web-1"))
    (file,) = (tmp_path / "state").iterdir()
    theirs = file.rename(tmp_path / "theirs")
    theirs.chmod(0o644)
    body = theirs.read_bytes()
    file.symlink_to(theirs)

    found = memory(tmp_path / "state").recall()

    assert isinstance(found, Forgotten)
    assert "it is a link, which is not followed" in found.why
    assert memory(tmp_path / "state").keep(a_scan("web-2")) == ""
    assert a_scan("web-2") == memory(tmp_path / "state").recall()
    assert body == theirs.read_bytes()
    assert 0o600 == file.lstat().st_mode & 0o777


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    memory(tmp_path).keep(a_scan("web-1"))
    (file,) = tmp_path.iterdir()
    file.unlink()
    os.mkfifo(file)

    found = memory(tmp_path).recall()

    assert isinstance(found, Forgotten)
    assert "it is a pipe, and no regular file" in found.why
    assert memory(tmp_path).keep(a_scan("web-2")) == ""
    assert a_scan("web-2") == memory(tmp_path).recall()


def test_no_home_is_made_for_it(tmp_path: Path) -> None:
    home = tmp_path / "nobody"

    failed = KeptScan(home / ".local" / "state", UID, None, within=home).keep(a_scan("web-1"))

    assert "could not be kept" in failed
    assert f"{home} does not exist" in failed
    assert [] == list(tmp_path.iterdir())


def test_a_newer_schema_is_not_misread(tmp_path: Path) -> None:
    memory(tmp_path).keep(a_scan("web-1"))
    (file,) = tmp_path.iterdir()
    whole = json.loads(file.read_text())
    file.write_text(json.dumps(whole | {"schema": "holdfast.dev/last-scan/v9"}))

    assert isinstance(memory(tmp_path).recall(), Forgotten)


def test_times_are_written_in_the_one_form(tmp_path: Path) -> None:
    memory(tmp_path).keep(a_scan("web-1"))

    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text())["scan"]["when"] == "2026-03-02T12:00:00.000Z"


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    failed = memory(tmp_path / "file" / "state").keep(a_scan("web-1"))

    assert "could not be kept" in failed
    assert failed.count(".") >= 1
    assert "\n" not in failed


def test_nothing_half_written_is_left_behind(tmp_path: Path) -> None:
    memory(tmp_path).keep(a_scan("web-1"))
    (file,) = tmp_path.iterdir()
    file.unlink()
    file.mkdir()  # a folder cannot be replaced by a file

    assert "could not be kept" in memory(tmp_path).keep(a_scan("web-1"))
    assert [file] == list(tmp_path.iterdir())


def _keep_many(folder: Path, name: str) -> None:
    for minute in range(60):
        scan = a_scan(*[f"{name}-{n}" for n in range(200)], minute=minute)
        assert KeptScan(folder, UID, None).keep(scan) == ""


@pytest.mark.slow
def test_two_scans_at_once_leave_a_whole_one_and_never_half_of_each(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_keep_many, args=(tmp_path, name)) for name in ("a", "b")]
    for writer in writers:
        writer.start()

    seen = 0
    while any(writer.is_alive() for writer in writers):
        found = memory(tmp_path).recall()
        assert found is None or isinstance(found, LastScan), found
        if found is not None:
            assert {each.id[4] for each in found.troubles} in ({"a"}, {"b"})
            seen += 1
    for writer in writers:
        writer.join()

    assert [0, 0] == [writer.exitcode for writer in writers]
    assert seen > 0
    assert len(list(tmp_path.iterdir())) == 1
