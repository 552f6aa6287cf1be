"""A scan in a ticket: commands can be copied, and what is not served was not unseen."""

from datetime import timedelta

import msgspec
import pytest

from holdfast.diagnosis.survey import survey
from holdfast.model.kinds import Lease, StorageClass
from holdfast.model.snapshot import Snapshot, State
from holdfast.surfaces.cli.markdown import as_markdown
from holdfast.surfaces.cli.report import About, ChangeOut, as_value
from holdfast.testing.builders import a_claim, a_deployment, a_pod, a_snapshot
from tests.surfaces.cli.conftest import Run

MINUTES = timedelta(minutes=1)


def written(run: Run, capsys: pytest.CaptureFixture[str], folder: Snapshot) -> list[str]:
    run("scan", "--snapshot", "folder", "-o", "markdown", folder=folder)
    return str(capsys.readouterr().out).splitlines()


def test_a_command_is_code_and_so_can_be_copied(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    short = a_deployment("my_web-1", available=0, short_for=12 * MINUTES)

    lines = written(run, capsys, a_snapshot(short))

    step = "See which pods are missing and why:"
    assert f"- next: {step} `kubectl describe deployment my_web-1 -n shop`" in lines


def test_what_is_not_served_is_not_told_as_what_could_not_be_seen(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = written(
        run, capsys, a_snapshot(a_pod(), blind=[StorageClass], states={Lease: State.ABSENT})
    )

    unseen = lines[lines.index("## Could not see") : lines.index("## Not judged")]
    assert any("storageclasses" in line for line in unseen)
    assert not any("leases" in line for line in unseen)
    assert "- not served here: `leases`" in lines


def test_nothing_could_not_be_seen_where_something_is_only_not_served(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = written(run, capsys, a_snapshot(a_claim(), states={Lease: State.ABSENT}))

    assert "## Could not see" not in lines


def test_a_change_is_told_with_whose_it_was() -> None:
    folder = a_snapshot(a_deployment("cart", available=0, short_for=12 * MINUTES))
    scan = as_value(folder, survey(folder))
    node = About(api_version="v1", kind="Node", namespace="", name="node-0", uid="")
    change = ChangeOut(about=node, what="created", who="test", when="", seconds_before=33)
    (trouble,) = scan.troubles
    changed = msgspec.structs.replace(trouble, changed=[change])

    told = as_markdown(msgspec.structs.replace(scan, troubles=[changed]))

    assert "- after: Node `node-0`: created by test, 33 s before" in told
