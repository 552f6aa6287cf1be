"""Who may say yes: people, and the names and keys that channels know each of them by.

One person has one id, however many channels there are. Nobody is two, and no key is two people's.
"""

import unicodedata
from collections.abc import Iterator
from typing import Annotated

import msgspec

from holdfast.model import shapes
from holdfast.model.objects import Time
from holdfast.model.ssh import holder, holds_more, no_key, public_key, uncommented
from holdfast.model.unseen import shows_nothing
from holdfast.model.written import Fault

API_VERSION = "holdfast.dev/v1alpha1"
KIND = "People"

RESERVED = ("keeper", "serve", "inbox", "cli")
"""What the record calls those who are no people."""

Id = Annotated[str, msgspec.Meta(pattern=shapes.NAME)]
Group = Annotated[str, msgspec.Meta(pattern=shapes.NAME)]
CHANNELS = ("ssh", "slack", "discord", "telegram", "kubernetes", "oidc")


class _Written(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """A part of a file that people write: unknown keys are errors, and so are keys without a value,
    so that what nobody said is not written either.
    """


class Identities(_Written, frozen=True, kw_only=True):
    """What channels call one person. An SSH key is written as in its `.pub` file."""

    ssh: tuple[str, ...] = ()
    slack: tuple[str, ...] = ()
    discord: tuple[str, ...] = ()
    telegram: tuple[str, ...] = ()
    kubernetes: tuple[str, ...] = ()
    oidc: tuple[str, ...] = ()

    def told(self) -> Iterator[tuple[str, int, str]]:
        """Each of them: the channel, its place in the list, and the name there."""
        for channel in CHANNELS:
            for place, name in enumerate(getattr(self, channel)):
                yield channel, place, name


class Person(_Written, frozen=True, kw_only=True):
    """One person."""

    id: Id
    name: str = ""
    groups: tuple[Group, ...] = ()
    identities: Identities = Identities()
    revoked: Time | None = None  # from then on, nothing of this person counts


class People(_Written, frozen=True, kw_only=True):
    """The people file."""

    api_version: str
    kind: str
    people: tuple[Person, ...]

    def faults(self) -> Iterator[Fault]:
        """Who stands twice or is called like us, whose key is another's too, and what is no key."""
        ids: dict[str, str] = {}
        names: dict[tuple[str, str], str] = {}
        for number, person in enumerate(self.people):
            here = f".people[{number}]"
            if person.id in ids:
                yield Fault(at=f"{here}.id", why=f"{person.id} stands twice")
            ids[person.id] = here
            if person.id in RESERVED:
                why = f"{person.id} is what the record calls a part of Holdfast, and no person"
                yield Fault(at=f"{here}.id", why=why)
            for channel, place, name in person.identities.told():
                at = f"{here}.identities.{channel}[{place}]"
                key = uncommented(name) if channel == "ssh" else ""
                if channel == "ssh" and (why := no_key(key)):
                    yield Fault(at=at, why=why)
                    continue
                if channel == "ssh" and holds_more(name):
                    why = "behind this key stands more: each key is an item of its own"
                    yield Fault(at=at, why=why)
                    continue
                told = (channel, holder(key) if channel == "ssh" else _folded(name))
                other = names.setdefault(told, person.id)
                if other != person.id:
                    yield Fault(at=at, why=f"this is {other}'s as well")
                elif not told[1]:
                    yield Fault(at=at, why="this is empty")

    def by_id(self, id_: str) -> Person | None:
        """The person of that id."""
        return next((person for person in self.people if person.id == id_), None)

    def known_as(self, channel: str, name: str) -> Person | None:
        """Whom a channel means by that name, byte by byte; an SSH key is `format base64`."""
        for person in self.people:
            for known_channel, _, known in person.identities.told():
                written = public_key(known) if channel == "ssh" else known
                if known_channel == channel and written == name:
                    return person
        return None

    def means(self, told: str, id_: str) -> bool:
        """Whether a name means that person on any channel, in any spelling.

        For what nobody has proved: who is said to have asked for something cannot approve it under
        another of his names. A name may mean several people: then none of them can. A program tells
        whom it works for as `program:name`.
        """
        said = {_folded(told)}
        while told:
            told = told.partition(":")[2]
            said.add(_folded(told))
        person = self.by_id(id_)
        if person is None:
            return False
        names = {_folded(name) for _, _, name in person.identities.told()}
        return bool((said - {""}) & {person.id, _folded(person.name), *names})


def _folded(name: str) -> str:
    """What two spellings of one name have in common."""
    shown = "".join(each for each in name if not shows_nothing(each))
    plain = "".join(e for e in unicodedata.normalize("NFKC", shown) if not shows_nothing(e))
    return plain.strip().casefold()
