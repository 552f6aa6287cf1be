"""What is shown is what is signed: a row that was edited by hand is not shown at all."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.errors import BadRecord
from holdfast.model.canonical import canonical
from holdfast.model.cases import Case
from holdfast.model.entries import Entry
from holdfast.model.objects import Ref
from holdfast.model.plans import planned
from holdfast.model.proposals import FIELDS, Proposal
from holdfast.surfaces.cli.repairs.dossier import Dossier, opened, require_sealed
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.filing import as_told
from tests.audit.chains import CLUSTER, a_chain_of
from tests.surfaces.cli.repairs.scripted import as_proposed
from tools.proposals import CARD, EVICTION, RESTART, SCALE, UNCORDON, a_case

type Edit = Callable[[dict[str, Any]], object]

FOUND = msgspec.structs.replace(SCALE, finding="fnd_1", found_on="u-1")  # with all that it can have


def row(edit: Edit, *, digest: bool = False, of: Proposal = FOUND) -> Case:
    """A row whose content somebody has edited, with its digest or without."""
    content = msgspec.json.decode(a_case(of).content)
    edit(content)
    text = canonical(content).decode()
    more: dict[str, Any] = {"digest": hashlib.sha256(text.encode()).hexdigest()} if digest else {}
    return a_case(of, content=text, **more)


def refused(case: Case, *entries: Entry) -> str:
    """Why that row is not shown, beside what is sealed of it."""
    with pytest.raises(BadRecord) as bad:
        shown(case, *entries)
    return str(bad.value)


def shown(case: Case, *entries: Entry) -> Dossier:
    """What is shown of it, beside what is sealed of it."""
    told = opened(case, CLUSTER, entries)
    for entry in entries:
        require_sealed(told, entry)
    return told


def edited(edit: Edit, *, digest: bool = False) -> str:
    """The same, of one of which nothing is sealed."""
    return refused(row(edit, digest=digest))


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
        lambda c: c["effect"][0].update(after=9),
        lambda c: c["action"]["params"].update(replicas=9),
        lambda c: c["target"].update(name="other"),
        lambda c: c.update(risk="low"),
        lambda c: c.update(requester="cli:ana"),
    ],
)
def test_anything_else_changes_the_digest_where_nothing_is_sealed_of_it(edit: Edit) -> None:
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


def sealed(of: Proposal = FOUND, **changed: Any) -> Entry:
    """What the record says was proposed, as the keeper writes it."""
    draft = as_proposed(of)
    details = {**draft.details, **changed}
    return a_chain_of([msgspec.structs.replace(draft, details=details)])[0]


def older() -> Entry:
    """The same, as it was written before it said so much."""
    entry = sealed()
    late = ("finding", "foundOn", "target", "readHash", "proposed", "openUntil")
    details = {name: each for name, each in entry.details.items() if name not in late}
    return msgspec.structs.replace(entry, details=details)


@pytest.mark.parametrize("of", [RESTART, SCALE, EVICTION, UNCORDON, FOUND])
def test_what_the_record_says_was_proposed_is_shown(of: Proposal) -> None:
    assert of.digest == shown(a_case(of), sealed(of)).proposal.digest


def test_what_an_older_entry_says_was_proposed_is_shown() -> None:
    assert FOUND.digest == shown(a_case(FOUND), older()).proposal.digest


ELSEWHERE = "so what is another is steps, undo or the values of effect"
EDITS: dict[str, tuple[Edit, str]] = {
    "v": (lambda c: c.update(v=2), "v is another"),
    "id": (lambda c: c.update(id="prp_2"), "id is another"),
    "cluster": (lambda c: c.update(cluster="c-2"), "cluster is another"),
    "trouble": (lambda c: c.update(trouble="trb_2"), "trouble is another"),
    "code": (lambda c: c.update(code="HF-WRK-010"), "code is another"),
    "finding": (lambda c: c.update(finding="fnd_2"), "finding is another"),
    "foundOn": (lambda c: c.pop("foundOn"), "foundOn is another"),
    "action": (lambda c: c["action"].update(kind="DeletePod"), "action.kind is another"),
    "params": (lambda c: c["action"]["params"].update(replicas=9), "action.params is another"),
    "target": (lambda c: c["target"].update(name="other"), "target.name is another"),
    "of": (lambda c: c["target"].update(apiVersion="v2"), "target.apiVersion is another"),
    "kind": (lambda c: c["target"].update(kind="Job"), "target.kind is another"),
    "uid": (lambda c: c["target"].update(uid="u-2"), "target.uid is another"),
    "namespace": (lambda c: c["target"].update(namespace="x"), "target.namespace is another"),
    "readHash": (lambda c: c.update(readHash="6" * 64), "readHash is another"),
    "steps": (lambda c: c["steps"][0]["sets"][0].update(value=9), ELSEWHERE),
    "no steps": (lambda c: c.update(steps=[]), ELSEWHERE),
    "undo": (lambda c: c.update(undo=[]), "undo is another"),
    "way back": (lambda c: c["undo"][0]["sets"][0].update(value=9), ELSEWHERE),
    "effect": (lambda c: c.update(effect=[]), "effect is another"),
    "path": (lambda c: c["effect"][0].update(path=["spec", "paused"]), "effect is another"),
    "after": (lambda c: c["effect"][0].update(after=9), ELSEWHERE),
    "risk": (lambda c: c.update(risk="low"), "risk is another"),
    "policy": (lambda c: c.update(policy="policy-0"), "policy is another"),
    "requester": (lambda c: c.update(requester="cli:ana"), "requester is another"),
    "proposed": (lambda c: c.update(proposed="2026-01-01T00:00:00.000Z"), "proposed is another"),
    "openUntil": (lambda c: c.update(openUntil="2027-01-01T00:00:00.000Z"), "openUntil is another"),
    "more": (lambda c: c.update(more=1), "more is another"),
    "two": (lambda c: c.update(risk="low", policy="x"), "risk, policy are another"),
}


def test_every_field_of_a_proposal_is_edited_here() -> None:
    assert FIELDS <= set(EDITS)
    assert FIELDS == set(msgspec.json.decode(a_case(FOUND).content))


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("digest", [False, True])
def test_whatever_field_is_edited_by_hand_is_named_beside_the_record(
    name: str, digest: bool
) -> None:
    edit, named = EDITS[name]

    said = refused(row(edit, digest=digest), sealed())

    assert named in said
    assert "entry 1 of the record" in said
    assert "somebody has changed the database" in said


def test_what_an_older_entry_does_not_say_is_told_with_the_rest() -> None:
    said = refused(row(lambda c: c.update(readHash="6" * 64)), older())

    assert "are as in entry 1 of the record, so what is another is finding, foundOn, " in said
    assert "readHash, proposed, openUntil, steps, undo or the values of effect" in said


def test_what_does_not_exist_is_not_what_was_edited() -> None:
    step = row(lambda c: c["steps"][0]["target"].update(name="other"), of=EVICTION)

    assert "so what is another is steps." in refused(step, sealed(EVICTION))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"digest": "0" * 64}, "its digest is another than in entry 1 of the record"),
        ({"content": f" {a_case(FOUND).content}"}, "is written in another way than in entry 1"),
        ({"content": "nothing"}, "v, id, cluster, "),
        ({"target": "u-2"}, "target.uid of its content is not the row's."),
    ],
)
def test_what_a_row_says_of_its_content_is_held_against_the_record(
    changed: dict[str, Any], says: str
) -> None:
    assert says in refused(a_case(FOUND, **changed), sealed())


OTHER = Ref(api_version="apps/v1", kind="Deployment", namespace="shop", name="api", uid="u-2")
PLAN = planned([FOUND, msgspec.structs.replace(RESTART, target=OTHER)])


def a_plan(edit: Edit = lambda _: None) -> Case:
    """The row of a plan that somebody has edited."""
    content = msgspec.json.decode(canonical(PLAN.content()))
    edit(content)
    return a_case(PLAN.first, content=canonical(content).decode())


SEALED = a_chain_of(
    [
        msgspec.structs.replace(as_proposed(FOUND), details=as_told(each))
        for each in plan_of(a_plan()).steps
    ]
)


def test_a_plan_is_shown_as_it_is_sealed() -> None:
    assert PLAN.digest == shown(a_plan(), *SEALED).proposal.digest


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda c: c["plan"][1].update(risk="high"), "risk of step 2 is another than in entry 2"),
        (lambda c: c["plan"].pop(), "it has other steps than in entry 1 of the record"),
        (lambda c: c["plan"][1]["effect"][0].update(after="x"), "steps or the values of effect"),
    ],
)
def test_the_step_of_a_plan_is_named_that_was_edited(edit: Edit, says: str) -> None:
    assert says in refused(a_plan(edit), *SEALED)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"requester": "cli:ana"}, "requester is another than in entry 1"),
        ({"uid": "u-2"}, "target.uid is another"),
        ({"action": {"kind": "DeletePod", "params": {}}}, "action.kind, action.params are another"),
        ({"undo": False}, "undo is another"),
        ({"digest": "0" * 64}, ELSEWHERE),
        ({"step": 2}, "it has other steps than in entry 1"),
    ],
)
def test_a_row_that_was_edited_whole_is_not_what_the_record_says(
    changed: dict[str, Any], named: str
) -> None:
    assert named in refused(a_case(FOUND), sealed(**changed))
