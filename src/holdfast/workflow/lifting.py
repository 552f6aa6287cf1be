"""Which sealed thaws count: whoever can write what waits to be sealed can have one made up.

- A person has signed it who may switch that back, by the people file and the rules as they are now.
- It was sealed while what was signed held, and not long before that.
- What was signed had not been spent before: no earlier entry of the record has its nonce.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from holdfast.approvals import thaws
from holdfast.approvals.recorded import SEALED_WITHIN, THAWED, Said, said_in
from holdfast.approvals.thaws import LONGEST_HELD, Thaw
from holdfast.errors import BadRecord
from holdfast.execution.lease_names import Purpose
from holdfast.model import switches
from holdfast.model.asks import Rules
from holdfast.model.entries import Check, Entry, PublicKey
from holdfast.model.people import People
from holdfast.model.ssh import SshCheck
from holdfast.model.switches import FREEZE
from holdfast.ports import Records
from holdfast.workflow.answers import NOT_ANSWERED
from holdfast.workflow.in_the_chain import AROUND, entries_since

FROZEN = "frozen"
"""What the entry of a freeze is called; that of a thaw is `THAWED`."""

NONCE = "nonce"
"""What a refused thaw says of its statement, where that is spent all the same."""


class Counts(Protocol):
    """By what thaws are counted. The leash is that, and so is what looks at an installation."""

    @property
    def people(self) -> Callable[[], People]:
        """Who may sign, as the file is now."""
        ...

    @property
    def rules(self) -> Callable[[], Rules]:
        """Who may switch what back."""
        ...

    @property
    def ssh_check(self) -> SshCheck:
        """Whether somebody has signed that."""
        ...

    @property
    def sealed_by(self) -> Callable[[], Sequence[PublicKey]]:
        """The public halves of our audit keys."""
        ...

    @property
    def check(self) -> Check:
        """Whether one of those has signed an entry."""
        ...


def counted(by: Counts, records: Records, entries: Sequence[Entry]) -> Sequence[Entry]:
    """These, without the thaws that count for nothing. Raises `BadRecord` where nobody can tell."""
    signed: dict[int, Thaw] = {}
    for each in entries:
        if each.kind == THAWED and (said := _signed(by, each)) is not None:
            signed[each.seq] = said
    if signed:
        spent = spent_for(by, records, min(said.until for said in signed.values()))
        signed = {seq: said for seq, said in signed.items() if spent.get(said.nonce) == seq}
    return [each for each in entries if each.kind != THAWED or each.seq in signed]


def spent_for(by: Counts, records: Records, until: datetime) -> Mapping[str, int]:
    """By what holds until then or longer, the nonces that the record knows as spent, and the first
    entry of each. Before that nobody can have heard it: nothing holds for longer than an hour.
    """
    kinds = {THAWED, NOT_ANSWERED}
    since = until - LONGEST_HELD - AROUND
    spent: dict[str, int] = {}
    for each in entries_since(
        records, since, by.sealed_by(), by.check, lambda entry: entry.kind in kinds
    ):
        if nonce := _nonce(each):
            spent.setdefault(nonce, each.seq)
    return spent


def may_count(by: Counts, entry: Entry) -> bool:
    """Whether somebody who may has signed that thaw. That it is spent, the record alone tells."""
    return _signed(by, entry) is not None


def frozen(by: Counts, records: Records) -> bool:
    """Whether a freeze is sealed, and since then no thaw that counts."""
    entries = counted(by, records, since_frozen(records, Purpose.ACT))
    return bool(entries) and not any(each.kind == THAWED and lifts(each) for each in entries)


def since_frozen(records: Records, purpose: Purpose) -> Sequence[Entry]:
    """The last sealed freeze that stops that, and every thaw since then; nothing if none does."""
    last = next((e for e in reversed(records.of_kind(FROZEN)) if stops(e, purpose)), None)
    if last is None:
        return []
    return [last, *(each for each in records.of_kind(THAWED) if each.seq > last.seq)]


def stops(frozen: Entry, purpose: Purpose) -> bool:
    """Whether that freeze stops it: every one what is new, and some the way back too."""
    return purpose is Purpose.ACT or bool(frozen.details.get("undoToo"))


def lifts(thawed: Entry) -> bool:
    """Whether it is the freeze that is lifted by that entry, and not a breaker."""
    return thawed.details.get("switch") == FREEZE


def approvers_of(rules: Rules, switch: str) -> frozenset[str]:
    """Who approves what it stops; of everything, whoever approves anything."""
    for of_class, groups in rules.approvers.items():
        if switch == switches.breaker(of_class.value):
            return groups
    return frozenset().union(*rules.approvers.values())


def _signed(by: Counts, entry: Entry) -> Thaw | None:
    """What somebody who may has signed, if that held when it was sealed."""
    people = by.people()
    said = said_in(entry, people, by.ssh_check)
    person = people.by_id(said.person) if isinstance(said, Said) else None
    if person is None:
        return None
    thaw = thaws.read(str(entry.details["statement"]).encode())
    if thaw.until - datetime.fromisoformat(entry.time) > LONGEST_HELD + SEALED_WITHIN:
        return None
    rules = by.rules()
    may = not rules.approvers or approvers_of(rules, thaw.switch) & {*person.groups}
    return thaw if may else None


def _nonce(entry: Entry) -> str:
    """The nonce that it has spent, whoever signed; empty for one that has spent none."""
    if entry.kind == NOT_ANSWERED:
        return str(entry.details.get(NONCE, ""))
    try:
        return thaws.read(str(entry.details.get("statement")).encode()).nonce
    except (BadRecord, UnicodeError):
        return ""
