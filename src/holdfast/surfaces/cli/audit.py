"""`holdfast audit`: the record, verified, shown, proved, exported and anchored."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from holdfast.approvals.acts_in_order import ActsInOrder
from holdfast.approvals.acts_signed import ActsSigned
from holdfast.approvals.recorded import PROOF, said_in
from holdfast.audit import chain
from holdfast.audit.verification import Verified, Verifier
from holdfast.errors import BadInput, sentence
from holdfast.model.asks import Refusal
from holdfast.model.entries import Checkpoint, Entry, Segment
from holdfast.model.people import People
from holdfast.model.ssh import SshCheck
from holdfast.ports import Records
from holdfast.surfaces.cli.anchors import anchorage, read_anchors, require_outgrown
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.exits import BROKEN, NOTHING
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.text import clean
from holdfast.workflow import anchoring, orders
from holdfast.workflow.judging import false_end
from holdfast.workflow.retention import Trust, revoked_before

NOBODYS = 20  # words of nobody, and entries that do not follow, that are told one by one
SHOWN = 500  # characters of an entry that people are shown; the rest is in the lines themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be verified, and with what."""

    file: Path | None = None
    keys: Sequence[Path] = ()
    anchors: Sequence[Path] = ()
    start: Path | None = None
    cluster: str = ""
    people: Path | None = None  # then what people signed is verified again
    empty: bool = False  # whether it is expected that there is nothing in it yet


class _Words:
    """What people signed, and what was done by it, entry by entry."""

    def __init__(self, people: People, check: SshCheck, *, whole: bool) -> None:
        self._people = people
        self._check = check
        self._acts = ActsSigned(whole=whole)
        self._order = ActsInOrder(people, whole=whole)
        self.said: Counter[str] = Counter()
        self.false = 0
        self.astray = 0

    def take(self, line: bytes) -> Iterator[str]:
        """Why the entry of that line is false, or does not follow; nothing if it holds."""
        entry = _entry(line)
        said = said_in(entry, self._people, self._check)
        if isinstance(said, Refusal):
            why = f"its {entry.kind} is nobody's: {said.because}"
            yield from self._false(entry.seq, why)
            said = None
        else:
            self._acts.take(entry, said)
        for why in self._order.take(entry, said):
            yield from self._astray(entry.seq, why)
        if said is not None:
            self.said[said.what] += 1

    def unsigned(self) -> Iterator[str]:
        """What was begun and not signed for, or by too few; when all has been taken."""
        for seq, why in self._acts.unsigned():
            yield from self._false(seq, why)
        for seq, why in self._order.alone():
            yield from self._astray(seq, why)

    def _astray(self, seq: int, why: str) -> Iterator[str]:
        self.astray += 1
        yield from _broken(seq, why, self.astray)

    def _false(self, seq: int, why: str) -> Iterator[str]:
        self.false += 1
        yield from _broken(seq, why, self.false)

    def hold(self) -> bool:
        """Whether nothing was wrong."""
        return not self.false and not self.astray

    def told(self) -> str:
        """How many there are, or how many are wrong."""
        if self.hold():
            counts = ", ".join(f"{count} to {what}" for what, count in sorted(self.said.items()))
            return f"Signed by people: {counts or 'nothing so far'}; each by who is named."
        false = [f"{self.false} of what people signed is nobody's"] if self.false else []
        astray = [f"{self.astray} times an entry does not follow from those before it"]
        wrong = [*false, *(astray if self.astray else [])]
        return f"{', and '.join(wrong)}. Of the chain itself:"


def _broken(seq: int, why: str, number: int) -> Iterator[str]:
    """The line that says so, while there are not too many."""
    if number <= NOBODYS:
        yield sentence(f"BROKEN at entry {seq}: {why}")


def verify(ground: Ground, asked: Asked) -> int:
    """Verify to the end or to the first bad entry, and say what holds."""
    _refuse_without_key(ground, asked)
    ours = asked.file is None and not asked.anchors
    anchors = read_anchors(ground, asked.anchors, asked.keys) if ours or asked.anchors else []
    wanted = anchor_of(ground, asked.start, asked.keys)
    trust = Trust(keys=ground.keys(asked.keys), check=ground.check)
    with _told(ground, asked.file, wanted.size + 1 if wanted is not None else 1) as told:
        start = wanted or trust.read(told.start)
        _refuse_too_early(start, told.start)
        if told.start is not None:
            trust = trust.without(told.revoked)
        verifier = Verifier(
            trust.keys, ground.check, anchors=anchors, start=start, cluster=asked.cluster
        )
        words = _words(ground, asked.people, whole=start is None)
        for line in told.lines:
            if not _takes(verifier, line):
                break
            for wrong in words.take(line) if words is not None else ():
                Plain().print(clean(wrong))
        for wrong in words.unsigned() if words is not None else ():
            Plain().print(clean(wrong))
        outcome = verifier.outcome()
        since = start if wanted is None else None
        why = false_end(outcome, told.tip, since)
        if told.ours and outcome.broken is None and why:
            Plain().print(f"BROKEN: {why}.")
            return BROKEN
    if since is not None:
        Plain().print(
            f"Entries up to {since.size} were let go: this goes on from the checkpoint at their "
            "end. They are in the files that `holdfast audit retain` wrote."
        )
    if words is not None and not words.hold():
        Plain().print(words.told())
    code = _tell(outcome, given=len(anchors), empty=asked.empty)
    if words is None:
        return code
    if code == NOTHING and words.hold():
        Plain().print(words.told())
    return code if words.hold() else BROKEN


def _refuse_without_key(ground: Ground, asked: Asked) -> None:
    """Raise `BadInput` for a file and no key; for one that cannot be read, that it cannot be."""
    if asked.file is None or asked.keys:
        return
    if asked.file != Path("-"):
        for _ in ground.read_lines(asked.file, 1):
            break
    raise BadInput(
        "A file is verified with a key that you have from elsewhere; none is taken from it.",
        remedy="Name the public audit key, or a folder of them, with --key.",
    )


def _words(ground: Ground, people: Path | None, *, whole: bool) -> _Words | None:
    if people is None:
        return None
    return _Words(ground.people(people), ground.ssh_check, whole=whole)


def _refuse_too_early(start: Checkpoint | None, ours: Segment | None) -> None:
    if start is not None and ours is not None and start.size < ours.size:
        raise BadInput(
            f"The record begins after entry {ours.size}: older ones were let go.",
            remedy="Verify the files that `holdfast audit retain` wrote, and the record without "
            "--from.",
        )


def show(
    ground: Ground,
    file: Path | None,
    kind: str,
    last: int,
    *,
    as_lines: bool,
) -> int:
    """Print the latest entries of a kind, or of all."""
    if last < 0:
        raise BadInput(
            f"There are no latest {last} entries.", remedy="Say how many with --last; 0 is all."
        )
    with _told(ground, file) as told:
        entries = (_entry(line) for line in told.lines)
        wanted = (entry for entry in entries if kind in ("", entry.kind))
        latest = deque(wanted, maxlen=last) if last > 0 else wanted
        for entry in latest:
            if as_lines:
                print(entry.line.decode())
            else:
                Plain().print(clean(_shown(entry)))
    return NOTHING


def _shown(entry: Entry) -> str:
    """One line: who did what to what, and how its details begin."""
    told = [entry.kind, entry.actor, *entry.subjects]
    details = {name: value for name, value in entry.details.items() if name not in PROOF}
    told += [f"{name}: {_plain(value)}" for name, value in sorted(details.items())]
    if len(details) < len(entry.details):
        told.append("with a signature, which `verify --people` verifies")
    line = f"{entry.seq:>6}  {entry.time}  {'  '.join(told)}"
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def export(ground: Ground, file: Path) -> int:
    """Write the record as it is at this moment."""
    beside = file.with_name(f"{file.name}.from")
    with ground.store() as store, store.reading() as tx:
        start = tx.records.start()
        if start is not None and file != Path("-") and beside.exists(follow_symlinks=False):
            raise BadInput(f"{beside} is there already.", remedy="Name a new file.")
        count = ground.write_lines(file, tx.records.lines())
    if file == Path("-"):
        return NOTHING
    Plain().print(clean(f"Written to {file}: {count} entries. It says nothing about its end."))
    if start is not None:
        ground.keep_note(start.note, "", beside)
        Plain().print(clean(f"It begins after entry {start.size}: verify it with --from {beside}."))
    return NOTHING


def anchor(ground: Ground, file: Path | None) -> int:
    """Verify what was added since the last anchor, and sign the state."""
    kept: list[Path] = []

    def keep(note: bytes, name: str) -> None:
        kept.append(ground.keep_note(note, name, file))

    with ground.store() as store:
        if file is not None:
            with store.reading() as tx:
                require_outgrown(ground, tx.records, file)
        tip = anchoring.anchor(store, anchorage(ground, keep))
    if tip is None:
        raise _nothing()
    Plain().print(
        clean(
            f"Written to {kept[0]}: {tip.size} entries, epoch {tip.epoch}. "
            "Keep it elsewhere as well."
        )
    )
    return NOTHING


def give_up(ground: Ground, file: Path, reason: str, keys: Sequence[Path]) -> int:
    """Say in the record that an anchor need not be met."""
    if not reason.strip():
        raise BadInput("An anchor is given up for a reason.", remedy="Say it with --reason '...'.")
    gone = read_anchors(ground, [file], keys)[0]
    with ground.store() as store:
        with store.reading() as tx:
            tip = tip_of(tx.records)
        if (gone.chain, gone.cluster) != (tip.chain, tip.cluster) or gone.epoch >= tip.epoch:
            raise BadInput(
                f"{file} is of chain {gone.chain}, epoch {gone.epoch}; the record is {tip.chain}, "
                f"epoch {tip.epoch}.",
                remedy="Only an anchor of an earlier epoch of this record is given up here; what a "
                "restored backup has lost, with: holdfast db accept-restore",
            )
        sealer = ground.sealer(store, None)
        entry = asyncio.run(orders.give_up(sealer, gone, reason.strip(), ground.actor))
    Plain().print(f"Given up by entry {entry.seq}; whoever verifies is told.")
    return NOTHING


def anchor_of(ground: Ground, path: Path | None, keys: Sequence[Path]) -> Checkpoint | None:
    """The checkpoint in one file."""
    return read_anchors(ground, [path], keys)[0] if path is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """Lines with their ends, and for our own record where it should end."""

    lines: Iterator[bytes]
    ours: bool = False
    tip: Checkpoint | None = None
    start: Segment | None = None
    revoked: Sequence[str] = ()  # by entries that were let go


@contextmanager
def _told(ground: Ground, file: Path | None, first: int = 1) -> Iterator[_Told]:
    if file is not None:
        yield _Told(lines=ground.read_lines(file, chain.LONGEST))
        return
    with ground.store() as store, store.reading() as tx:
        lines = (line + b"\n" for line in tx.records.lines(first))
        start = tx.records.start()
        revoked = revoked_before(tx.records, start.size) if start is not None else ()
        tip = tx.records.tip()
        yield _Told(lines=lines, ours=True, tip=tip, start=start, revoked=revoked)


def _takes(verifier: Verifier, line: bytes) -> bool:
    if line.endswith(b"\n"):
        return verifier.take(line[:-1])
    if len(line) > chain.LONGEST:
        return verifier.take(line)  # which says that it is too long
    return verifier.breaks_off()


def _entry(line: bytes) -> Entry:
    return chain.parse(line.removesuffix(b"\n"))


def tip_of(records: Records) -> Checkpoint:
    """Where the record ends. Raises `BadInput` for one without an entry."""
    tip = records.tip()
    if tip is None:
        raise _nothing()
    return tip


def _nothing() -> BadInput:
    return BadInput(
        "The record has no entry yet.", remedy="There is nothing to prove or to anchor."
    )


def _tell(outcome: Verified, given: int, *, empty: bool) -> int:
    console = Plain()
    for each in outcome.restores:
        console.print(
            f"Entry {each.seq} accepts a restored backup: the record had had "
            f"{each.abandoned_size} entries, in epoch {each.abandoned_epoch}."
        )
    for gone in outcome.given_up:
        console.print(
            f"Entry {gone.seq} gives up an anchor of {gone.size} entries, of epoch {gone.epoch}."
        )
    for key in dict.fromkeys(outcome.revoked):
        console.print(f"Key {key} was revoked: judge for yourself what it signed before.")
    if outcome.broken is not None:
        bad = outcome.broken
        why = f"BROKEN at entry {bad.seq} (line {bad.line}): {bad.because}"
        console.print(clean(sentence(why)))
        return BROKEN
    if not (outcome.entries or outcome.anchored or empty):
        console.print(
            "There is nothing in it: 0 entries, and no anchor was met that says so. If you expect "
            "none, say so with --empty."
        )
        return BROKEN
    state = outcome.state
    of = f" of chain {state.chain}, cluster {state.cluster}" if state is not None else ""
    console.print(f"Whole: {outcome.entries} entries{of}, each signed and in its place.")
    size = state.size if state is not None else 0
    if outcome.anchored and outcome.anchored == size:
        console.print(f"Anchored up to entry {size}: nothing was cut off.")
    elif outcome.anchored:
        console.print(
            f"Anchored up to entry {outcome.anchored}: that something was cut off the end after it "
            "cannot be excluded."
        )
    else:
        met = "no anchor was met" if given else "no anchor was given"
        console.print(f"That something was cut off the end cannot be excluded: {met}.")
    return NOTHING
