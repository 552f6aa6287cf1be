import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.errors import BadInput
from holdfast.model.kinds import Claim, Pod, StorageClass
from holdfast.model.rules import finding_id
from holdfast.model.snapshot import Snapshot, State
from holdfast.model.troubles import trouble_id
from holdfast.surfaces.cli.report import ScanOut
from holdfast.testing.builders import (
    a_claim,
    a_deployment,
    a_pod,
    a_snapshot,
    a_storage_class,
    waiting,
)
from tests.surfaces.cli.conftest import Run, with_odd

MINUTES = timedelta(minutes=1)
CLAIM = a_snapshot(a_storage_class(), a_claim(waited=42 * MINUTES))
YOUNG = a_snapshot(a_storage_class(), a_claim(waited=1 * MINUTES))
EMPTY = a_deployment("cart", available=0, short_for=12 * MINUTES)
SCAN = ("scan", "--snapshot", "folder")


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("snapshot", "options", "code"),
    [
        (a_snapshot(a_pod()), (), 0),
        (CLAIM, (), 1),
        (CLAIM, ("--fail-on", "info"), 1),
        (CLAIM, ("--fail-on", "critical"), 0),
        (CLAIM, ("--fail-on", "never"), 0),
        (a_snapshot(EMPTY), ("--fail-on", "critical"), 1),
        (YOUNG, (), 0),
        (YOUNG, ("--young",), 0),
        (a_snapshot(blind=[StorageClass]), (), 0),
        (a_snapshot(states={Pod: State.ABSENT}), (), 0),
        (a_snapshot(states={Pod: State.PARTIAL}), (), 2),
        (with_odd(a_snapshot(a_pod()), Pod), (), 0),
        (with_odd(CLAIM, Claim), (), 1),
        (with_odd(CLAIM, Claim), ("--fail-on", "never"), 0),
        (with_odd(a_snapshot(), Pod), ("--fail-on", "never"), 2),
        (a_snapshot(EMPTY, states={Pod: State.PARTIAL}), ("--fail-on", "never"), 2),
    ],
)
def test_the_exit_code_says_what_to_think_of_it(
    run: Run, snapshot: Snapshot, options: tuple[str, ...], code: int
) -> None:
    assert code == run(*SCAN, *options, folder=snapshot)


def test_json_holds_every_field_of_the_schema(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run(*SCAN, "-o", "json", folder=CLAIM)

    told = printed(capsys)
    assert set(told.pop("coverage")) == {
        "read",
        "unreadable",
        "unreadableCount",
        "unjudged",
        "off",
        "notAsked",
        "misnamed",
    }
    assert told == {
        "schema": "holdfast.dev/scan/v1alpha1",
        "headline": "1 trouble: 1 warning (1 finding in all).",
        "noAnswer": "",
        "cluster": {
            "name": "test",
            "uid": "00000000-0000-0000-0000-000000000000",
            "server": "",
            "version": "",
            "now": "2026-03-02T12:00:00.000Z",
        },
        "troubles": [
            {
                "id": trouble_id(CLAIM.all(Claim)[0].ref, "HF-STO-001"),
                "code": "HF-STO-001",
                "name": "claim_stuck_pending",
                "severity": "warning",
                "since": "2026-03-02T11:18:00.000Z",
                "cause": finding_id(CLAIM.all(Claim)[0].ref, "HF-STO-001", ""),
                "alike": [],
                "symptoms": [],
                "changed": [],
                "standing": None,
                "was": None,
            }
        ],
        "findings": [
            {
                "id": finding_id(CLAIM.all(Claim)[0].ref, "HF-STO-001", ""),
                "code": "HF-STO-001",
                "name": "claim_stuck_pending",
                "channel": "incident",
                "severity": "warning",
                "about": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "namespace": "shop",
                    "name": "data",
                    "uid": CLAIM.all(Claim)[0].metadata.uid,
                },
                "part": "",
                "says": "data has waited 42 min for a volume",
                "since": "2026-03-02T11:18:00.000Z",
                "seen": {
                    "status.phase": "Pending",
                    "class": "standard",
                    "provisioner": "disks.example.com",
                },
                "next": "Ask why nobody provisions it: kubectl describe pvc data -n shop",
            }
        ],
        "blind": [],
        "young": [],
        "posture": [],
        "accepted": [],
        "ignored": [],
        "namespaces": None,
        "since": None,
    }


def test_json_fits_its_own_schema(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run(*SCAN, "-o", "json", "--young", folder=YOUNG)

    out = msgspec.json.decode(capsys.readouterr().out, type=ScanOut)

    assert [finding.code for finding in out.young] == ["HF-STO-001"]
    assert out.findings == []


def test_what_could_not_be_seen_stands_in_the_json(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*SCAN, "-o", "json", folder=a_snapshot(blind=[StorageClass]))

    assert printed(capsys)["blind"] == [
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "plural": "storageclasses",
            "state": "forbidden",
            "namespaces": None,
            "why": "forbidden in this test",
        }
    ]


def test_a_grace_scale_is_heeded_and_said(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*SCAN, folder=YOUNG, grace_scale=0.1) == 1
    assert "multiplied by 0.1" in capsys.readouterr().out


def test_namespaces_narrow_a_snapshot(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    pods = [a_pod("web", waiting(), namespace=name) for name in ("shop", "bank", "farm")]

    run(*SCAN, "-n", "shop", "-n", "farm", "-o", "json", folder=a_snapshot(*pods))

    found = {finding["about"]["namespace"] for finding in printed(capsys)["findings"]}
    assert found == {"shop", "farm"}


@pytest.mark.parametrize(
    "tokens",
    [
        ("scan", "-n", "shop", "-A"),
        ("scan", "--at", "2026-03-02T12:00:00"),
        ("scan", "--snapshot", "folder", "--context", "kind"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(run: Run, tokens: tuple[str, ...]) -> None:
    with pytest.raises(BadInput) as refused:
        run(*tokens)

    assert refused.value.remedy


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_objects_that_are_not_understood_are_named_and_counted_in_the_headline(
    run: Run, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    assert 0 == run(*SCAN, "-o", form, folder=with_odd(a_snapshot(a_pod()), Pod, count=2))

    told = " ".join(capsys.readouterr().out.replace("\\", "").split())
    assert "Nothing hurts, as far as could be seen; 2 objects could not be understood." in told
    assert "odd-1" in told
    assert "Expected `int`, got `str`" in told
    assert "exit code 2" not in told


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize(
    ("folder", "why"),
    [
        (a_snapshot(EMPTY, states={Pod: State.PARTIAL}), "not seen whole: pods (partial in this"),
        (with_odd(a_snapshot(), Pod), "nothing that is there could be understood (Pod: Expected"),
    ],
)
def test_a_scan_that_is_no_answer_says_why_in_its_last_line(
    run: Run, capsys: pytest.CaptureFixture[str], form: str, folder: Snapshot, why: str
) -> None:
    assert 2 == run(*SCAN, "-o", form, "--fail-on", "never", folder=folder)

    last = capsys.readouterr().out.replace("\\", "").splitlines()[-1]
    assert last.startswith(f"No answer, and so exit code 2: {why}")


def test_a_program_is_told_why_a_scan_is_no_answer(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*SCAN, "-o", "json", folder=a_snapshot(EMPTY, states={Pod: State.PARTIAL}))

    assert printed(capsys)["noAnswer"] == "not seen whole: pods (partial in this test)"


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_what_is_within_its_grace_is_not_passed_over_by_the_headline(
    run: Run, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    assert 0 == run(*SCAN, "-o", form, folder=YOUNG)

    told = " ".join(capsys.readouterr().out.split())
    assert "Nothing yet; 1 is within its grace (--young shows it)." in told


@pytest.mark.parametrize(("at", "code"), [("2026-03-02T12:01:00Z", 0), ("2026-03-02T12:01:01Z", 2)])
def test_a_moment_that_is_still_to_come_is_refused(run: Run, at: str, code: int) -> None:
    if code == 0:
        assert 0 == run(*SCAN, "--at", at, folder=a_snapshot(a_pod()))
        return
    with pytest.raises(BadInput, match="is still to come"):
        run(*SCAN, "--at", at, folder=a_snapshot(a_pod()))
