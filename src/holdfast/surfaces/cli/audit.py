"""`holdfast audit`: the record, verified, shown, proved, exported and anchored."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from holdfast.audit import chain, merkle
from holdfast.audit.checkpoints import body, note
from holdfast.audit.verification import Verified, Verifier
from holdfast.errors import BadInput, BadRecord
from holdfast.model.entries import REVOKED, Checkpoint, Entry
from holdfast.model.keys import Purpose
from holdfast.ports import Records
from holdfast.surfaces.cli.anchors import read_anchors
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.exits import BROKEN, NOTHING
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.orders import require_anchored

API_VERSION = "holdfast.dev/v1alpha1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be verified, and with what."""

    file: Path | None = None
    keys: Sequence[Path] = ()
    anchors: Sequence[Path] = ()
    start: Path | None = None
    cluster: str = ""


def verify(ground: Ground, asked: Asked) -> int:
    """Verify to the end or to the first bad entry, and say what holds."""
    if asked.file is not None and not asked.keys:
        raise BadInput(
            "A file is verified with a key that you have from elsewhere; none is taken from it.",
            remedy="Name the public audit key, or a folder of them, with --key.",
        )
    ours = asked.file is None and not asked.anchors
    anchors = read_anchors(ground, asked.anchors, asked.keys) if ours or asked.anchors else []
    start = anchor_of(ground, asked.start, asked.keys)
    verifier = Verifier(
        ground.keys(asked.keys),
        ground.check,
        anchors=anchors,
        start=start,
        cluster=asked.cluster,
    )
    with _told(ground, asked.file, start.size + 1 if start is not None else 1) as told:
        for line in told.lines:
            if not _takes(verifier, line):
                break
        outcome = verifier.outcome()
        if told.ours and outcome.broken is None and outcome.state != told.tip:
            Plain().print("BROKEN: the record does not end where its store says that it does.")
            return BROKEN
    return _tell(outcome, given=len(anchors))


def show(
    ground: Ground,
    file: Path | None,
    kind: str,
    last: int,
    *,
    as_lines: bool,
) -> int:
    """Print the latest entries of a kind, or of all."""
    with _told(ground, file) as told:
        entries = (_entry(line) for line in told.lines)
        wanted = (entry for entry in entries if kind in ("", entry.kind))
        latest = deque(wanted, maxlen=last) if last > 0 else wanted
        for entry in latest:
            if as_lines:
                print(entry.line.decode())
            else:
                subjects = " ".join(entry.subjects)
                Plain().print(
                    clean(f"{entry.seq:>6}  {entry.time}  {entry.kind}  {entry.actor}  {subjects}")
                )
    return NOTHING


def prove(ground: Ground, seq: int, anchor: Checkpoint | None, *, prefix: bool) -> int:
    """Print the proof that an entry is in the record of that checkpoint."""
    with ground.store() as store, store.reading() as tx:
        size = anchor.size if anchor is not None else _tip(tx.records).size
        if not 0 < seq <= size:
            raise BadInput(
                f"There is no entry {seq} among {size}.", remedy="Name one from 1 on, up to that."
            )
        leaves: list[bytes] = []
        entry = None
        for line in tx.records.lines():
            read = chain.parse(line)
            leaves.append(bytes.fromhex(read.hash))
            entry = read if read.seq == seq else entry
            if len(leaves) == size:
                break
    root = merkle.grown(leaves).root
    if len(leaves) < size or (anchor is not None and anchor.root != root) or entry is None:
        raise BadRecord(
            "The record is not the one that this checkpoint knows.",
            remedy="See what is wrong with: holdfast audit verify --anchor",
        )
    path = merkle.consistency(seq, leaves) if prefix else merkle.inclusion(seq - 1, leaves)
    proof = {
        "apiVersion": API_VERSION,
        "kind": "ConsistencyProof" if prefix else "InclusionProof",
        "size": size,
        "root": root.hex(),
        "path": [each.hex() for each in path],
    }
    if prefix:
        proof |= {"of": seq, "ofRoot": merkle.grown(leaves[:seq]).root.hex()}
    else:
        proof |= {"index": seq - 1, "entry": msgspec.to_builtins(entry)}
    print(msgspec.json.format(msgspec.json.encode(proof), indent=2).decode())
    return NOTHING


def export(ground: Ground, file: Path) -> int:
    """Write the record as it is at this moment."""
    with ground.store() as store, store.reading() as tx:
        count = ground.write_lines(file, tx.records.lines())
    if file != Path("-"):
        Plain().print(clean(f"Written to {file}: {count} entries. It says nothing about its end."))
    return NOTHING


def anchor(ground: Ground, file: Path | None) -> int:
    """Verify what was added since the last anchor, and sign the state."""
    known = read_anchors(ground)
    with ground.store() as store, store.reading() as tx:
        require_anchored(tx.records, known)
        tip = _tip(tx.records)
        _verify_since(ground, tx.records, tip, known)
    signer = ground.keyring(Purpose.AUDIT).signer(tip.key)
    signed = note(tip, signer.public, signer.sign(body(tip)))
    path = ground.keep_note(signed, f"{tip.chain}.note", file)
    Plain().print(
        clean(
            f"Written to {path}: {tip.size} entries, epoch {tip.epoch}. Keep it elsewhere as well."
        )
    )
    return NOTHING


def anchor_of(ground: Ground, path: Path | None, keys: Sequence[Path]) -> Checkpoint | None:
    """The checkpoint in one file."""
    return read_anchors(ground, [path], keys)[0] if path is not None else None


def _verify_since(
    ground: Ground, records: Records, tip: Checkpoint, known: Sequence[Checkpoint]
) -> None:
    """From the last anchor of this epoch on: what stands before it was verified with that one."""
    of_this = [each for each in known if each.epoch == tip.epoch]
    start = max(of_this, key=lambda each: each.size, default=None)
    since = start.size if start is not None else 0
    gone = {e.details["key"] for e in records.of_kind(REVOKED) if e.seq <= since}
    keys = [key for key in ground.keys(()) if key.id not in gone]
    verifier = Verifier(keys, ground.check, start=start)
    for line in records.lines(since + 1):
        if not verifier.take(line):
            break
    outcome = verifier.outcome()
    if outcome.broken is not None or outcome.state != tip:
        why = outcome.broken.because if outcome.broken else "it does not end where its store says"
        raise BadRecord(
            f"The record is not whole, and gets no anchor: {why}.",
            remedy="See more with: holdfast audit verify",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """Lines with their ends, and for our own record where it should end."""

    lines: Iterator[bytes]
    ours: bool = False
    tip: Checkpoint | None = None


@contextmanager
def _told(ground: Ground, file: Path | None, first: int = 1) -> Iterator[_Told]:
    if file is not None:
        yield _Told(lines=ground.read_lines(file, chain.LONGEST))
        return
    with ground.store() as store, store.reading() as tx:
        lines = (line + b"\n" for line in tx.records.lines(first))
        yield _Told(lines=lines, ours=True, tip=tx.records.tip())


def _takes(verifier: Verifier, line: bytes) -> bool:
    if line.endswith(b"\n"):
        return verifier.take(line[:-1])
    if len(line) > chain.LONGEST:
        return verifier.take(line)  # which says that it is too long
    return verifier.breaks_off()


def _entry(line: bytes) -> Entry:
    return chain.parse(line.removesuffix(b"\n"))


def _tip(records: Records) -> Checkpoint:
    tip = records.tip()
    if tip is None:
        raise BadInput(
            "The record has no entry yet.", remedy="There is nothing to prove or to anchor."
        )
    return tip


def _tell(outcome: Verified, given: int) -> int:
    console = Plain()
    for each in outcome.restores:
        console.print(
            f"Entry {each.seq} accepts a restored backup: the record had had "
            f"{each.abandoned_size} entries, in epoch {each.abandoned_epoch}."
        )
    for key in outcome.revoked:
        console.print(f"Key {key} was revoked: judge for yourself what it signed before.")
    if outcome.broken is not None:
        bad = outcome.broken
        console.print(clean(f"BROKEN at entry {bad.seq} (line {bad.line}): {bad.because}."))
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
