"""New, still, gone: in every form of output, and as an exit code."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.errors import BadInput
from holdfast.model.kinds import Claim
from holdfast.model.snapshot import Snapshot
from holdfast.ports import Forgotten
from holdfast.testing.builders import a_claim, a_deployment, a_snapshot, a_storage_class
from tests.surfaces.cli.conftest import Memories, Run

MINUTES = timedelta(minutes=1)
CLASS = a_storage_class()
CLAIM = a_claim(waited=42 * MINUTES)
CART = a_deployment("cart", available=0, short_for=12 * MINUTES)
SCAN = ("scan", "--snapshot", "folder", "--state", "state")
BEFORE = a_snapshot(CLASS, CLAIM)
AFTER = a_snapshot(CLASS, CART)
BLIND = a_snapshot(CLASS, blind=[Claim])


def text(run: Run, capsys: pytest.CaptureFixture[str], *options: str, folder: Snapshot) -> str:
    run(*SCAN, *options, folder=folder)
    return capsys.readouterr().out


def as_json(run: Run, capsys: pytest.CaptureFixture[str], folder: Snapshot) -> Any:
    return json.loads(text(run, capsys, "-o", "json", folder=folder))


def test_the_first_scan_says_nothing_of_new(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    told = text(run, capsys, folder=BEFORE)

    assert "new" not in told.split()
    assert "Since the scan" not in told


def test_the_second_scan_marks_what_is_new_and_lists_what_is_gone(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    text(run, capsys, folder=BEFORE)

    lines = text(run, capsys, folder=AFTER).splitlines()

    assert next(line for line in lines if line.startswith("CRITICAL")).endswith("  new")
    assert [line for line in lines if line.startswith("gone")] == [
        (
            "gone      shop/data  PersistentVolumeClaim  HF-STO-001 claim_stuck_pending"
            "  had lasted 42 min"
        )
    ]
    assert "Since the scan of 2026-03-02 12:00:00Z: 1 new, 0 still there, 1 gone." in lines


def test_what_was_there_is_still_there(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    text(run, capsys, folder=BEFORE)

    told = text(run, capsys, "--flat", folder=BEFORE)

    assert "claim_stuck_pending  still\n" in told
    assert "0 new, 1 still there, 0 gone." in told


def test_what_cannot_be_seen_any_more_is_unknown(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    text(run, capsys, folder=BEFORE)

    told = text(run, capsys, folder=BLIND)

    assert "\ngone " not in told
    assert "\nunknown   shop/data" in told
    assert "no longer seen: persistentvolumeclaims forbidden" in told
    assert "0 gone, 1 that nobody could see." in told


def test_json_and_yaml_say_the_same(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    first = as_json(run, capsys, BEFORE)
    second = as_json(run, capsys, AFTER)
    third = yaml.safe_load(text(run, capsys, "-o", "yaml", folder=BLIND))

    assert (None, None) == (first["since"], first["troubles"][0]["standing"])
    assert ["new"] == [trouble["standing"] for trouble in second["troubles"]]
    assert ["trb_"] == [gone["id"][:4] for gone in second["since"]["gone"]]
    assert "2026-03-02T12:00:00.000Z" == second["since"]["when"]
    assert "apps" in third["since"]["gone"][0]["about"]["apiVersion"]


def test_markdown_says_the_same(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    text(run, capsys, folder=BEFORE)

    told = text(run, capsys, "-o", "markdown", folder=AFTER)

    assert "- since the last scan: new" in told
    assert "- gone: HF-STO-001 PersistentVolumeClaim `shop/data`" in told


@pytest.mark.parametrize(
    ("before", "after", "fail_on", "code"),
    [
        (None, BEFORE, "new:warning", 1),
        (BEFORE, BEFORE, "new:warning", 0),
        (BEFORE, BEFORE, "warning", 1),
        (BEFORE, AFTER, "new:warning", 1),
        (BEFORE, AFTER, "new:critical", 1),
        (AFTER, AFTER, "new:info", 0),
        (AFTER, BEFORE, "new:critical", 0),
        (BEFORE, AFTER, "never", 0),
    ],
)
def test_a_pipeline_can_fail_on_what_is_new(
    run: Run, before: Snapshot | None, after: Snapshot, fail_on: str, code: int
) -> None:
    if before is not None:
        run(*SCAN, folder=before)

    assert code == run(*SCAN, "--fail-on", fail_on, folder=after)


def test_a_snapshot_is_neither_compared_nor_kept_unless_somebody_asks(
    run: Run, memories: Memories
) -> None:
    run("scan", "--snapshot", "folder", folder=BEFORE)

    assert {} == memories


def test_nothing_is_compared_nor_kept_where_that_is_wished(run: Run, memories: Memories) -> None:
    run("scan", "--snapshot", "folder", "--stateless", folder=BEFORE)

    assert {} == memories


def test_a_last_scan_that_cannot_be_read_is_said_and_replaced(
    run: Run, memories: Memories, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*SCAN, folder=BEFORE)
    (memory,) = memories.values()
    memory.scan = Forgotten(why="The last scan is rubbish.")

    assert 1 == run(*SCAN, "--fail-on", "new:warning", folder=BEFORE)

    assert capsys.readouterr().err == (
        "holdfast: The last scan is rubbish. This scan counts as the first, and takes its place.\n"
    )
    assert 0 == run(*SCAN, "--fail-on", "new:warning", folder=BEFORE)


def test_a_scan_that_cannot_be_kept_is_a_scan_all_the_same(
    run: Run, memories: Memories, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*SCAN, folder=BEFORE)
    (memory,) = memories.values()
    memory.failure = "This scan could not be kept: the disk is full."
    capsys.readouterr()

    assert 1 == run(*SCAN, folder=AFTER)

    said = capsys.readouterr()
    assert "holdfast: This scan could not be kept: the disk is full.\n" == said.err
    assert "shop/cart" in said.out


def a_saved(run: Run, capsys: pytest.CaptureFixture[str], path: Path, folder: Snapshot) -> Path:
    run("scan", "--snapshot", "folder", "-o", "json", folder=folder)
    path.write_text(capsys.readouterr().out)
    return path


def test_a_saved_scan_serves_as_well_and_nothing_is_kept(
    run: Run, memories: Memories, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    saved = a_saved(run, capsys, tmp_path / "before.json", BEFORE)

    run("scan", "--snapshot", "folder", "--since", str(saved), folder=AFTER)

    told = capsys.readouterr().out
    assert "1 new, 0 still there, 1 gone." in told
    assert {} == memories


def test_a_saved_scan_knows_what_it_could_not_see(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    saved = a_saved(run, capsys, tmp_path / "before.json", BEFORE)

    run("scan", "--snapshot", "folder", "--since", str(saved), folder=BLIND)

    assert "\nunknown   shop/data" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"schema": "holdfast.dev/scan/v9"}, "schema"),
        ({"troubles": None}, "is no scan in JSON"),
        ({"namespaces": ["bank"]}, "looked at other namespaces"),
        ({"cluster": {"uid": "another", "now": "2026-03-02T12:00:00Z"}}, "is of another cluster"),
        ({"cluster": {"uid": "", "now": "2027-03-02T12:00:00Z"}}, "is of a later moment"),
        ({"cluster": {"uid": "", "now": "2026-03-02T12:00:00"}}, "is no scan in JSON"),
    ],
)
def test_a_saved_scan_that_does_not_fit_is_refused(
    run: Run,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    change: dict[str, object],
    why: str,
) -> None:
    saved = a_saved(run, capsys, tmp_path / "before.json", BEFORE)
    saved.write_text(json.dumps(json.loads(saved.read_text()) | change))

    with pytest.raises(BadInput, match=why):
        run("scan", "--snapshot", "folder", "--since", str(saved), folder=AFTER)


def test_a_saved_scan_that_is_not_there_is_refused_before_a_cluster_is_asked(run: Run) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.json"):
        run("scan", "--since", "nowhere.json")


def test_what_is_said_of_the_last_scan_may_not_contradict_itself(run: Run, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="contradict"):
        run("scan", "--state", str(tmp_path), "--stateless")
