"""Accepting what is found, and what becomes of that."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.errors import BadInput
from holdfast.model.baseline import (
    API_VERSION,
    DEFAULT,
    KIND,
    LONGEST,
    Accepted,
    Baseline,
    Ignore,
    SwitchedOff,
)
from holdfast.model.kinds import Claim, Pod
from holdfast.model.snapshot import Snapshot, State
from holdfast.testing.builders import (
    a_claim,
    a_deployment,
    a_pod,
    a_snapshot,
    a_storage_class,
    waiting,
)
from holdfast.testing.clock import NOON
from holdfast.wiring import main
from tests.surfaces.cli.conftest import Baselines, Run, with_odd

MINUTES = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
FILE = Path("baseline.yaml")
HERE = ("--file", str(FILE), "--snapshot", "folder")
WHY = ("--reason", "the disks\n come in June", "--owner", "storage")
CLASS = a_storage_class()
BROKEN = a_snapshot(
    CLASS, a_claim(waited=42 * MINUTES), a_deployment("cart", available=0, short_for=12 * MINUTES)
)
MENDED = a_snapshot(CLASS, a_deployment("cart", available=0, short_for=12 * MINUTES))
CLAIM = "HF-STO-001:PersistentVolumeClaim/shop/data"


def found(run: Run, capsys: pytest.CaptureFixture[str], folder: Snapshot = BROKEN) -> Any:
    run("scan", "--snapshot", "folder", "-o", "json", folder=folder)
    return json.loads(capsys.readouterr().out)


def accept(run: Run, *words: str, folder: Snapshot = BROKEN) -> int:
    return run("baseline", "accept", *words, *WHY, *HERE, folder=folder)


def test_what_is_accepted_by_code_and_object_is_told_of_no_more(
    run: Run, baselines: Baselines, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == accept(run, CLAIM)

    (entry,) = baselines[FILE].accepted
    assert entry.reason == "the disks come in June"
    assert entry.id.startswith("trb_")  # the cause of a trouble stands for all of it
    assert (entry.code, entry.about) == ("HF-STO-001", "PersistentVolumeClaim shop/data")
    assert NOON + DEFAULT == entry.until
    assert "Accepted until 2026-05-31 12:00:00Z" in capsys.readouterr().out
    run("scan", "--snapshot", "folder", "--baseline", str(FILE), folder=BROKEN)
    text = capsys.readouterr().out
    assert "claim_stuck_pending" not in text
    assert "left out: 1 accepted." in text
    assert "Accepted: HF-STO-001 PersistentVolumeClaim shop/data." in text


def test_what_is_accepted_anew_takes_the_place_of_the_old_and_says_so(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    accept(run, CLAIM)
    assert "in place of" not in capsys.readouterr().out

    again = ("--reason", "again", "--owner", "me", "--for", "1d")
    run("baseline", "accept", CLAIM, *again, *HERE, folder=BROKEN)

    told = capsys.readouterr().out
    assert "in place of: until 2026-05-31 12:00:00Z, the disks come in June (storage)" in told


def test_accepting_and_checking_heed_the_scale_of_graces(
    run: Run, baselines: Baselines, capsys: pytest.CaptureFixture[str]
) -> None:
    young = a_snapshot(CLASS, a_claim(waited=MINUTES))
    words = ("baseline", "accept", CLAIM, *WHY, *HERE)

    with pytest.raises(BadInput, match="finds nothing about"):
        run(*words, folder=young)
    assert 0 == run(*words, folder=young, grace_scale=0.1)
    assert 0 == run("baseline", "check", *HERE, folder=young, grace_scale=0.1)


def test_ids_of_findings_and_of_troubles_are_accepted_and_the_same_from_a_snapshot(
    run: Run, baselines: Baselines, capsys: pytest.CaptureFixture[str]
) -> None:
    told = found(run, capsys)
    finding, trouble = told["findings"][0]["id"], told["troubles"][0]["id"]

    accept(run, finding, trouble)

    assert {finding, trouble} == {each.id for each in baselines[FILE].accepted}


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("fnd_00000000000000000000", "CODE:Kind/namespace/name"),
        (
            "claim_stuck_pending:Pod/shop/web",
            "It finds: HF-STO-001:PersistentVolumeClaim/shop/data",
        ),
        ("crash_looping:Pod/shop/web", "It finds nothing at all"),
        ("crash_lopping:Pod/shop/web", "crash_looping"),
    ],
)
def test_what_is_not_found_cannot_be_accepted(
    run: Run, baselines: Baselines, word: str, remedy: str
) -> None:
    with pytest.raises(BadInput) as refused:
        accept(run, CLAIM, word)

    assert remedy in refused.value.remedy
    assert {} == baselines


@pytest.mark.parametrize(
    ("options", "until"),
    [
        (("--for", "30d"), NOON + timedelta(days=30)),
        (("--for", "6w"), NOON + timedelta(weeks=6)),
        (("--for", "366d"), NOON + LONGEST),
        (("--until", "2026-03-02"), NOON.replace(hour=23, minute=59, second=59)),
        (("--until", "2026-03-02T13:00:01+01:00"), NOON + SECOND),
    ],
)
def test_an_acceptance_ends_when_somebody_said(
    run: Run, baselines: Baselines, options: tuple[str, ...], until: Any
) -> None:
    run("baseline", "accept", CLAIM, *WHY, *HERE, *options, folder=BROKEN)

    assert [until] == [each.until for each in baselines[FILE].accepted]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--for", "367d"), "longer than 366 days"),
        (("--until", "2030-01-01"), "longer than 366 days"),
        (("--until", "2026-03-01"), "has passed"),
        (("--for", "0d"), "has passed"),
        (("--until", "2026-03-02T13:00:00"), "neither a day nor a moment with its zone"),
        (("--until", "soon"), "neither a day"),
        (("--for", "soon"), "no span"),
        (("--for", "-3d"), "'-3d' lies in the past"),
        (("--for=-3d",), "'-3d' lies in the past"),
        (("--for", "9999999999d"), "no span"),
        (("--for", "1d", "--until", "2026-04-01"), "contradict"),
    ],
)
def test_an_end_that_makes_no_sense_is_refused(
    run: Run, baselines: Baselines, options: tuple[str, ...], why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        run("baseline", "accept", CLAIM, *WHY, *HERE, *options, folder=BROKEN)

    assert {} == baselines


@pytest.mark.parametrize(
    "why", [("--reason", " ", "--owner", "me"), ("--reason", "r", "--owner", "")]
)
def test_nothing_is_accepted_without_a_reason_and_an_owner(run: Run, why: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="without a reason and an owner"):
        run("baseline", "accept", CLAIM, *why, *HERE, folder=BROKEN)


def a_baseline(*accepted: Accepted) -> Baseline:
    return Baseline(
        api_version=API_VERSION,
        kind=KIND,
        accepted=accepted,
        ignore=(Ignore(code="HF-DLV-*", reason="theirs"),),
        off=(SwitchedOff(rule="HF-WRK-003", reason="loud"),),
    )


def test_show_says_what_is_there_and_what_has_expired(
    run: Run, baselines: Baselines, capsys: pytest.CaptureFixture[str]
) -> None:
    accept(run, CLAIM)
    (entry,) = baselines[FILE].accepted
    old = msgspec.structs.replace(entry, id="fnd_00000000000000000001", until=NOON)
    baselines[FILE] = a_baseline(entry, old)
    capsys.readouterr()

    assert 0 == run("baseline", "show", "--file", str(FILE))

    text = capsys.readouterr().out
    assert "90 d left" in text
    assert "expired 0 s ago" in text
    assert "the disks come in June (storage)" in text
    assert "ignored   HF-DLV-* * in *: theirs" in text
    assert "off       " in text


@pytest.mark.parametrize(
    ("folder", "fate"),
    [
        (BROKEN, "still there"),
        (MENDED, "gone"),
        (a_snapshot(CLASS, blind=[Claim]), "unknown"),
        (a_snapshot(CLASS, a_claim(waited=1 * MINUTES)), "still there"),
    ],
)
@pytest.mark.parametrize("sort", ["findings", "troubles"])
def test_check_says_what_has_become_of_it_and_prune_acts_on_that(
    run: Run,
    baselines: Baselines,
    capsys: pytest.CaptureFixture[str],
    folder: Snapshot,
    fate: str,
    sort: str,
) -> None:
    told = found(run, capsys)
    accept(run, next(each["id"] for each in told[sort] if each["code"] == "HF-STO-001"))
    capsys.readouterr()

    gone = fate == "gone"
    assert int(gone) == run("baseline", "check", *HERE, folder=folder)
    assert capsys.readouterr().out.startswith(fate)
    assert 0 == run("baseline", "prune", *HERE, folder=folder)

    assert int(not gone) == len(baselines[FILE].accepted)


def test_what_has_expired_is_pruned_although_it_is_there(run: Run, baselines: Baselines) -> None:
    accept(run, CLAIM)
    (entry,) = baselines[FILE].accepted
    baselines[FILE] = a_baseline(msgspec.structs.replace(entry, until=NOON))

    assert 1 == run("baseline", "check", *HERE, folder=BROKEN)
    assert 0 == run("baseline", "prune", *HERE, folder=BROKEN)

    assert () == baselines[FILE].accepted
    assert baselines[FILE].ignore


def test_an_entry_that_does_not_say_what_it_is_about_is_never_taken_for_gone(
    run: Run, baselines: Baselines
) -> None:
    accept(run, CLAIM)
    (entry,) = baselines[FILE].accepted
    baselines[FILE] = a_baseline(msgspec.structs.replace(entry, about=""))

    run("baseline", "prune", *HERE, folder=MENDED)

    assert 1 == len(baselines[FILE].accepted)


def test_what_follows_from_something_else_is_accepted_by_itself(
    run: Run, baselines: Baselines, capsys: pytest.CaptureFixture[str]
) -> None:
    cart = a_deployment("cart", available=0, short_for=12 * MINUTES)
    pod = a_pod("cart-1", waiting(), age=12 * MINUTES, owner=cart)
    folder = a_snapshot(cart, pod)
    told = found(run, capsys, folder)
    causes = {trouble["cause"] for trouble in told["troubles"]}
    symptom = next(each for each in told["findings"] if each["id"] not in causes)

    accept(run, f"{symptom['code']}:Deployment/shop/cart", folder=folder)

    assert [symptom["id"]] == [each.id for each in baselines[FILE].accepted]


def test_a_list_that_broke_off_is_no_check_and_the_last_line_says_why(
    run: Run, baselines: Baselines, capsys: pytest.CaptureFixture[str]
) -> None:
    accept(run, CLAIM)
    broken = a_snapshot(CLASS, states={Claim: State.PARTIAL})

    for command in ("check", "prune"):
        capsys.readouterr()
        assert 2 == run("baseline", command, *HERE, folder=broken)
        last = capsys.readouterr().out.splitlines()[-1]
        assert last.startswith("No answer, and so exit code 2: not seen whole: persistentvolume")

    assert 1 == len(baselines[FILE].accepted)


def test_an_object_that_is_not_understood_fails_no_check(run: Run, baselines: Baselines) -> None:
    accept(run, CLAIM)

    assert 0 == run("baseline", "check", *HERE, folder=with_odd(BROKEN, Pod))
    assert 0 == run("baseline", "prune", *HERE, folder=with_odd(BROKEN, Pod))

    assert 1 == len(baselines[FILE].accepted)


def test_what_may_hide_in_an_object_that_is_not_understood_stays(
    run: Run, baselines: Baselines, capsys: pytest.CaptureFixture[str]
) -> None:
    accept(run, CLAIM)

    assert 0 == run("baseline", "prune", *HERE, folder=with_odd(a_snapshot(CLASS), Claim))
    capsys.readouterr()
    assert 0 == run("baseline", "check", *HERE, folder=with_odd(a_snapshot(CLASS), Claim))

    assert "not wholly understood" in capsys.readouterr().out
    assert 1 == len(baselines[FILE].accepted)


@pytest.mark.slow
def test_the_whole_way_with_files(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": "data",
            "namespace": "shop",
            "uid": "claim-1",
            "creationTimestamp": "2026-03-02T11:00:00Z",
        },
        "spec": {"storageClassName": "standard"},
        "status": {"phase": "Pending"},
    }
    folder = tmp_path / "dump"
    folder.mkdir()
    lost = {"apiVersion": "v1", "kind": "List", "items": [claim | {"status": {"phase": "Lost"}}]}
    (folder / "claims.json").write_text(json.dumps(lost))
    source = ("--snapshot", str(folder), "--at", "2026-03-02T12:00:00Z")
    file = ("--file", str(tmp_path / "baseline.yaml"))
    name = "claim_lost:PersistentVolumeClaim/shop/data"
    scan = ("scan", *source, "--fail-on", "info")

    assert 1 == main(scan)
    assert 0 == main(("baseline", "accept", name, "--reason", "r", "--owner", "o", *file, *source))
    assert 0 == main((*scan, "--baseline", file[1]))
    assert 0 == main(("baseline", "check", *file, *source))
    mended = {"apiVersion": "v1", "kind": "List", "items": [claim | {"status": {"phase": "Bound"}}]}
    (folder / "claims.json").write_text(json.dumps(mended))
    assert 0 == main(("baseline", "check", *file, *source)), "events were not in the dump: unknown"
    assert 0 == main(("baseline", "show", *file))
    assert "claim_lost" not in capfd.readouterr().err
