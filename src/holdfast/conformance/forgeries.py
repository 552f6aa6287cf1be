"""What may be wrong with a ticket, and with what a person signed."""

from collections.abc import Callable, Mapping
from typing import Any

from holdfast.model.canonical import Plain

HOUR = 3600
PURPOSE = "holdfast-approval"

type Pool = tuple[tuple[str, tuple[Any, ...]], ...]
type Claims = dict[str, Plain]
type Forge = Callable[[Claims, Claims], tuple[Claims, Claims]]


def _header(**changed: Plain) -> Forge:
    return lambda header, claims: ({**header, **changed}, claims)


def _claim(**changed: Plain) -> Forge:
    return lambda header, claims: (header, {**claims, **changed})


def _without(name: str) -> Forge:
    return lambda header, claims: (_less(header, name), _less(claims, name))


def _less(told: Claims, name: str) -> Claims:
    return {key: value for key, value in told.items() if key != name}


FORGERIES: Mapping[str, Forge] = {
    "no algorithm": _header(alg="none"),
    "hmac": _header(alg="HS256"),
    "another curve": _header(alg="Ed448"),
    "a silence": _header(typ="silence+jwt"),
    "a key that came along": _header(jwk={"kty": "OKP"}),
    "another claim": _claim(admin=True),
    "times as texts": _claim(exp="4102444800"),
    "a list of audiences": _claim(aud=["keeper@c-1"]),
    "empty id": _claim(jti=""),
    "empty digest": _claim(digest=""),
    **{
        f"without {each}": _without(each)
        for each in ("alg", "kid", "typ", "jti", "aud", "iat", "nbf", "exp", "digest", "sub")
    },
}
OF_TICKETS: Pool = (
    ("forged", tuple(FORGERIES)),
    ("signed_by", ("audit", "mallory")),
    ("audience", ("keeper@c-2", "other@c-1", "keeper@c-1 ", "Keeper@c-1", "keeper@c-1")),
    ("here", ("keeper@c-2", "keeper@c-1")),
    ("now", (-1, 0, 1, 899, 900, 901)),
    ("ends", (1, 450, 899, 900)),
)
OF_WORDS: Pool = (
    ("forged", ("over another text",)),
    ("signed_by", ("mallory",)),
    ("purpose", ("file", "holdfast-thaw", "Holdfast-approval", PURPOSE)),
    ("cluster", ("c-2", "C-1")),
    ("proposal", ("prp_2", "prp_1 ")),
    ("digest", ("d" * 64, "")),
    ("step", (0, 1, 2, 3, 4)),
    ("of_step", (1, 2, 3)),
    ("decision", ("reject", "undo")),
    ("revoked", (-1, 0, 1, HOUR, 5 * HOUR)),
    ("now", (0, 2 * HOUR - 1, 2 * HOUR, 2 * HOUR + 1, 4 * HOUR)),
    ("until", (1, 2 * HOUR, 4 * HOUR - 1, 4 * HOUR + 1)),
)
