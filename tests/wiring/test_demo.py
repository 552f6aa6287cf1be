"""The demo, as a newcomer runs it: the whole story, and what it leaves can be verified."""

import json
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdfast.errors import BadInput
from holdfast.wiring.stages import MARK, emptied

SEED = 20261201
README = Path(__file__).parents[2] / "README.md"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("demo")]


@dataclass(frozen=True)
class Told:
    """A demo that was run, and what it left."""

    folder: Path
    out: str
    code: int


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, command)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("demo") / "left"
    done = run("-m", "holdfast", "demo", folder)
    return Told(folder=folder, out=done.stdout + done.stderr, code=done.returncode)


def verify(told: Told, chain: Path) -> subprocess.CompletedProcess[str]:
    """With one file of Python and the public key: nothing of Holdfast's."""
    keys = sorted((told.folder / "keys" / "public").glob("audit*"))
    assert keys
    return run("-I", told.folder / "verify.py", chain, "--key", keys[0])


def test_it_tells_the_whole_story(told: Told) -> None:
    assert told.code == 0, told.out
    for word in ("recovered", "refused", "kept_elsewhere", "taken back", "Whole: "):
        assert word in told.out
    assert "Signed by people: 2 to approve" in told.out


def test_the_readme_says_how_what_it_left_is_verified(told: Told) -> None:
    (line,) = (each for each in README.read_text().splitlines() if "/verify.py" in each)
    python, *words = line.removeprefix("$ ").split()
    assert python == ".venv/bin/python"
    done = run(*(word.replace(".demo", str(told.folder)) for word in words))
    assert done.returncode == 0, done.stderr
    assert "Whole: " in done.stdout


def test_its_record_says_who_approved_what_and_what_came_of_it(told: Told) -> None:
    lines = [json.loads(line) for line in (told.folder / "audit.jsonl").read_text().splitlines()]
    # What is lent for previews is lent before anybody is asked.
    acting = [e for e in lines if not str(e["details"].get("account")).startswith("preview.")]
    kinds = [line["kind"] for line in acting]
    assert kinds.count("approval") == 2
    assert kinds.index("intent") < kinds.index("lease") < kinds.index("outcome")
    lent, cut_off, gone = (
        {line["details"]["account"] for line in lines if line["kind"] == kind}
        for kind in ("lease", "cut_off", "revoke")
    )
    assert len(lent) == 5  # two previews, their acts, and one way back
    assert lent == cut_off == gone


def test_a_stranger_verifies_what_it_left(told: Told) -> None:
    whole = verify(told, told.folder / "audit.jsonl")
    assert whole.returncode == 0, whole.stdout + whole.stderr


@pytest.mark.parametrize("part", [0, 0.25, 0.5, 0.75, 1])
def test_one_flipped_bit_is_named_by_its_entry(told: Told, tmp_path: Path, part: float) -> None:
    lines = (told.folder / "audit.jsonl").read_bytes().splitlines(keepends=True)
    at = round(part * (len(lines) - 1))
    dice = random.Random(f"{SEED}-{part}")
    changed = bytearray(lines[at])
    changed[dice.randrange(len(changed) - 1)] ^= 1 << dice.randrange(8)  # not the line's end
    chain = tmp_path / "audit.jsonl"
    chain.write_bytes(b"".join([*lines[:at], bytes(changed), *lines[at + 1 :]]))
    broken = verify(told, chain)
    assert broken.returncode == 1
    named = re.search(r"\bentry (\d+)", broken.stdout + broken.stderr)
    assert named is not None, broken.stdout + broken.stderr
    assert int(named[1]) == at + 1


def copied(told: Told, to: Path) -> Path:
    return Path(shutil.copytree(told.folder, to / "copy"))


def listed(folder: Path) -> list[str]:
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*"))


def test_it_removes_all_that_it_left_and_nothing_of_anybody_elses(
    told: Told, tmp_path: Path
) -> None:
    left = copied(told, tmp_path)
    assert MARK in listed(left)
    emptied(left)
    assert [MARK] == listed(left)


@pytest.mark.parametrize(
    "mine",
    [
        "important",
        "state/mine",
        "keys/private/audit-mine.pem",
        "policy/old/leash.yaml",
        "keeper.old",
    ],
)
def test_where_anything_else_lies_it_is_not_told_and_nothing_is_touched(
    told: Told, tmp_path: Path, mine: str
) -> None:
    folder = copied(told, tmp_path)
    (folder / mine).parent.mkdir(exist_ok=True)
    (folder / mine).write_text("mine")
    before = listed(folder)

    done = run("-m", "holdfast", "demo", folder)

    assert done.returncode == 2
    assert "was not left by a demo: nothing was removed" in done.stderr
    assert before == listed(folder)
    assert (folder / mine).read_text() == "mine"


def test_an_empty_folder_and_a_link_of_somebody_elses_are_left_too(
    told: Told, tmp_path: Path
) -> None:
    folder, elsewhere = copied(told, tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "holdfast.db").write_text("mine")

    (folder / "empty").mkdir()
    with pytest.raises(BadInput, match="empty was not left by a demo"):
        emptied(folder)
    (folder / "empty").rmdir()

    shutil.rmtree(folder / "state")
    (folder / "state").symlink_to(elsewhere)
    with pytest.raises(BadInput, match="state was not left by a demo"):
        emptied(folder)
    assert ["holdfast.db"] == listed(elsewhere)


def test_it_is_told_in_nobody_elses_folder(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("mine")
    done = run("-m", "holdfast", "demo", tmp_path)
    assert done.returncode == 2
    assert "is there already, and not from a demo" in done.stderr
    assert (tmp_path / "letters").read_text() == "mine"


def test_a_file_is_no_folder_for_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    done = run("-m", "holdfast", "demo", tmp_path / "file")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_with_nothing_in_it_is_made_private(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir(mode=0o755)
    for folder in (tmp_path / "new", tmp_path / "not" / "there"):
        emptied(folder)
        assert [MARK] == listed(folder)
        assert folder.stat().st_mode & 0o777 == 0o700
