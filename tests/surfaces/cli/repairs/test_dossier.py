"""What is shown is what is signed: a row that was edited by hand is not shown at all."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.errors import BadRecord
from holdfast.model.canonical import canonical
from holdfast.model.entries import Draft, Entry
from holdfast.model.paths import written
from holdfast.model.repairs import plain_of
from holdfast.surfaces.cli.repairs.dossier import opened, require_sealed
from tests.audit.chains import CLUSTER, a_chain_of
from tools.proposals import CARD, RESTART, a_case

type Edit = Callable[[dict[str, Any]], object]


def edited(edit: Edit, *, digest: bool = False) -> str:
    """Why a row is refused whose content somebody has edited, with its digest or without."""
    content = msgspec.json.decode(a_case().content)
    edit(content)
    text = canonical(content).decode()
    row: dict[str, Any] = {"content": text}
    if digest:
        row["digest"] = hashlib.sha256(text.encode()).hexdigest()
    with pytest.raises(BadRecord) as refused:
        opened(a_case(**row), CLUSTER)
    return str(refused.value)


def test_a_row_that_nobody_touched_is_read_whole() -> None:
    told = opened(a_case(), CLUSTER)

    assert RESTART.digest == told.proposal.digest
    assert CARD == told.card


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda c: c.update(id="prp_2"), "id"),
        (lambda c: c["target"].update(uid="u-2"), "target.uid"),
        (lambda c: c["target"].update(namespace="prod"), "target.namespace"),
        (lambda c: c.update(openUntil="2027-01-01T00:00:00.000Z"), "openUntil"),
        (lambda c: c.update(proposed="2026-01-01T00:00:00.000Z"), "proposed"),
    ],
)
@pytest.mark.parametrize("digest", [False, True])
def test_a_field_that_the_row_knows_too_is_named(edit: Edit, named: str, digest: bool) -> None:
    said = edited(edit, digest=digest)

    assert f"{named} of its content is not the row's" in said
    assert "somebody has changed the database" in said


@pytest.mark.parametrize(
    "edit",
    [
        lambda c: c["effect"][0].update(after="2027-01-01T12:00:00Z"),
        lambda c: c["action"]["params"].update(stamp="2027-01-01T12:00:00Z"),
        lambda c: c["target"].update(name="other"),
        lambda c: c.update(risk="high"),
        lambda c: c.update(requester="cli:ana"),
    ],
)
def test_anything_else_changes_the_digest(edit: Edit) -> None:
    assert "its content has the digest" in edited(edit)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"content": "{}"}, "id, "),
        ({"content": "nothing"}, "id, "),
        ({"card": "[]"}, "is not what it was"),
        ({"open_until": RESTART.open_until + timedelta(hours=1)}, "openUntil"),
        ({"digest": "0" * 64}, "its content has the digest"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(row: dict[str, Any], says: str) -> None:
    with pytest.raises(BadRecord, match=says):
        opened(a_case(**row), CLUSTER)


def test_a_proposal_of_another_cluster_is_refused() -> None:
    with pytest.raises(BadRecord, match="about another cluster"):
        opened(a_case(), "another")


def sealed(**changed: Any) -> Entry:
    """What the record says was proposed, as the keeper writes it."""
    read_back = opened(a_case(), CLUSTER).proposal
    details: dict[str, Any] = {
        "digest": RESTART.digest,
        "action": plain_of(RESTART.action),
        "code": RESTART.code,
        "trouble": RESTART.trouble,
        "requester": RESTART.requester,
        "uid": RESTART.target.uid,
        "risk": "low",
        "policy": RESTART.policy,
        "effect": [written(each.path) for each in read_back.effect],
        "undo": False,
    }
    draft = Draft(id="ent_1", kind="proposal", actor="keeper", details={**details, **changed})
    return a_chain_of([draft])[0]


def test_what_the_record_says_was_proposed_is_shown() -> None:
    require_sealed(opened(a_case(), CLUSTER), sealed())


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"requester": "cli:ana"}, "requester is another than in entry 1"),
        ({"uid": "u-2"}, "target.uid is another"),
        ({"risk": "high"}, "risk is another"),
        ({"action": {"kind": "DeletePod", "params": {}}}, "action is another"),
        ({"effect": ["spec.x"]}, "effect is another"),
        ({"undo": True}, "undo is another"),
        ({"digest": "0" * 64}, "its digest is another"),
    ],
)
def test_a_row_that_was_edited_whole_is_not_what_the_record_says(
    changed: dict[str, Any], named: str
) -> None:
    with pytest.raises(BadRecord, match=named):
        require_sealed(opened(a_case(), CLUSTER), sealed(**changed))
