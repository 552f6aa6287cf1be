"""Words that look like somebody's yes: one proposal, and all that is handed in about it."""

import base64
from typing import Any

import pytest

from holdfast.approvals.statements import Decision
from holdfast.model.handed import FREEZE, THAW, WORD
from holdfast.model.proposals import Proposal
from tests.approvals.keygen import make_key, public, sign
from tests.attacks.arena import HOUR, SECOND, Arena, an_arena, person
from tests.attacks.conftest import SUITE
from tests.tally import Count, Tally
from tests.workflow.executing import a_thaw, key
from tests.workflow.leashes import people

pytestmark = pytest.mark.slow


def written(arena: Arena, about: Proposal, change: Any) -> dict[str, str]:
    """A statement that is written otherwise, with Ana's true signature over that."""
    text = change(arena.word("ana", about)["statement"])
    return {"statement": text, "signature": sign(key("ana"), text.encode(), "holdfast-approval")}


def reordered(text: str) -> str:
    return '{"v":1,' + text.removesuffix(',"v":1}')[1:] + "}"


FORMS: dict[str, Any] = {
    "a line end": lambda t: t + "\n",
    "another line end": lambda t: t + "\r\n",
    "a space": lambda t: t.replace(":", ": ", 1),
    "a mark at its beginning": lambda t: "\ufeff" + t,
    "another order": reordered,
    "a key twice": lambda t: t.replace('"step":1', '"step":1,"step":1'),
    "another key": lambda t: t.replace('"step":1', '"step":1,"steps":2'),
    "an escape": lambda t: t.replace("approve", "\\u0061pprove"),
    "a float": lambda t: t.replace('"step":1', '"step":1.0'),
    "an exponent": lambda t: t.replace('"step":1', '"step":1e0'),
    "a number that is huge": lambda t: t.replace('"step":1', '"step":9223372036854775808'),
    "a NUL": lambda t: t.replace("approve", "approve\\u0000"),
    "another case": lambda t: t.replace('"approve"', '"APPROVE"'),
    "no zone": lambda t: t.replace('Z"', '"'),
    "another zone": lambda t: t.replace('Z"', '+00:00"'),
    "a list": lambda t: f"[{t}]",
    "two statements": lambda t: t + t,
    "depth": lambda t: "[" * 2000 + t,
}
CLAIMS: dict[str, dict[str, Any]] = {
    "another cluster": {"cluster": "11111111-2222"},
    "another proposal": {"proposal": "prp_other"},
    "another digest": {"digest": "0" * 64},
    "the next step": {"step": 2},
    "another version": {"v": 2},
    "a time that is over": {"until": None},
    "an undo of what was not done": {"decision": Decision.UNDO, "reason": "x"},
    "the namespace of a thaw": {"namespace": "holdfast-thaw"},
    "the namespace of git": {"namespace": "git"},
    "a key that nobody has": {"signer": "eve"},
}


async def test_nobodys_yes_is_a_yes_and_the_real_one_is_one_once(tally: Tally) -> None:
    async with an_arena() as arena:
        about, other = await arena.open(), await arena.open()
        letters = [written(arena, about, change) for change in FORMS.values()]
        for claim in CLAIMS.values():
            claimed = dict(claim)
            if "until" in claimed:
                claimed["until"] = arena.store_now()
            if "signer" in claimed:
                claimed["signer"] = key("eve")
            letters.append(arena.word("ana", about, **claimed))
        yes = arena.word("ana", about)
        letters += [
            {**yes, "signature": arena.word("ana", other)["signature"]},
            {**yes, "signature": yes["signature"].replace("\n", "\r\n")},
            {**yes, "signature": yes["signature"] * 2},
            {**yes, "signature": ""},
            {"statement": yes["statement"]},
            {**yes, "person": "ben"},
        ]
        said = [await arena.told(WORD, each) for each in letters]
        assert ["refused"] * len(letters) == said
        await arena.works()
        assert arena.untouched()
        assert ["approved", "refused"] == [await arena.told(WORD, yes) for _ in range(2)]
        await arena.works()
        assert ["refused"] == [await arena.told(WORD, yes)]
        assert ["patch deployments.apps web"] == arena.acts()
    tally(Count(SUITE, len(letters) + 2))


@pytest.mark.parametrize("how", ["-sk", "certificate", "sha1"])
async def test_a_key_of_another_sort_says_nothing(how: str, tmp_path: Any) -> None:
    """What the people file lets in is a public key, and what its key may make no SHA-1."""
    mine = make_key(tmp_path, "rsa", 2048)
    eve = person("eve", ssh=(public(mine),))
    async with an_arena(everybody=people(person("ana"), eve)) as arena:
        about = await arena.open()
        word = arena.word("eve", about, signer=mine)
        named = {
            "-sk": ("ssh-rsa", "sk-ssh-ed25519@openssh.com"),
            "certificate": ("ssh-rsa", "ssh-rsa-cert-v01@openssh.com"),
            "sha1": ("rsa-sha2-512", "ssh-rsa"),
        }[how]
        assert "refused" == await arena.told(WORD, {**word, "signature": renamed(word, *named)})
        await arena.works()
        assert arena.untouched()


async def test_a_key_that_anybody_can_sign_with_is_nobodys() -> None:
    """Of order one: the signature is right, and was made without a private key."""
    one = bytes.fromhex("01") + bytes(31)
    public_part = _strings(b"ssh-ed25519", one)
    named = _strings(public_part, b"holdfast-approval", b"", b"sha512")
    blob = b"SSHSIG" + (1).to_bytes(4) + named + _strings(_strings(b"ssh-ed25519", one + bytes(32)))
    line = f"ssh-ed25519 {base64.b64encode(public_part).decode()}"
    text = base64.b64encode(blob).decode()
    body = [text[at : at + 70] for at in range(0, len(text), 70)]
    forged = "\n".join(["-----BEGIN SSH SIGNATURE-----", *body, "-----END SSH SIGNATURE-----", ""])
    async with an_arena(everybody=people(person("ana"), person("eve", ssh=(line,)))) as arena:
        about = await arena.open()
        word = arena.word("ana", about)
        assert "refused" == await arena.told(WORD, {**word, "signature": forged})
        await arena.works()
        assert arena.untouched()


def _strings(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4) + part for part in parts)


def renamed(word: dict[str, str], was: str, other: str) -> str:
    """The same signature with another name in it, and its lengths as they must be."""
    lines = word["signature"].strip().split("\n")
    raw = base64.b64decode("".join(lines[1:-1]))
    told = [(len(each).to_bytes(4) + each.encode()) for each in (was, other)]
    text = base64.b64encode(raw.replace(told[0], told[1], 1)).decode()
    body = [text[at : at + 70] for at in range(0, len(text), 70)]
    return "\n".join([lines[0], *body, lines[-1], ""])


async def test_a_thaw_is_spent_when_it_is_heard_and_serves_for_no_later_freeze() -> None:
    async with an_arena() as arena:
        about = await arena.approved()
        body = a_thaw(arena.store.cluster, arena.store_now() + HOUR)
        assert "refused" == await arena.told(WORD, body)
        assert "refused" == await arena.told(THAW, arena.word("ana", about))
        assert "refused" == await arena.told(THAW, body)  # nothing was off
        assert "frozen" == await arena.told(FREEZE, {"reason": "an incident"})
        assert "refused" == await arena.told(THAW, body)
        await arena.works()
        assert arena.untouched()


async def test_a_flood_of_freezes_neither_weakens_one_nor_holds_up_a_no() -> None:
    async with an_arena() as arena:
        about = await arena.open("ScaleWorkload")
        await arena.says("ana", about)
        letters = [
            arena.put(FREEZE, {"reason": f"{number}", "undo_too": number == 0})
            for number in range(250)
        ]
        yes = arena.put(WORD, arena.word("ben", about, until=about.open_until - SECOND))
        await arena.hears(*letters, yes)
        with arena.store.reading() as tx:
            assert '"undo_too":true' in (tx.switches.value(FREEZE) or "")
        await arena.works()
        assert arena.untouched()
