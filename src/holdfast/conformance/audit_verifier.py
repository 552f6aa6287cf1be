"""Verify an audit record of Holdfast, offline: one file, which needs nothing of Holdfast.

    python3 audit_verifier.py audit.jsonl --key audit.pub [--anchor checkpoint]...

It needs Python 3.10 and the package `cryptography`. Keys are PEM files, or folders with
`audit-<id>.pem` in them, that you have from somewhere you trust; none is ever taken from the
record. The format is described in `docs/reference/audit-format.md`. Exit codes: 0 the record holds,
1 it does not, 2 could not look.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LONGEST_LINE = 1 << 20
LONGEST_NOTE = 1 << 16
LARGEST = 2**53 - 1
DEEPEST = 32
TEXTS = ("chain", "cluster", "time", "id", "kind", "actor", "prev", "key", "hash", "sig")
MEMBERS = {*TEXTS, "v", "epoch", "seq", "subjects", "details"}
HEX = re.compile(r"[0-9a-f]{64}")
FORMS = {
    "chain": re.compile(r"[a-z0-9_]{1,64}"),
    "cluster": re.compile(r"[A-Za-z0-9._-]{1,128}"),
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII),
    "prev": HEX,
    "key": HEX,
    "hash": HEX,
    "sig": re.compile(r"[0-9a-f]{128}"),
}


Entry = dict[str, Any]  # JSON, whose form `parse` has checked
State = dict[str, Any]  # what a checkpoint says
Keys = Mapping[str, bytes]


class Bad(Exception):
    """An entry, or the record's end, does not hold."""


class NoAnswer(Exception):
    """What was given cannot be used to verify anything."""


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def require(holds: object, why: str) -> None:
    if not holds:
        raise Bad(why)


# --- one line -----------------------------------------------------------------------------------


def whole(value: object, least: int = -LARGEST) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST


def plain(value: object, depth: int) -> None:
    """Refuse what has no single form."""
    require(depth <= DEEPEST, "it is nested too deeply")
    if isinstance(value, dict):
        for name, each in value.items():
            require(all(" " <= c <= "~" for c in name), "a name in it is not printable ASCII")
            plain(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            plain(each, depth + 1)
    else:
        simple = value is None or isinstance(value, (bool, str)) or whole(value)
        require(simple, "a number in it is not whole, or too large")


def canonical(value: object) -> bytes:
    """RFC 8785, for values that `plain` lets pass."""
    written = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return written.encode()


def parse(line: bytes) -> Entry:
    """One entry; raises `Bad` for whatever is not exactly one."""
    require(len(line) <= LONGEST_LINE, "the line is longer than any entry")
    try:
        entry = json.loads(line.decode("utf-8"))
        require(isinstance(entry, dict) and set(entry) == MEMBERS, "it has other members")
        require(isinstance(entry["details"], dict), "its details are no object")
        plain(entry["details"], 0)
        require(canonical(entry) == line, "it is not in its canonical form")
    except (ValueError, RecursionError) as unfit:
        raise Bad(f"it is no entry ({type(unfit).__name__})") from None
    require(whole(entry["v"]) and entry["v"] == 1, "it is of another version")
    require(whole(entry["epoch"], 0) and whole(entry["seq"], 0), "epoch or seq has not its form")
    subjects = entry["subjects"]
    require(isinstance(subjects, list), "its subjects are no list")
    require(all(isinstance(each, str) for each in subjects), "its subjects are not all text")
    for name in TEXTS:
        require(isinstance(entry[name], str), f"{name} is no text")
        form = FORMS.get(name)
        require(form is None or form.fullmatch(entry[name]), f"{name} has not its form")
    checked: Entry = entry
    return checked


# --- the tree -----------------------------------------------------------------------------------


def grow(size: int, frontier: Sequence[bytes], data: bytes) -> tuple[bytes, ...]:
    """The roots of the full subtrees once a leaf has been added to so many."""
    here, kept = sha256(b"\x00" + data), list(frontier)
    while size % 2:
        here = sha256(b"\x01" + kept.pop() + here)
        size //= 2
    return (*kept, here)


def root_of(frontier: Sequence[bytes]) -> bytes:
    here = frontier[-1]
    for left in reversed(frontier[:-1]):
        here = sha256(b"\x01" + left + here)
    return here


# --- keys and checkpoints -----------------------------------------------------------------------


def key_id(raw: bytes) -> str:
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).hex()


def signs(raw: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_keys(paths: Iterable[Path]) -> Keys:
    """Raw public keys by their id: of files, and of the audit keys in folders."""
    keys: dict[str, bytes] = {}
    for path in paths:
        files = sorted(path.glob("audit-*.pem")) if path.is_dir() else [path]
        if not files:
            told = "name a file, or a folder with audit-<id>.pem in it"
            raise NoAnswer(f"There is no public audit key in {path}: {told}.")
        for file in files:
            try:
                loaded = serialization.load_pem_public_key(file.read_bytes())
            except (ValueError, UnsupportedAlgorithm):
                raise NoAnswer(f"{file} holds no public key in PEM.") from None
            if not isinstance(loaded, Ed25519PublicKey):
                raise NoAnswer(f"{file} holds no Ed25519 key.")
            raw = loaded.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            keys[key_id(raw)] = raw
    return keys


def state_text(state: State) -> str:
    frontier = ",".join(each.hex() for each in state["frontier"])
    root = base64.b64encode(root_of(state["frontier"])).decode()
    return (
        f"holdfast.dev/audit/{state['chain']}\n{state['size']}\n{root}\n"
        f"cluster {state['cluster']}\nepoch {state['epoch']}\nhead {state['head']}\n"
        f"key {state['key']}\ntime {state['time']}\nfrontier {frontier}\n"
    )


def read_note(note: bytes, keys: Keys) -> State:
    """The state that a checkpoint vouches for; raises `NoAnswer` for any other note."""
    try:
        require(len(note) <= LONGEST_NOTE, "it is too long")
        told, parted, below = note.decode("utf-8").partition("\n\n")
        lines = told.split("\n")
        words = [line.partition(" ") for line in lines[3:]]
        named = [word for word, _, _ in words]
        require(bool(parted) and len(lines) == 9, "its lines are others")
        require(named == ["cluster", "epoch", "head", "key", "time", "frontier"], "its words")
        cluster, epoch, head, key, time, frontier = (value for _, _, value in words)
        state: State = {
            "chain": lines[0].removeprefix("holdfast.dev/audit/"),
            "cluster": cluster,
            "epoch": int(epoch),
            "size": int(lines[1]),
            "head": head,
            "key": key,
            "time": time,
            "frontier": tuple(bytes.fromhex(each) for each in frontier.split(",")),
        }
        require(whole(state["size"], 1) and whole(state["epoch"], 0), "a number in it")
        require(len(state["frontier"]) == state["size"].bit_count(), "its frontier")
        require(all(len(each) == 32 for each in state["frontier"]), "its frontier")
        for name in ("chain", "cluster", "time", "key"):
            require(FORMS[name].fullmatch(state[name]), f"its {name}")
        require(HEX.fullmatch(head), "its head")
        require(state_text(state) == told + "\n", "it is not in its form")
        require(key in keys, f"its key {key} was not given")
        _require_signature(state, told + "\n", below, keys[key])
    except (Bad, ValueError) as unfit:
        raise NoAnswer(f"This is no checkpoint to rely on: {unfit}.") from None
    return state


def _require_signature(state: State, told: str, below: str, raw: bytes) -> None:
    require(below.endswith("\n"), "it is cut off")
    name = f"holdfast.dev/audit/{state['chain']}"
    mark = sha256(name.encode() + b"\n\x01" + raw)[:4]
    ours = []
    for line in below[:-1].split("\n"):
        parts = line.split(" ")
        require(len(parts) == 3 and parts[0] == "\u2014" and parts[1], "its signatures")
        signed = base64.b64decode(parts[2], validate=True)
        require(base64.b64encode(signed).decode() == parts[2], "its signatures")
        if parts[1] == name and signed[:4] == mark:
            ours.append(signed[4:])
    require(bool(ours) and all(signs(raw, s, told.encode()) for s in ours), "its signature")


# --- the record ---------------------------------------------------------------------------------


class Record:
    """A record as far as it has been verified."""

    def __init__(
        self,
        keys: Keys,
        anchors: Iterable[State] = (),
        start: State | None = None,
        cluster: str = "",
    ) -> None:
        self.keys, self.anchors, self.start, self.cluster = keys, list(anchors), start, cluster
        self.state: State | None = dict(start) if start else None
        self.met = [a for a in self.anchors if a == start]
        self.revoked: list[str] = []
        self.restores: list[tuple[tuple[int, int], tuple[int, int]]] = []
        self.given_up: list[tuple[int, int, str]] = []  # epoch, size and head

    @property
    def size(self) -> int:
        return int(self.state["size"]) if self.state else 0

    def begin(self) -> None:
        """What can be wrong before the first line."""
        if self.start is None:
            return
        require(self.cluster in ("", self.start["cluster"]), "it is of another cluster")
        for anchor in self.anchors:
            same = all(anchor[word] == self.start[word] for word in ("epoch", "size"))
            require(not same or anchor == self.start, "an anchor of that size knows another")

    def take(self, line: bytes) -> None:
        """One line more."""
        entry = parse(line)
        before = self.state or self.nothing(entry)
        self.place(entry, before)
        turn = self.sense(entry, before)
        self.signature(entry, before)
        after = {
            "chain": entry["chain"],
            "cluster": entry["cluster"],
            "epoch": entry["epoch"],
            "size": entry["seq"],
            "head": entry["hash"],
            "key": turn,
            "time": entry["time"],
            "frontier": grow(before["size"], before["frontier"], bytes.fromhex(entry["hash"])),
        }
        for anchor in self.anchors:
            if (anchor["epoch"], anchor["size"]) == (after["epoch"], after["size"]):
                require(anchor == after, "the anchor of that size knows another")
                self.met.append(anchor)
        self.state = after
        if entry["kind"] == "key_revoked":
            self.revoked.append(entry["details"]["key"])
        if entry["kind"] == "anchor_given_up":
            told = entry["details"]
            self.given_up.append((told["epoch"], told["size"], told["head"]))
        if entry["kind"] == "restore_accepted":
            gave_up = (entry["details"]["abandoned_epoch"], entry["details"]["abandoned_size"])
            self.restores.append(((before["epoch"], before["size"]), gave_up))

    def nothing(self, entry: Entry) -> State:
        chain, cluster = entry["chain"], self.cluster or entry["cluster"]
        head = sha256(f"holdfast-audit-chain-v1\n{chain}\n{cluster}\n".encode()).hex()
        return {
            "chain": chain,
            "cluster": cluster,
            "epoch": 0,
            "size": 0,
            "head": head,
            "key": "",
            "time": "",
            "frontier": (),
        }

    def place(self, entry: Entry, before: State) -> None:
        same = all(entry[word] == before[word] for word in ("chain", "cluster"))
        require(same, "it is of another chain or cluster")
        due = before["size"] + 1
        require(entry["seq"] <= due, f"entries before {entry['seq']} are missing")
        require(entry["seq"] == due, f"entry {entry['seq']} is repeated")
        require(entry["prev"] == before["head"], "it does not continue the entry before it")
        told = {name: value for name, value in entry.items() if name not in ("hash", "sig")}
        require(entry["hash"] == sha256(canonical(told)).hex(), "it was changed")
        require(entry["time"] >= before["time"], "its time is before that of the entry before it")

    def sense(self, entry: Entry, before: State) -> str:
        """Epoch and keys; returns whose turn it is afterwards."""
        kind, details = entry["kind"], entry["details"]
        if kind == "restore_accepted":
            gave_up = [details.get(f"abandoned_{word}") for word in ("epoch", "size")]
            require(all(whole(each, 0) for each in gave_up), "it does not say what was given up")
            had = [before["epoch"], before["size"]]
            require(gave_up >= had, "it gives up less than there is")
            require(entry["epoch"] == gave_up[0] + 1, "its epoch is another")
        else:
            require(entry["epoch"] == before["epoch"], "its epoch is another")
        if kind == "anchor_given_up":
            epoch, size, head = (details.get(word) for word in ("epoch", "size", "head"))
            state = whole(epoch, 0) and whole(size, 1) and isinstance(head, str)
            named = state and HEX.fullmatch(head) and epoch < entry["epoch"]
            require(named, "it names no state of an earlier epoch")
        if kind not in ("key_rotated", "key_revoked"):
            return str(entry["key"])
        other = details.get("to" if kind == "key_rotated" else "key")
        named = isinstance(other, str) and HEX.fullmatch(other) and other != entry["key"]
        require(named, "it names no other key")
        if kind == "key_revoked":
            return str(entry["key"])
        require(other not in self.revoked, "it gives the turn to a key that was revoked")
        return str(other)

    def signature(self, entry: Entry, before: State) -> None:
        key = entry["key"]
        require(key in self.keys, f"its key {key} was not given")
        free = entry["kind"] == "restore_accepted" or before["key"] in ("", key)
        require(free, f"it is signed by key {key} in the turn of {before['key']}")
        require(key not in self.revoked, f"its key {key} was revoked before")
        message = b"holdfast-audit-entry-v1\n" + bytes.fromhex(entry["hash"])
        good = signs(self.keys[key], bytes.fromhex(entry["sig"]), message)
        require(good, f"its signature is not of key {key}")

    def passed_over(self, anchor: State) -> bool:
        """Whether it is of entries that were let go before the start, and cannot be compared."""
        if self.start is None or self.state is None or anchor["size"] >= self.start["size"]:
            return False
        return bool(anchor["epoch"] <= self.state["epoch"])

    def end(self) -> None:
        """Every anchor was met, or given up."""
        for anchor in self.anchors:
            if self.state:
                same = all(anchor[word] == self.state[word] for word in ("chain", "cluster"))
                require(same, "an anchor is of another chain or cluster")
            pair = (anchor["epoch"], anchor["size"])
            if anchor in self.met or any(kept < pair <= gave_up for kept, gave_up in self.restores):
                continue
            if self.passed_over(anchor) or (*pair, anchor["head"]) in self.given_up:
                continue
            longer = anchor["size"] > self.size
            told = f"an anchor knows {anchor['size']} entries, and there are {self.size}"
            require(False, told if longer else "an anchor knows another history")


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Lines without their ends; one that is too long, or cut off, comes as it is and is bad."""
    while True:
        line = stream.readline(LONGEST_LINE + 2)
        if not line:
            return
        yield line[:-1] if line.endswith(b"\n") else line + b"\n"


def verify(
    lines: Iterable[bytes],
    keys: Keys,
    anchors: Iterable[State] = (),
    start: State | None = None,
    cluster: str = "",
) -> tuple[Record, tuple[int, str] | None]:
    """The record, and what is wrong with it: (which entry, why), or None."""
    record = Record(keys, anchors, start, cluster)
    try:
        record.begin()
        for line in lines:
            record.take(line)
        record.end()
    except Bad as bad:
        return record, (record.size + 1, str(bad))
    return record, None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", type=Path, action="append", required=True, dest="keys")
    parser.add_argument("--anchor", type=Path, action="append", default=[], dest="anchors")
    parser.add_argument("--from", type=Path, dest="start", help="a checkpoint to go on from")
    parser.add_argument("--cluster", default="", help="the cluster that it must be of")
    parser.add_argument("--empty", action="store_true", help="nothing is expected to be in it yet")
    wish = parser.parse_args(arguments)
    try:
        keys = read_keys(wish.keys)
        anchors = [read_note(path.read_bytes(), keys) for path in wish.anchors]
        start = read_note(wish.start.read_bytes(), keys) if wish.start else None
        with wish.file.open("rb") as stream:
            record, wrong = verify(lines_of(stream), keys, anchors, start, wish.cluster)
    except (NoAnswer, OSError) as why:
        print(f"No answer: {why}", file=sys.stderr)
        return 2
    for kept, gave_up in record.restores:
        print(f"Entry {kept[1] + 1} accepts a restore; the chain had had {gave_up[1]} entries.")
    for epoch, size, _ in record.given_up:
        print(f"An anchor of {size} entries, of epoch {epoch}, was given up by an entry.")
    for key in dict.fromkeys(record.revoked):
        print(f"Key {key} was revoked: judge for yourself what it signed before.")
    if wrong:
        print(f"BROKEN at entry {wrong[0]}: {wrong[1]}.")
        return 1
    anchored = max((anchor["size"] for anchor in record.met), default=0)
    begun = start["size"] if start else 0
    if begun:
        print(
            f"Entries up to {begun} were not read: this goes on from the checkpoint at their end."
        )
    if record.size == begun and not record.met and not wish.empty:
        print(
            "There is nothing in it, and no anchor was met that says so. Is that expected: --empty"
        )
        return 1
    print(f"Whole: {record.size - begun} entries, each of them signed and in its place.")
    if anchored < record.size:
        print(f"Anchored up to entry {anchored}: that later ones were cut off cannot be excluded.")
    else:
        print(f"Anchored up to entry {anchored}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
