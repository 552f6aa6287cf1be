"""A proposal as it is shown: its content by its own digest, and what the keeper says beside it.

What is shown is what is signed: the digest is computed again from the content that is rendered,
and is that of the row and that of the sealed entry, or nothing is shown at all.
"""

import hashlib
from collections.abc import Iterator, Mapping

import msgspec

from holdfast.errors import BadRecord
from holdfast.execution.courses import read_progress
from holdfast.model.cases import Card, Case, Word
from holdfast.model.entries import Entry
from holdfast.model.paths import written
from holdfast.model.plans import Plan
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk, plain_of
from holdfast.model.times import stamp
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.casebook import plan_of


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    """One proposal, read."""

    case: Case
    plan: Plan
    card: Card
    words: tuple[Word, ...] = ()  # who said yes to which step, as the database has it

    @property
    def proposal(self) -> Proposal:
        """The step that it is at: of most there is one."""
        step = read_progress(self.case.progress).step
        return self.plan.at(min(max(step, 1), len(self.plan.steps)))

    @property
    def risk(self) -> Risk:
        """That of the riskiest step."""
        return max(each.risk for each in self.plan.steps)

    def yeses(self, step: int) -> Iterator[Word]:
        """Who said yes to that step."""
        return (each for each in self.words if each.step == step)

    @property
    def several(self) -> bool:
        """Whether it has more than one step."""
        return len(self.plan.steps) > 1


def opened(case: Case, cluster: str) -> Dossier:
    """What a row holds, if all of it is what it was.

    Raises `BadRecord` with the field that differs, as far as the row tells it.
    """
    try:
        plan = plan_of(case)
        card = msgspec.json.decode(case.card, type=Card)
    except (BadRecord, msgspec.MsgspecError) as odd:
        raise _changed(case, _where(case) or clean(str(odd))) from None
    if plan.first.cluster != cluster:
        raise BadRecord(
            f"Proposal {clean(case.id)} is about another cluster, {clean(plan.first.cluster)}.",
            remedy="Name the state folder or the database of the cluster that you mean.",
        )
    return Dossier(case=case, plan=plan, card=card)


def require_sealed(told: Dossier, entry: Entry) -> None:
    """Raise `BadRecord` unless it is what the record says was proposed: whoever edits a row, and
    all that the row says of itself, cannot edit a signed chain. The field is named, if it says it.
    """
    sealed = entry.details
    step = sealed.get("step", 1)
    if not isinstance(step, int) or not 1 <= step <= len(told.plan.steps):
        raise _changed(told.case, f"it has other steps than in entry {entry.seq} of the record")
    proposal = told.plan.at(step)
    meant = {
        "action": plain_of(proposal.action),
        "target.uid": proposal.target.uid,
        "code": proposal.code,
        "trouble": proposal.trouble,
        "requester": proposal.requester,
        "risk": proposal.risk.name.lower(),
        "policy": proposal.policy,
        "effect": [written(each.path) for each in proposal.effect],
        "undo": bool(proposal.undo),
        "digest": proposal.digest,
    }
    said = {name: sealed.get("uid" if name == "target.uid" else name) for name in meant}
    odd = [name for name, value in meant.items() if said[name] != value]
    if odd:
        where = odd[0] if odd != ["digest"] else "its digest"
        raise _changed(told.case, f"{where} is another than in entry {entry.seq} of the record")


def _where(case: Case) -> str:
    """How a row contradicts its content; empty if it does not."""
    content = _decoded(case.content)
    plan = content.get("plan")
    first = plan[0] if isinstance(plan, list) and plan else content
    first = first if isinstance(first, Mapping) else {}
    odd = [name for name, held, said in _twice(case, first) if held != said]
    if odd:
        return f"{', '.join(odd)} of its content {'is' if len(odd) == 1 else 'are'} not the row's"
    digest = hashlib.sha256(case.content.encode()).hexdigest()
    return "" if digest == case.digest else f"its content has the digest {digest}"


def _twice(case: Case, content: Mapping[str, object]) -> Iterator[tuple[str, object, object]]:
    """What stands in the row as well as in the content: field by field."""
    target = content.get("target")
    target = target if isinstance(target, Mapping) else {}
    yield "id", case.id, content.get("id")
    yield "target.uid", case.target, target.get("uid")
    yield "target.namespace", case.namespace, target.get("namespace")
    yield "proposed", stamp(case.proposed), content.get("proposed")
    yield "openUntil", stamp(case.open_until), content.get("openUntil")


def _decoded(text: str) -> Mapping[str, object]:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except msgspec.MsgspecError:
        return {}


def _changed(case: Case, where: str) -> BadRecord:
    return BadRecord(
        f"Proposal {clean(case.id)} is not what it was when it was proposed: {where}.",
        remedy="Approve nothing of it: somebody has changed the database. Propose it again, and "
        "find out who.",
    )
