"""A store whose keeper answers as a script says, and a ground that stands on it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import msgspec

from holdfast.actions import built
from holdfast.adapters.signers.ssh import check
from holdfast.approvals.signed import SignedWord
from holdfast.approvals.statements import Decision, read
from holdfast.approvals.words import heard
from holdfast.diagnosis.survey import survey
from holdfast.execution.states import State
from holdfast.facts import kinds_read
from holdfast.model.asks import Refusal
from holdfast.model.canonical import Plain
from holdfast.model.cases import Case
from holdfast.model.entries import Draft
from holdfast.model.handed import PROPOSE, WORD, Propose
from holdfast.model.letters import Beat, Letter
from holdfast.model.objects import Ref
from holdfast.model.people import API_VERSION, KIND, Identities, People, Person
from holdfast.model.proposals import Proposal
from holdfast.model.troubles import Trouble
from holdfast.ports import Store, Tx
from holdfast.surfaces.cli.ground import Ground
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.testing.memory import StoreInMemory
from holdfast.testing.simulated import SimulatedCluster
from holdfast.wiring.footing import ground
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.filing import as_told
from holdfast.workflow.look import look
from tests.audit.chains import CLUSTER
from tests.workflow.test_sealing import Counted, a_sealer
from tools.proposals import CARD, ID, RESTART, a_case

type Script = Callable[["ScriptedStore", Tx, Letter], str]
"""What the keeper does with a letter, and how it answers."""


class ScriptedStore(StoreInMemory):
    """Whoever puts a letter finds it answered, as long as the keeper lives."""

    def __init__(self, script: Script | None = None, *cases: Case, cluster: str = CLUSTER) -> None:
        self.clock = FrozenClock()
        super().__init__(cluster, self.clock)
        self.letters: list[Letter] = []
        self._script = script
        with super().transaction() as tx:
            for case in cases:
                tx.cases.put(case)
                seal_state(self, tx, case)
        self.beat()

    def beat(self) -> None:
        """The keeper says that it lives, if there is one."""
        if self._script is None:
            return
        beat = Beat(
            executor="keeper-1",
            role="keeper",
            version="0",
            started=NOON,
            beat=self.clock.now(),
        )
        with super().transaction() as tx:
            tx.beats.beat(beat)

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """As its own, with an answer to each letter."""
        with super().transaction() as tx:
            yield tx
            for letter in tx.letters.waiting(9) if self._script is not None else ():
                self.letters.append(letter)
                tx.letters.answer(letter.id, self._script(self, tx, letter) if self._script else "")


def a_ground(store: Store) -> Ground:
    """An installation whose store that is, with ids that anybody could have guessed."""

    @contextmanager
    def opened() -> Iterator[Store]:
        yield store

    dice = Counted()
    return replace(
        ground(None),
        store=opened,
        id=lambda prefix: f"{prefix}_{dice.roll(4).hex()}",
        actor="cli:sam",
    )


def seal(store: ScriptedStore, tx: Tx, *drafts: Draft) -> None:
    """Have these in the record at once."""
    sealer = a_sealer(store, clock=store.clock)
    for draft in drafts:
        sealer.order(tx.records, draft)


def seal_state(store: ScriptedStore, tx: Tx, case: Case) -> None:
    """Have the record say that it is where its row says; that it was proposed, others have it say.
    Of a state that is none it says nothing.
    """
    state = State(case.state) if case.state in {*State} else State.PROPOSED
    if state is State.PROPOSED:
        return
    kind, details = SEALED_AS.get(state) or ("outcome", {"event": OUTCOMES[state], "step": 1})
    tip = tx.records.tip()
    id_ = f"ent_{case.id}_{tip.size if tip is not None else 0}"
    seal(store, tx, Draft(id=id_, kind=kind, actor="keeper", subjects=(case.id,), details=details))


SEALED_AS: Mapping[State, tuple[str, Mapping[str, Plain]]] = {
    State.REJECTED: ("rejection", {}),
    State.EXPIRED: ("expired", {}),
    State.APPROVED: ("intent", {"by": "keeper"}),
    State.LEASED: ("sending", {"account": "act.rolloutrestart.u-1.1"}),
    State.UNDOING: ("sending", {"account": "undo.rolloutrestart.u-1.1"}),
}
OUTCOMES = {
    State.REFUSED: "refused",
    State.APPLIED: "applied",
    State.FAILED: "failed",
    State.UNKNOWN: "lost",
    State.RECOVERED: "recovered",
    State.NOT_RECOVERED: "deadline",
    State.RECOVERED_LATE: "healed_late",
    State.UNDONE: "undone",
    State.UNDO_FAILED: "undo_failed",
}
"""By which entry, and which event of an outcome, the keeper says that it is somewhere."""


def as_heard(letter: Letter, **more: Plain) -> dict[str, Plain]:
    """What the record says of a signed letter that counted, as the keeper writes it."""
    signed: dict[str, Plain] = {name: str(letter.body[name]) for name in ("statement", "signature")}
    return {**signed, "letter": letter.id, **more}


def said_by(letter: Letter) -> Decision:
    """What its statement says."""
    return read(str(letter.body["statement"]).encode()).decision


KINDS = {Decision.APPROVE: "approval", Decision.REJECT: "rejection", Decision.UNDO: "undo"}


def people(**keys: str) -> People:
    """A people file of these, each with a key."""
    each = (
        Person(id=name, groups=("oncall",), identities=Identities(ssh=(key,)))
        for name, key in keys.items()
    )
    return People(api_version=API_VERSION, kind=KIND, people=tuple(each))


def hearing(about: Proposal, known: People, states: Sequence[str] = ()) -> Script:
    """A keeper that hears words as the real one does, and moves the case as told."""

    def script(store: ScriptedStore, tx: Tx, letter: Letter) -> str:
        assert letter.kind == WORD
        word = SignedWord(
            statement=str(letter.body["statement"]).encode(),
            signature=str(letter.body["signature"]),
        )
        said = heard(word, about=about, step=1, people=known, check=check, now=tx.now())
        id_ = f"ent_{letter.id}"
        if isinstance(said, Refusal):
            details = {"because": said.because}
            seal(store, tx, Draft(id=id_, kind="verdict", actor="keeper", details=details))
            return f"refused: {id_}"
        was = tx.cases.case(about.id)
        assert was is not None
        for state in states:
            move(store, tx, was, state)
        still: list[Plain] = [] if states else ["second person: one more is wanted"]
        heard_as = as_heard(letter, still=still)
        seal(store, tx, Draft(id=id_, kind=KINDS[said_by(letter)], actor="ana", details=heard_as))
        return f"counted: {id_}"

    return script


def move(store: ScriptedStore, tx: Tx, was: Case, state: str, **changed: str) -> None:
    """It is somewhere else from now on, by its row and by the record."""
    now = msgspec.structs.replace(was, state=state, changed=tx.now(), **changed)
    assert tx.cases.move(was, now)
    seal_state(store, tx, now)


def as_proposed(proposal: Proposal) -> Draft:
    """What the record says of a proposal, as the keeper writes it."""
    about = plan_of(a_case(proposal)).first  # places as they are read back
    details = as_told(about)
    return Draft(
        id="ent_proposed", kind="proposal", actor="keeper", subjects=(about.id,), details=details
    )


def troubles(shop: SimulatedCluster) -> dict[str, Trouble]:
    """What hurts in it, by code."""
    told = survey(asyncio.run(look(shop, kinds=kinds_read())))
    return {trouble.code: trouble for trouble in told.troubles}


def previewed(state: State = State.PROPOSED) -> Script:
    """A keeper that keeps what is asked for as a case."""

    def script(_store: ScriptedStore, tx: Tx, letter: Letter) -> str:
        assert letter.kind == PROPOSE
        asked = msgspec.convert(letter.body, Propose)
        target = Ref(**msgspec.structs.asdict(asked.target))
        about = msgspec.structs.replace(
            RESTART,
            cluster=_store.cluster,
            trouble=asked.trouble,
            code=asked.code,
            target=target,
            action=built(asked.action, asked.params),
            requester=asked.requester,
        )
        tx.cases.put(case := a_case(about, CARD, state=state))
        seal_state(_store, tx, case)
        return f"asked {ID}: ent_1"

    return script
