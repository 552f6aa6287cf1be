"""`holdfast doctor`: what this installation lacks, part by part, each with its remedy.

What cannot be looked at, because something before it is broken, is unknown and never well.
"""

import asyncio
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import msgspec

from holdfast.approvals.recorded import THAWED
from holdfast.errors import BadInput, HoldfastError, NotReady
from holdfast.execution.lease_names import Purpose as LeasePurpose
from holdfast.facts import kinds_read
from holdfast.model import switches
from holdfast.model.access import Process, Rights
from holdfast.model.asks import Rules
from holdfast.model.entries import Check, Checkpoint, Entry, PublicKey
from holdfast.model.keys import Purpose
from holdfast.model.names import few
from holdfast.model.objects import Object
from holdfast.model.people import People
from holdfast.model.reach import Exposed, Writers
from holdfast.model.ssh import SshCheck
from holdfast.ports import Cluster, Records, Tx
from holdfast.surfaces.cli import forms
from holdfast.surfaces.cli.anchors import read_anchors
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.doors import Doors, Target
from holdfast.surfaces.cli.exits import FAULTS, NOTHING
from holdfast.surfaces.cli.ground import Ground, refuse_role
from holdfast.surfaces.cli.repairs.all_rows import GOING_ON, all_rows
from holdfast.surfaces.cli.repairs.borne_out import ahead, once_sealed
from holdfast.surfaces.cli.text import clean, refusal
from holdfast.workflow import as_sealed, lifting
from holdfast.workflow.alive import living_keeper
from holdfast.workflow.awaited import awaited
from holdfast.workflow.keeping import require_clock, require_signing
from holdfast.workflow.lifting import FROZEN
from holdfast.workflow.orders import require_anchored
from holdfast.workflow.posting import NO_KEEPER, START_ONE

API_VERSION = "holdfast.dev/v1alpha1"
LITTLE = 512 << 20  # bytes that should be free for the database, its log and the anchors
TOGETHER = 8  # questions that the API server gets at once
NAMED = 4  # kinds that a line names


class State(StrEnum):
    """How a part is."""

    OK = "ok"
    FAULT = "fault"
    UNKNOWN = "unknown"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    part: str
    state: State
    says: str
    remedy: str = ""


class DoctorOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All of them."""

    api_version: str = API_VERSION
    kind: str = "Diagnosis"
    ok: bool
    parts: tuple[Told, ...]


@dataclass(slots=True, kw_only=True)
class _Patient:
    """Who is looked at, and what was learnt on the way."""

    doors: Doors
    ground: Ground
    leash: Path  # the folder that a keeper here would read
    target: Target
    processes: Sequence[Process]
    cluster: str = ""  # of the database
    store: bool = False  # whether the database can be used
    tip: Checkpoint | None = None
    told: list[Told] = field(default_factory=list)


type _Look = Callable[[_Patient], Iterator[str]]


def diagnose(
    doors: Doors,
    ground: Callable[[], Ground],
    leash: Callable[[], Path],
    target: Target,
    processes: Sequence[Process],
) -> Sequence[Told]:
    """Look at every part, in the order in which they rest upon each other."""
    try:
        doors.preferences()
        patient = _Patient(
            doors=doors, ground=ground(), leash=leash(), target=target, processes=processes
        )
    except HoldfastError as unfit:
        return [
            _fault("settings", unfit),
            *(_unknown(part, "the settings fit") for part, *_ in _PARTS),
        ]
    patient.told.append(Told(part="settings", state=State.OK, says="Every setting fits."))
    for part, look, rests_on_store in _PARTS:
        if part in _OF_THE_KEEPER and Process.KEEPER not in processes:
            continue
        patient.told += (
            [_unknown(part, "database")]
            if rests_on_store and not patient.store
            else (_looked(part, look, patient))
        )
    return patient.told


def tell(told: Sequence[Told], *, as_json: bool) -> int:
    """Print the lines."""
    ok = all(each.state is State.OK for each in told)
    if as_json:
        out = DoctorOut(ok=ok, parts=tuple(told))
        print(forms.as_json(out))
    else:
        console = Plain()
        for each in told:
            console.print(clean(f"{each.state:7}  {each.part:8}  {each.says}"))
            if each.remedy:
                console.print(f"{'':19}{clean(each.remedy)}")
    return NOTHING if ok else FAULTS


def _looked(part: str, look: _Look, patient: _Patient) -> Sequence[Told]:
    try:
        return [Told(part=part, state=State.OK, says=says) for says in look(patient)]
    except HoldfastError as wrong:
        return [_fault(part, wrong)]
    except OSError as refused:
        return [
            Told(
                part=part,
                state=State.FAULT,
                says=refusal(refused),
                remedy="Mend that and look again.",
            )
        ]


def _fault(part: str, wrong: HoldfastError) -> Told:
    return Told(part=part, state=State.FAULT, says=wrong.wrong, remedy=wrong.remedy)


def _unknown(part: str, before: str) -> Told:
    return Told(
        part=part, state=State.UNKNOWN, says=f"Cannot be looked at before {before} is well."
    )


def _database(patient: _Patient) -> Iterator[str]:
    with patient.ground.upkeep() as upkeep:
        standing = upkeep.standing()
        upkeep.require_current(standing.cluster)
    patient.cluster, patient.store = standing.cluster, True
    for process in patient.processes:
        with patient.ground.upkeep_as(process) as upkeep:
            upkeep.require_writable()
            upkeep.require_none_planted()
    yield f"{standing.name} answers, at revision {standing.revision}, for {standing.cluster}."


def _roles(patient: _Patient) -> Iterator[str]:
    for process in patient.processes:
        rights = _rights(patient, process)
        if not rights.role:
            yield "SQLite knows no roles: whoever may open the file may write all of it."
            return
        try:
            refuse_role(rights, process)
        except NotReady as unfit:
            remedy = f"{unfit.remedy}{_or_one(patient, rights)}"
            raise NotReady(unfit.wrong, remedy=remedy) from None
        yield f"{rights.role} has the rights of {process} and no others."


def _or_one(patient: _Patient, rights: Rights) -> str:
    """What else may be meant where one role was looked at as both processes."""
    if len({_rights(patient, each).role for each in patient.processes}) == len(patient.processes):
        return ""
    alone = next((each for each in Process if _fits(patient, each)), None)
    if alone is None:
        return ""
    return (
        f". {rights.role} fits {alone}: if that alone is to run here, ask for it with "
        f"`holdfast doctor --process {alone}`; else name the keeper's role in "
        "HOLDFAST_KEEPER_DATABASE"
    )


def _fits(patient: _Patient, process: Process) -> bool:
    rights = _rights(patient, process)
    return not rights.missing and not rights.excess


def _rights(patient: _Patient, process: Process) -> Rights:
    with patient.ground.upkeep_as(process) as upkeep:
        return upkeep.rights(process)


def _clock(patient: _Patient) -> Iterator[str]:
    with patient.ground.store() as store, store.reading() as tx:
        patient.tip = tx.records.tip()
        require_clock(patient.doors.now(), tx.now(), "the database's")
    yield "This machine's and the database's agree."


def _keys(patient: _Patient) -> Iterator[str]:
    for purpose in Purpose:
        turn = patient.tip.key if patient.tip is not None and purpose is Purpose.AUDIT else ""
        keyring = patient.ground.keyring(purpose)
        require_signing(keyring, turn, patient.ground.check)
        yield f"The {purpose} key {keyring.signer(turn).public.id[:12]} signs."


def _keeper(patient: _Patient) -> Iterator[str]:
    with patient.ground.store() as store:
        beat = living_keeper(store)
    if beat is None:
        raise _Lacking(f"{NO_KEEPER[:1].upper()}{NO_KEEPER[1:]}.", remedy=START_ONE)
    yield f"{beat.executor} lives, at version {beat.version}."


def _leash(patient: _Patient) -> Iterator[str]:
    folder = patient.leash
    if not folder.exists():
        yield f"There is none in {folder}: a keeper that has a cluster does not start without."
        return
    try:
        standing = patient.doors.policy.standing(folder)
    except BadInput as broken:
        raise _Lacking(
            broken.wrong,
            remedy=f"{broken.remedy} A keeper that lives goes on by what it read before.",
        ) from None
    yield f"{folder} can be read, with the version {standing.version}."


def _freeze(patient: _Patient) -> Iterator[str]:
    def look(tx: Tx) -> tuple[tuple[str | None, HoldfastError | None], bool]:
        value = tx.switches.value(switches.FREEZE)
        wrong = _not_as_frozen(patient, tx, value)
        return (value, wrong), wrong is not None

    with patient.ground.store() as store:
        value, wrong = once_sealed(store, look)
    if wrong is not None:
        raise wrong
    yield switches.freeze_told(value) or "Nothing is switched off."


def _not_as_frozen(patient: _Patient, tx: Tx, value: str | None) -> HoldfastError | None:
    """That the switch says otherwise than the record, unless it does not."""
    wrong = _frozen_otherwise(patient, tx.records, value, ())
    if wrong and not _frozen_otherwise(patient, tx.records, value, awaited(tx)):
        at = ahead(tx)
        return _Lacking(f"Of the freeze, {at.says}.", remedy=at.remedy)
    remedy = (
        "What the row or the record stops stays stopped until somebody signs `holdfast thaw`. See "
        "who can write into the database: only a thaw takes that row away."
    )
    return _Lacking(wrong, remedy=remedy) if wrong else None


def _frozen_otherwise(
    patient: _Patient, records: Records, value: str | None, waits: Sequence[Entry]
) -> str:
    """How the switch says otherwise than the record, with what waits; empty if it does not. Raises
    `BadRecord` for a switch that nobody can read.
    """

    def by_record(purpose: LeasePurpose) -> str:
        sealed = _since_frozen(patient, records, purpose, waits)
        return as_sealed.frozen(sealed, purpose)

    row = switches.frozen(value)
    if row is None:
        by = by_record(LeasePurpose.ACT)
        return f"By its row nothing is switched off, and {by}." if by else ""
    by = by_record(LeasePurpose.UNDO)
    if not row.undo_too:
        return f"By its row what was done may be taken back, and of that {by}." if by else ""
    whole = records.start() is None  # else an earlier freeze may have said so
    if by or not whole or not by_record(LeasePurpose.ACT):
        return ""
    return "By its row nothing is taken back, and by the record what was done may be."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """By what a keeper here would count thaws."""

    people: Callable[[], People]
    rules: Callable[[], Rules]
    ssh_check: SshCheck
    sealed_by: Callable[[], Sequence[PublicKey]]
    check: Check


def _since_frozen(
    patient: _Patient, records: Records, purpose: LeasePurpose, waits: Sequence[Entry]
) -> Sequence[Entry]:
    """The last freeze of the record that stops that, what has lifted it, and what of both waits.
    Where no leash is, nobody can tell whether a thaw counts, and each is believed.
    """
    ground, sealed = patient.ground, lifting.since_frozen(records, purpose)
    if not patient.leash.exists():
        return [*sealed, *(each for each in waits if each.kind in {FROZEN, THAWED})]
    counts = _Counts(
        people=lambda: patient.doors.policy.standing(patient.leash).people,
        rules=lambda: patient.doors.policy.standing(patient.leash).rules,
        ssh_check=ground.ssh_check,
        sealed_by=lambda: ground.keys(()),
        check=ground.check,
    )
    more = (
        each
        for each in waits
        if each.kind == FROZEN or (each.kind == THAWED and lifting.may_count(counts, each))
    )
    return [*lifting.counted(counts, records, sealed), *more]


def _anchors(patient: _Patient) -> Iterator[str]:
    anchors = read_anchors(patient.ground)
    with patient.ground.store() as store, store.reading() as tx:
        require_anchored(tx.records, anchors)
    size = patient.tip.size if patient.tip is not None else 0
    if size and not anchors and Process.KEEPER not in patient.processes:
        yield "None is kept here: the keeper keeps them."
        return
    if size and not anchors:
        raise _Lacking(
            "There is no anchor: that something was cut off the record could not be told.",
            remedy="Keep one with `holdfast audit anchor`, or run a keeper, which does so.",
        )
    longest = max((each.size for each in anchors), default=0)
    yield f"They know {longest} of {size} entries."


def _rows(patient: _Patient) -> Iterator[str]:
    """Those of proposals. What is damaged a keeper closes, and it stays there as it is."""

    with patient.ground.store() as store:
        rows = all_rows(patient.ground, store)
    if held := few([clean(each.id) for each in rows.damaged if each.state in GOING_ON]):
        raise _Lacking(
            f"The row of {held} was damaged in the database: nobody can read what it was.",
            remedy="A keeper that lives closes it within a minute. See who can write into the "
            "database; what was proposed and done stands in the record: holdfast audit show",
        )
    if rows.odd:
        more = f"; and {len(rows.odd) - NAMED} more" if len(rows.odd) > NAMED else ""
        raise _Lacking(
            f"{clean('; '.join(rows.odd[:NAMED]))}{more}.",
            remedy="Believe the record, which `holdfast audit show` prints, and find out who can "
            "write into the database.",
        )
    if rows.gone:
        named = [f"{clean(id_)} ({at.state}: entry {at.seq})" for id_, at in rows.gone.items()]
        raise _Lacking(
            f"The row is gone of what was begun by the record, and has not ended there: "
            f"{few(named)}.",
            remedy="Nobody watches it, and Holdfast takes nothing of it back: look at its target "
            "yourself, and find out who can write into the database.",
        )
    if rows.ahead:
        at = next(iter(rows.ahead.values()))
        ids = few([clean(each) for each in rows.ahead])
        raise _Lacking(f"Of {ids}, {at.says}.", remedy=at.remedy)
    yield f"{rows.open} proposals are under way, and each can be read."
    for each in rows.damaged:
        yield f"{clean(each.id)} was damaged in the database, and is closed ({clean(each.state)})."


def _files(patient: _Patient) -> Iterator[str]:
    exposed = patient.ground.exposed(patient.leash)
    if others := [each for each in exposed if each.writers is Writers.OTHERS]:
        raise _Lacking(
            f"Others on this machine may write {_with_modes(others)}.", remedy=_taken_back(others)
        )
    if exposed:
        yield (
            f"Whoever shares this process's group may write {_with_modes(exposed)}: in a pod, the "
            "containers that mount the volume."
        )
        return
    yield "Nobody else on this machine may write the leash, the anchors or a database in a file."


def _with_modes(exposed: Sequence[Exposed]) -> str:
    return few((f"{each.path} ({each.mode:04o})" for each in exposed), NAMED)


def _taken_back(exposed: Sequence[Exposed]) -> str:
    """What to do; a folder that is meant for many is to be left to them."""
    told = []
    if for_many := [each.path for each in exposed if each.for_many]:
        told.append(f"Keep what is yours elsewhere than in {few(for_many)}, which is for many.")
    if paths := " ".join(shlex.quote(each.path) for each in exposed if not each.for_many):
        told.append(f"Take that from them, and see that nobody has: chmod go-w {paths}")
    return " ".join(told)


def _disk(patient: _Patient) -> Iterator[str]:
    for folder, free in patient.ground.disk():
        yield room(str(folder), free)


def room(folder: str, free: int) -> str:
    """Raise when there is too little."""
    told = f"{free >> 20} MiB are free in {folder}"
    if free < LITTLE:
        raise _Lacking(
            f"Only {told}.", remedy=f"Make room: at least {LITTLE >> 20} MiB, or nothing is sealed."
        )
    return f"{told}."


def _cluster(patient: _Patient) -> Iterator[str]:
    yield from asyncio.run(_asked(patient))


async def _asked(patient: _Patient) -> Sequence[str]:
    async with patient.doors.live(patient.target) as cluster:
        identity = await cluster.identity()
        if patient.cluster and identity.uid not in ("", patient.cluster):
            raise _Lacking(
                f"The context {identity.name} leads to the cluster {identity.uid}, and the "
                f"database is for {patient.cluster}.",
                remedy="Name the right context with --context, or another database.",
            )
        require_clock(patient.doors.now(), await cluster.now(), "the API server's")
        kinds = [kind for kind in kinds_read() if not kind.api.sensitive]
        forbidden = await _forbidden(cluster, kinds)
    if forbidden:
        more = f" and {len(forbidden) - NAMED} more" if len(forbidden) > NAMED else ""
        raise _Lacking(
            f"This account may not list {', '.join(forbidden[:NAMED])}{more}.",
            remedy="Give it the reader's role: holdfast rbac reader | kubectl apply -f -",
        )
    told = f"{identity.name} answers, version {identity.version}"
    return [f"{told}; its clock agrees, and {len(kinds)} kinds may be read."]


async def _forbidden(cluster: Cluster, kinds: Sequence[type[Object]]) -> Sequence[str]:
    turns = asyncio.Semaphore(TOGETHER)

    async def may(kind: type[Object]) -> bool:
        async with turns:
            return await cluster.may("list", kind)

    allowed = await asyncio.gather(*map(may, kinds))
    return [kind.api.resource for kind, ok in zip(kinds, allowed, strict=True) if not ok]


class _Lacking(HoldfastError):
    """A part that is not as it must be."""


_PARTS: tuple[tuple[str, _Look, bool], ...] = (
    ("database", _database, False),
    ("role", _roles, True),
    ("clock", _clock, True),
    ("keys", _keys, False),
    ("anchors", _anchors, True),
    ("keeper", _keeper, True),
    ("leash", _leash, False),
    ("freeze", _freeze, True),
    ("rows", _rows, True),
    ("files", _files, False),
    ("disk", _disk, False),
    ("cluster", _cluster, False),
)
_OF_THE_KEEPER = {"keys", "leash"}
