"""What the policy is asked, and what it answers.

Everything in an `Ask` was verified before it came here: signatures, identities, what the chain and
the budgets hold. A layer reads values and returns a value; it looks nothing up.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

import msgspec

from holdfast.model.objects import Ref
from holdfast.model.paths import Difference
from holdfast.model.repairs import Action, ActionClass, Risk, Sight


class Station(StrEnum):
    """Where in its life a proposal is judged, each time on fresh reads."""

    PROPOSAL = "proposal"
    APPROVAL = "approval"
    EXECUTION = "execution"


class Proof(StrEnum):
    """How a person's word came to us."""

    SSH = "ssh"
    WEBAUTHN = "webauthn"
    OIDC = "oidc"
    SERVER = "server"  # our own process vouches for a click

    @property
    def signed_by_the_person(self) -> bool:
        """Whether anybody can check it without trusting us."""
        return self in (Proof.SSH, Proof.WEBAUTHN)


class Assent(msgspec.Struct, frozen=True, kw_only=True):
    """A person's approval, verified: one canonical person, whatever channel it came through."""

    person: str
    groups: frozenset[str]
    proof: Proof
    digest: str  # of what that person saw
    at: datetime  # by the server's clock
    until: datetime
    sealed: datetime | None = None  # when the record had it, by that clock; None: it is heard now

    @property
    def since(self) -> datetime:
        """From when on it counts, where anything is counted from it."""
        return self.sealed or self.at


class Managed(msgspec.Struct, frozen=True, kw_only=True):
    """Who keeps the target as it is written elsewhere, and which object of its owners says so."""

    by: str
    told_by: Ref


class Chain(StrEnum):
    """What the audit record holds of this."""

    SEALED = "sealed"  # the intent is in the chain, durably
    WRITABLE = "writable"
    SHUT = "shut"


PER_HOUR = 10
"""Approvals of one class that one person has, unless operators say otherwise."""
PER_HOUR_OF: Mapping[ActionClass, int] = MappingProxyType({ActionClass.REISSUE: 2})
"""Where that is too many: an ACME server takes five failures in an hour, and no more."""

READ_ONLY, PRODUCTION = "read-only", "production"
"""The tiers of namespaces by which risk is counted; operators may name others for their policy."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What operators have set. It can narrow what is compiled in, never widen it, but for the kinds
    and the restarts that must be switched on by name.
    """

    switched_on: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    restarts_of_managed: bool = False
    approvers: Mapping[ActionClass, frozenset[str]] = MappingProxyType({})  # none named: anybody
    signed: frozenset[ActionClass] = frozenset()
    two_people: frozenset[ActionClass] = frozenset()
    distance: Mapping[ActionClass, timedelta] = MappingProxyType({})
    open_for: timedelta = timedelta(hours=4)
    start_within: timedelta = timedelta(minutes=15)
    per_hour: Mapping[ActionClass, int] = MappingProxyType({})  # one person's approvals of a class
    tiers: Mapping[str, frozenset[str]] = MappingProxyType({})  # and their namespaces
    cooldown: timedelta = timedelta(minutes=10)
    undo: bool = True  # what did not help is taken back by itself

    def allowance(self, of_class: ActionClass) -> int:
        """How many approvals of a class one person has in an hour."""
        return self.per_hour.get(of_class, PER_HOUR_OF.get(of_class, PER_HOUR))

    def tiers_of(self, namespace: str) -> frozenset[str]:
        """The tiers that a namespace is in."""
        return frozenset(tier for tier, names in self.tiers.items() if namespace in names)


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for the whole cluster at this moment."""

    frozen: str = ""  # who has switched everything off, and why
    cooling_until: datetime | None = None  # this target was acted on lately
    broken: str = ""  # why nothing of this class is done any more
    operator: str = ""  # why the operator's own policy denies it
    operator_allows: bool = False  # silence is no permission


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One question, with all that may bear on the answer."""

    station: Station
    now: datetime
    action: Action
    target: Ref
    seen: Sight
    effect: tuple[Difference, ...] | None  # None: no server has computed it
    risk: Risk
    risen: str = ""  # why it is more than it was when it was proposed
    digest: str
    proposed: datetime
    set_going: datetime | None = None  # of a step of a plan: when its turn came
    requester: str  # a person, or the program that proposed it
    managed: tuple[Managed, ...] | None  # None: it could not be told
    assents: tuple[
        Assent, ...
    ] = ()  # in the order in which they came; at approval, the last is new
    budgets: Mapping[tuple[str, ActionClass], int] = MappingProxyType({})  # what is left of each
    spent: frozenset[tuple[str, ActionClass]] = frozenset()
    chain: Chain = Chain.SHUT
    rules: Rules = Rules()
    around: Around = Around()


class Refusal(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """No, and why: for people."""

    by: str
    because: str


class What(StrEnum):
    """What is still wanted before it may be done."""

    APPROVAL = "approval"
    SECOND_PERSON = "second person"
    SIGNATURE = "signature of the person"


class Needs(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Not yet."""

    by: str
    what: What
    because: str


type Answer = Refusal | Needs | None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """All answers: every layer is asked, also after one has refused."""

    refusals: tuple[Refusal, ...]
    needs: tuple[Needs, ...]

    @property
    def allows(self) -> bool:
        """Whether nothing is refused and nothing is wanted any more."""
        return not self.refusals and not self.needs
