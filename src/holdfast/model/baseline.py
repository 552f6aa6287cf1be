"""What people have decided not to be told of: accepted faults, which expire, and ignore rules."""

import re
import string
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

import msgspec

from holdfast.model.kinds import KINDS
from holdfast.model.objects import Time
from holdfast.model.rules import Finding
from holdfast.model.written import Fault

DEFAULT = timedelta(days=90)  # a quarter: long enough to mend it, short enough to be asked again
LONGEST = timedelta(days=366)  # what is to stay for good is an ignore rule, and says so
ID = re.compile(r"(fnd|trb)_[0-9a-f]{20}")

ANY_NAMES = tuple(f"{end}-x{end}" for end in string.ascii_lowercase + string.digits)
"""Names as they may begin and end: a pattern that fits all of these leaves nothing out."""


class _Written(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A part of a file that people write: unknown keys are errors."""


class Accepted(_Written, frozen=True, kw_only=True):
    """A finding or a trouble that somebody has accepted, for a reason and for a time."""

    id: str
    code: str = ""  # for people; the id decides
    about: str = ""  # for people
    reason: str
    owner: str
    until: Time

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it stands in a file that is sorted."""
        return (self.code, self.about, self.id)


class Ignore(_Written, frozen=True, kw_only=True):
    """Findings that nobody wants to see: all words that are given must fit, `*` is a wildcard."""

    code: str = "*"
    namespace: str = "*"
    object: str = "*"  # Kind/name
    labels: dict[str, str] = {}
    reason: str

    @property
    def everywhere(self) -> bool:
        """Whether it fits every object there may be, however that is written: `*`, `**`, `?*/*`."""
        return (
            not self.labels
            and all(fnmatchcase(name, self.namespace) for name in ANY_NAMES)
            and all(
                fnmatchcase(f"{kind.api.kind}/{name}", self.object)
                for kind in KINDS
                for name in ANY_NAMES
            )
        )

    def names(self, code: str) -> bool:
        """Whether it is about that code."""
        return fnmatchcase(code, self.code)

    def fits(self, finding: Finding, labels: Mapping[str, str]) -> bool:
        """Whether it is meant."""
        about = finding.about
        return (
            self.names(finding.code)
            and fnmatchcase(about.namespace, self.namespace)
            and fnmatchcase(f"{about.kind}/{about.name}", self.object)
            and all(labels.get(key) == value for key, value in self.labels.items())
        )


class SwitchedOff(_Written, frozen=True, kw_only=True):
    """A rule that is not to look at all, by its name or its code."""

    rule: str
    reason: str


class Baseline(_Written, frozen=True, kw_only=True):
    """The file: `kind: Baseline`."""

    api_version: str
    kind: str
    accepted: tuple[Accepted, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    off: tuple[SwitchedOff, ...] = ()

    def accepts(self, id_: str, now: datetime) -> bool:
        """Whether somebody has accepted that finding or trouble, and still does."""
        return any(each.id == id_ and now < each.until for each in self.accepted)

    def faults(self, now: datetime) -> Iterator[Fault]:
        """What no form can say is wrong."""
        seen: set[str] = set()
        for number, accepted in enumerate(self.accepted):
            at = f".accepted[{number}]"
            if not ID.fullmatch(accepted.id):
                yield Fault(at=f"{at}.id", why=f"{accepted.id!r} is the id of no finding")
            if accepted.id in seen:
                yield Fault(at=f"{at}.id", why=f"{accepted.id} is accepted twice")
            seen.add(accepted.id)
            if not accepted.owner.strip():
                yield Fault(at=f"{at}.owner", why="the owner is empty")
            if accepted.until > now + LONGEST:
                why = f"nothing is accepted for longer than {LONGEST.days} days"
                yield Fault(at=f"{at}.until", why=why)
            yield from _reason(at, accepted.reason)
        for number, ignore in enumerate(self.ignore):
            at = f".ignore[{number}]"
            yield from _reason(at, ignore.reason)
        for number, off in enumerate(self.off):
            yield from _reason(f".off[{number}]", off.reason)


def _reason(at: str, reason: str) -> Iterator[Fault]:
    if not reason.strip():
        yield Fault(at=f"{at}.reason", why="the reason is empty")


API_VERSION = "holdfast.dev/v1alpha1"
KIND = "Baseline"
NOTHING = Baseline(api_version=API_VERSION, kind=KIND)
