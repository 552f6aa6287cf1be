"""A baseline in Git is changed by lines, and loses nothing that people wrote."""

import difflib
import multiprocessing
import tempfile
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.adapters.files import strict
from holdfast.adapters.files.baselines import HEAD, change
from holdfast.errors import BadInput
from holdfast.model.baseline import API_VERSION, KIND, Accepted, Baseline
from holdfast.model.written import Fault
from holdfast.testing.clock import NOON

WRITTEN = """\
# ours, by hand
apiVersion: holdfast.dev/v1alpha1
kind: Baseline
off:   # too loud here
- {rule: crash_looping, reason: loud}

accepted:
  # the old disk array
  - id: fnd_00000000000000000002
    code: HF-STO-001   # claims
    about: PersistentVolumeClaim shop/b
    reason: >-
      the disk array
      is replaced
    owner: "storage"
    until: 2026-05-01T00:00:00Z
  # keep this one
  - id: fnd_00000000000000000004
    code: HF-STO-001
    about: PersistentVolumeClaim shop/d
    reason: known
    owner: storage
    until: 2026-05-01T00:00:00Z
    # the end of it

ignore: [{code: HF-DLV-*, namespace: sandbox, reason: theirs}]
"""


def no_faults(_baseline: Baseline) -> Iterable[Fault]:
    return ()


def an_entry(number: int, *, about: str = "", reason: str = "known") -> Accepted:
    return Accepted(
        id=f"fnd_{number:020}",
        code="HF-STO-001",
        about=about or f"PersistentVolumeClaim shop/{'0abcdefgh'[number % 9]}",
        reason=reason,
        owner="me",
        until=NOON + timedelta(days=30),
    )


def read(path: Path) -> Baseline:
    return strict.read(path, Baseline, api_version=API_VERSION, kind=KIND)


def ids(path: Path) -> list[int]:
    return [int(each.id[4:]) for each in read(path).accepted]


def changed(before: str, after: str) -> tuple[int, int]:
    """How many lines were added, and how many were taken away."""
    marks = [line[0] for line in difflib.ndiff(before.splitlines(), after.splitlines())]
    return marks.count("+"), marks.count("-")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "baseline.yaml"
    file.write_text(WRITTEN)
    return file


def put(path: Path, *entries: Accepted, gone: Iterable[int] = ()) -> None:
    change(path, entries, frozenset(f"fnd_{number:020}" for number in gone), no_faults)


def test_a_file_that_is_not_there_is_made_and_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"

    put(path, an_entry(2), an_entry(1))

    assert path.read_text().startswith(HEAD)
    assert [1, 2] == ids(path)
    assert 0o644 == path.stat().st_mode & 0o777


@pytest.mark.parametrize(("number", "order"), [(1, [1, 2, 4]), (3, [2, 3, 4]), (5, [2, 4, 5])])
def test_an_entry_is_put_where_it_belongs_and_nothing_else_changes(
    path: Path, number: int, order: list[int]
) -> None:
    put(path, an_entry(number))

    assert order == ids(path)
    assert (6, 0) == changed(WRITTEN, path.read_text())
    assert an_entry(number) in read(path).accepted


def test_the_same_entry_again_takes_the_place_of_the_old_one(path: Path) -> None:
    put(path, an_entry(2, about="PersistentVolumeClaim shop/b"))

    assert [2, 4] == ids(path)
    assert "# the old disk array" in path.read_text()
    assert "# keep this one" in path.read_text()
    text = path.read_text()
    put(path, an_entry(2, about="PersistentVolumeClaim shop/b"))
    assert text == path.read_text()


def test_what_is_gone_is_taken_out_and_nothing_else_changes(path: Path) -> None:
    put(path, gone=[2])

    assert [4] == ids(path)
    assert (0, 8) == changed(WRITTEN, path.read_text())


def test_the_last_entry_leaves_an_empty_list_into_which_the_next_one_fits(path: Path) -> None:
    put(path, gone=[2, 4])

    assert [] == ids(path)
    assert read(path).off
    put(path, an_entry(7))
    assert [7] == ids(path)
    assert "# the end of it" in path.read_text()


@pytest.mark.slow
@settings(max_examples=10)  # each writes to the disk, and waits until it is there
@given(st.permutations(range(1, 6)))
def test_the_order_in_which_things_are_accepted_does_not_matter(order: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "baseline.yaml"
        for number in order:
            put(path, an_entry(number))
        put(path, gone=[3])
        text = path.read_text()

        path.unlink()
        put(path, *(an_entry(number) for number in range(1, 6) if number != 3))

        assert path.read_text() == text


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: holdfast.dev/v1alpha1\nkind: Baseline",
        "apiVersion: holdfast.dev/v1alpha1\nkind: Baseline\naccepted: []  # none yet\n",
        "\ufeffapiVersion: holdfast.dev/v1alpha1\nkind: Baseline\naccepted: []\n",
        "apiVersion: holdfast.dev/v1alpha1\r\nkind: Baseline\r\nignore: []\r\n",
        "---\napiVersion: holdfast.dev/v1alpha1\nkind: Baseline\n",
    ],
)
def test_a_file_without_entries_gets_its_first(tmp_path: Path, text: str) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_bytes(text.encode())

    put(path, an_entry(1))

    assert [1] == ids(path)
    written = path.read_bytes().decode()
    assert written.count("\r\n") in (0, written.count("\n"))


@pytest.mark.parametrize(
    "reason",
    ["colons: and # marks", "- a dash", "'quotes\"", "{braces}", "umlaut ü", "yes", "2026-01-01"],
)
def test_a_reason_is_kept_whatever_is_in_it(path: Path, reason: str) -> None:
    put(path, an_entry(3, reason=reason))

    assert reason in {each.reason for each in read(path).accepted}
    assert (6, 0) == changed(WRITTEN, path.read_text())


@pytest.mark.parametrize(
    "text",
    [
        "{apiVersion: holdfast.dev/v1alpha1, kind: Baseline}\n",
        WRITTEN.replace(
            "- id: fnd_00000000000000000002\n    code",
            "-\n    id: fnd_00000000000000000002\n    code",
        ),
        "apiVersion: holdfast.dev/v1alpha1\nkind: Baseline\n...\n",
    ],
)
def test_a_form_that_cannot_be_edited_without_loss_is_refused_untouched(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "baseline.yaml"
    path.write_text(text)

    with pytest.raises(BadInput, match="without touching more"):
        put(path, an_entry(3), gone=[2])

    assert text == path.read_text()
    assert [path] == list(tmp_path.iterdir())


def test_a_malformed_file_is_refused_untouched(path: Path) -> None:
    path.write_text(WRITTEN.replace("owner: storage", "ower: storage"))
    before = path.read_text()

    with pytest.raises(BadInput, match="line 22"):
        put(path, an_entry(3))

    assert before == path.read_text()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be opened"):
        put(tmp_path / "nowhere" / "baseline.yaml", an_entry(1))


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(path)

    put(link, an_entry(3))

    assert link.is_symlink()
    assert [2, 3, 4] == ids(path)


def _put_many(path: Path, first: int) -> None:
    for number in range(first, first + 8):
        put(path, an_entry(number))


@pytest.mark.slow
def test_two_writers_at_once_lose_nothing_of_each_other(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_put_many, args=(path, first)) for first in (100, 200)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert [0, 0] == [writer.exitcode for writer in writers]
    assert {2, 4, *range(100, 108), *range(200, 208)} == set(ids(path))
