"""A reader of the signed audit record that was written from the page `audit-format.md` alone.

Whoever wrote it had seen no other code of the project. A comment that begins with "Choice" marks
a place where the page leaves room, and says what is done here.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from typing import NamedTuple, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

type Json = bool | int | str | list[Json] | dict[str, Json] | None

MAX_INT, MAX_LINE, MAX_NOTE, KEY_SIZE = 2**53 - 1, 1_048_576, 65_536, 32
MAX_DEPTH = 33  # The entry is at 0, `details` at 1, what stands directly in it at 2.
HEX = "[0-9a-f]{64}"
CHAIN = "[a-z0-9_]{1,64}"
CLUSTER = "[A-Za-z0-9._-]{1,128}"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
FORMS = {"chain": CHAIN, "cluster": CLUSTER, "time": TIME, "prev": HEX, "key": HEX, "hash": HEX}
FORMS |= {"sig": "[0-9a-f]{128}"}
TEXTS = {"id", "kind", "actor", *FORMS}
MEMBERS = {"v", "epoch", "seq", "subjects", "details", *TEXTS}
# Choice: the name of another signer is not empty; of its base64 alone the page says that it may be.
NOTE = re.compile(
    rf"((holdfast\.dev/audit/({CHAIN}))\n([1-9][0-9]{{0,15}})\n([0-9A-Za-z+/]{{43}}=)\n"
    rf"cluster ({CLUSTER})\nepoch (0|[1-9][0-9]{{0,15}})\nhead ({HEX})\nkey ({HEX})\n"
    rf"time ({TIME})\nfrontier ({HEX}(?:,{HEX})*)\n)\n"
    "((?:\u2014 [^ \n]+ [0-9A-Za-z+/]*={0,2}\n)+)"
)


class RefusedError(ValueError):
    """An entry, a checkpoint or the end fails; the text says why."""


class Entry(NamedTuple):
    """A line that has the form of an entry; `digest` is its hash as computed here."""

    text: dict[str, str]
    epoch: int
    seq: int
    details: dict[str, Json]
    digest: bytes


class State(NamedTuple):
    """The state of a chain with an entry, as in a checkpoint; the frontier implies the root."""

    chain: str
    cluster: str
    size: int
    epoch: int
    head: str
    key: str
    time: str
    frontier: tuple[bytes, ...]


def fail(reason: str) -> NoReturn:
    """Refuse."""
    raise RefusedError(reason)


def need(condition: bool, reason: str) -> None:
    """Refuse unless the condition holds."""
    if not condition:
        fail(reason)


def sha256(data: bytes) -> bytes:
    """Hash."""
    return hashlib.sha256(data).digest()


def check_limits(value: Json, depth: int = 0) -> None:
    """Refuse what the page does not allow at any depth."""
    need(depth <= MAX_DEPTH, "the nesting is too deep")
    need(not isinstance(value, int) or abs(value) <= MAX_INT, "a number is too large")
    if isinstance(value, dict):
        printable = all(" " <= char <= "~" for name in value for char in name)
        need(printable, "the name of a member is not printable ASCII")
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        check_limits(item, depth + 1)


def canonical(value: dict[str, Json]) -> bytes:
    """Encode as RFC 8785 says, which for whole numbers and ASCII names is no more than this."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def whole(value: Json, least: int, name: str) -> int:
    """Return the number if it is one, and not too low."""
    if type(value) is not int or value < least:
        fail(f"{name} is not such a number")
    return value


def parse_entry(line: bytes) -> Entry:
    """Check 1: the line is an entry, in its canonical form."""
    need(len(line) <= MAX_LINE, "the line is too long")
    try:
        value: Json = json.loads(line.decode(), parse_float=fail, parse_constant=fail)
        check_limits(value)
        if not isinstance(value, dict) or set(value) != MEMBERS:
            fail("the members are not those of an entry")
        need(canonical(value) == line, "it has another text")
    except (ValueError, RecursionError) as error:
        fail(f"the line is not an entry in canonical form: {str(error)[:80]}")
    text = {name: item for name in TEXTS if isinstance(item := value[name], str)}
    need(set(text) == TEXTS, "a member is not text")
    for name, form in FORMS.items():
        need(re.fullmatch(form, text[name]) is not None, f"{name} is not in its form")
    need(whole(value["v"], 1, "v") == 1, "v is not 1")
    epoch, seq = whole(value["epoch"], 0, "epoch"), whole(value["seq"], 1, "seq")
    subjects, details = value["subjects"], value["details"]
    if not isinstance(subjects, list) or not all(isinstance(item, str) for item in subjects):
        fail("subjects is not an array of text")
    if not isinstance(details, dict):
        fail("details is not an object")
    hashed = {name: item for name, item in value.items() if name not in ("hash", "sig")}
    return Entry(text, epoch, seq, details, sha256(canonical(hashed)))


def key_id(key: bytes) -> str:
    """Name a public key by its JSON Web Key thumbprint."""
    x = base64.urlsafe_b64encode(key).rstrip(b"=")
    return sha256(b'{"crv":"Ed25519","kty":"OKP","x":"' + x + b'"}').hex()


def signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether the signature is the key's."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def grow(size: int, frontier: tuple[bytes, ...], data: bytes) -> tuple[bytes, ...]:
    """Return the roots of the full subtrees, the largest first, after one more leaf."""
    roots, node = list(frontier), sha256(b"\0" + data)
    while size & 1:
        size, node = size >> 1, sha256(b"\1" + roots.pop() + node)
    return (*roots, node)


def merkle_root(frontier: tuple[bytes, ...]) -> bytes:
    """Return the root over one or more full subtrees."""
    node = frontier[-1]
    for left in reversed(frontier[:-1]):
        node = sha256(b"\1" + left + node)
    return node


def base64_bytes(text: str) -> bytes:
    """Decode base64, and refuse it if encoding it again gives other text."""
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "base64 is not in its form")
    return raw


def parse_checkpoint(note: bytes, keys: dict[str, bytes]) -> State:
    """Read a checkpoint and verify it; ValueError where it is none."""
    if len(note) > MAX_NOTE or not (found := NOTE.fullmatch(note.decode())):
        fail("checkpoint: its lines are not exactly those")
    body, name, chain, size, root, cluster, epoch, head, key, time, roots, lines = found.groups()
    frontier = tuple(bytes.fromhex(item) for item in roots.split(","))
    need(max(int(size), int(epoch)) <= MAX_INT, "checkpoint: a number is too large")
    need(len(frontier) == int(size).bit_count(), "checkpoint: the frontier is not that of the size")
    need(merkle_root(frontier) == base64_bytes(root), "checkpoint: the root is another one")
    need(key in keys, "checkpoint: its key was not brought")
    # Choice: a line with our name and fewer than four bytes is not judged, like one with others.
    hint = sha256(f"{name}\n\1".encode() + keys[key])[:4]
    parts = [line.split(" ") for line in lines[:-1].split("\n")]
    signatures = [(signer, base64_bytes(text)) for _, signer, text in parts]
    ours = [raw[4:] for signer, raw in signatures if signer == name and raw[:4] == hint]
    good = bool(ours) and all(signed(keys[key], raw, body.encode()) for raw in ours)
    need(good, "checkpoint: it is not signed by its key")
    return State(chain, cluster, int(size), int(epoch), head, key, time, frontier)


class Reader:
    """What is known between two entries."""

    def __init__(self, keys: dict[str, bytes], anchors: list[State], start: State) -> None:
        """Begin at a checkpoint; one of size 0 stands for the begin of the chain."""
        self.keys, self.start, self.now = keys, start, start
        self.anchors = anchors  # those that were not met
        self.revoked: set[str] = set()
        # Epoch and size before each restore, and what was abandoned.
        self.restores: list[tuple[tuple[int, int], tuple[int, int]]] = []
        # Epoch, size and head of each anchor that an entry gave up by name.
        self.given_up: set[tuple[int, int, str]] = set()

    def go_on(self, cluster: str) -> None:
        """Check the checkpoint that one goes on from, before the first line; RefusedError."""
        start = self.start
        need(cluster in ("", start.cluster), "the checkpoint's cluster is not the one asked for")
        here = [a for a in self.anchors if (a.epoch, a.size) == (start.epoch, start.size)]
        need(all(anchor == start for anchor in here), "another history than the anchor's")
        self.anchors = [anchor for anchor in self.anchors if anchor not in here]

    def accept(self, line: bytes, cluster: str) -> None:
        """Check the next line; RefusedError where a check fails, after which nothing counts."""
        entry = parse_entry(line)
        text, key, now = entry.text, entry.text["key"], self.now
        if not now.size:
            origin = f"holdfast-audit-chain-v1\n{text['chain']}\n{text['cluster']}\n"
            head = sha256(origin.encode()).hex()
            now = now._replace(chain=text["chain"], cluster=text["cluster"], head=head, key=key)
        own = (text["chain"], text["cluster"]) == (now.chain, now.cluster)
        need(own, "the chain or the cluster is another one")
        need(cluster in ("", now.cluster), "the cluster is not the one asked for")
        need(entry.seq <= now.size + 1, "entries are missing")
        need(entry.seq == now.size + 1, "an entry is repeated")
        need(text["prev"] == now.head, "prev is not the hash of the entry before")
        need(text["hash"] == entry.digest.hex(), "hash is not the hash of the entry")
        need(text["time"] >= now.time, "time is earlier than that of the entry before")
        need(key in self.keys, "key is not one that was brought")
        need(key not in self.revoked, "key was revoked before")
        if text["kind"] == "restore_accepted":
            self.restore(entry)
        else:
            need(entry.epoch == now.epoch, "epoch is not that of the entry before")
            need(key == now.key, "key has not its turn")
        if text["kind"] == "anchor_given_up":
            self.give_up(entry)
        message = b"holdfast-audit-entry-v1\n" + entry.digest
        need(signed(self.keys[key], bytes.fromhex(text["sig"]), message), "sig is not the key's")
        state = (now.chain, now.cluster, entry.seq, entry.epoch, text["hash"], self.turn(entry))
        self.now = State(*state, text["time"], grow(now.size, now.frontier, entry.digest))
        here = [a for a in self.anchors if (a.epoch, a.size) == (entry.epoch, entry.seq)]
        need(all(anchor == self.now for anchor in here), "another history than the anchor's")
        self.anchors = [anchor for anchor in self.anchors if anchor not in here]

    def restore(self, entry: Entry) -> None:
        """Check what a restore says that it abandoned."""
        names = ("abandoned_epoch", "abandoned_size")
        epoch, size = (whole(entry.details.get(name), 0, name) for name in names)
        before = (self.now.epoch, self.now.size)
        need((epoch, size) >= before, "what was abandoned is lower than the entry before")
        need(entry.epoch == epoch + 1, "epoch is not the one after the abandoned one")
        self.restores.append((before, (epoch, size)))

    def give_up(self, entry: Entry) -> None:
        """Check which anchor an entry gives up, and take note of it."""
        epoch, size = (
            whole(entry.details.get(name), n, name) for n, name in enumerate(("epoch", "size"))
        )
        head = entry.details.get("head")
        if not isinstance(head, str) or not re.fullmatch(HEX, head) or epoch >= entry.epoch:
            fail("details do not name a state of an earlier epoch")
        self.given_up.add((epoch, size, head))

    def turn(self, entry: Entry) -> str:
        """Return the key whose turn it is after the entry, and take note of what it revokes."""
        key, kind = entry.text["key"], entry.text["kind"]
        if kind not in ("key_rotated", "key_revoked"):
            return key
        other = entry.details.get("to" if kind == "key_rotated" else "key")
        if not isinstance(other, str) or not re.fullmatch(HEX, other) or other == key:
            fail("details do not hold the id of another key")
        if kind == "key_rotated":
            need(other not in self.revoked, "the key that gets its turn was revoked")
            return other
        self.revoked.add(other)
        return key

    def end(self) -> None:
        """Check at the end what became of the anchors that were not met."""
        for anchor in self.anchors:
            # Choice: of a file without an entry that goes on from a checkpoint, the chain and the
            # cluster are known, and are judged.
            same = (anchor.chain, anchor.cluster) == (self.now.chain, self.now.cluster)
            need(same or not self.now.size, "an anchor is of another chain or cluster")
            if anchor.size < self.start.size and anchor.epoch <= self.now.epoch:
                continue
            pair = (anchor.epoch, anchor.size)
            given_up = any(before < pair <= most for before, most in self.restores)
            given_up = given_up or (*pair, anchor.head) in self.given_up
            longer = anchor.size > self.now.size
            need(given_up, "something was cut off" if longer else "another history than an anchor")


def read(
    lines: Iterable[bytes],
    keys: Iterable[bytes],
    anchors: Iterable[bytes] = (),
    cluster: str = "",
    start: bytes | None = None,
) -> tuple[int, int | None, str]:
    """Return how many lines are accepted, the seq that was due where it fails, and why.

    ValueError for a note that is no checkpoint. Truncation is excluded only up to the longest
    anchor that was met.
    """
    brought = {key_id(key): key for key in keys}
    need(all(len(key) == KEY_SIZE for key in brought.values()), "a public key has 32 bytes")
    nothing = State("", "", 0, 0, "", "", "", ())
    origin = nothing if start is None else parse_checkpoint(start, brought)
    reader = Reader(brought, [parse_checkpoint(note, brought) for note in anchors], origin)
    count = 0
    try:
        if start is not None:
            reader.go_on(cluster)
        for line in lines:
            reader.accept(line, cluster)
            count += 1
        reader.end()
    except RefusedError as error:
        return count, origin.size + count + 1, str(error)
    return count, None, ""
