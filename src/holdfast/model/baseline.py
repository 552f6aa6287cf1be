"""What people have decided not to be told of: accepted findings, which expire, and ignore rules."""

from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatchcase

import msgspec

from holdfast.model.objects import Time
from holdfast.model.rules import Finding


class _Written(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A part of a file that people write: unknown keys are errors."""


class Accepted(_Written, frozen=True, kw_only=True):
    """One finding that somebody has accepted, for a reason and for a time."""

    id: str
    code: str = ""  # for people; the id decides
    about: str = ""  # for people
    reason: str
    owner: str
    until: Time


class Ignore(_Written, frozen=True, kw_only=True):
    """Findings that nobody wants to see: all words that are given must fit, `*` is a wildcard."""

    code: str = "*"
    namespace: str = "*"
    object: str = "*"  # Kind/name
    labels: dict[str, str] = {}
    reason: str

    def fits(self, finding: Finding, labels: Mapping[str, str]) -> bool:
        """Whether it is meant."""
        about = finding.about
        return (
            fnmatchcase(finding.code, self.code)
            and fnmatchcase(about.namespace, self.namespace)
            and fnmatchcase(f"{about.kind}/{about.name}", self.object)
            and all(labels.get(key) == value for key, value in self.labels.items())
        )


class Baseline(_Written, frozen=True, kw_only=True):
    """The file: `kind: Baseline`."""

    api_version: str
    kind: str
    accepted: tuple[Accepted, ...] = ()
    ignore: tuple[Ignore, ...] = ()

    def accepts(self, finding: Finding, now: datetime) -> bool:
        """Whether somebody has accepted it, and still does."""
        return any(each.id == finding.id and now < each.until for each in self.accepted)


API_VERSION = "holdfast.dev/v1alpha1"
KIND = "Baseline"
NOTHING = Baseline(api_version=API_VERSION, kind=KIND)
