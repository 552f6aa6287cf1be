"""What the tests about trials are made of."""

from datetime import UTC, datetime
from functools import cache

from holdfast.model import written
from holdfast.model.objects import Ref
from holdfast.model.rules import Channel, Finding, Severity, finding_id
from holdfast.model.troubles import Link, Trouble, trouble_id
from holdfast.testing.trials.library import Filed, library
from holdfast.testing.trials.trial import Trial

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
FAULT = """
apiVersion: holdfast.dev/v1alpha1
kind: Trial
says: Something breaks
author: house
area: workloads
until: [{of: Pod/web-*, where: {status: {phase: Pending}}}]
expect:
  cause: {about: ResourceQuota/tight, code: HF-CAP-001, or: [HF-WRK-052 ReplicaSet/web-*]}
  symptoms: [HF-WRK-010 Deployment/web]
"""
DECOY = FAULT.partition("expect:")[0] + "expect: nothing\n"


@cache
def shipped() -> tuple[Filed, ...]:
    """The library that ships; many tests ask for it."""
    return library()


def a_trial(text: str = FAULT) -> Trial:
    """As the library reads it."""
    return written.parse(text, "t.yaml", Trial, api_version="holdfast.dev/v1alpha1", kind="Trial")


def a_finding(code: str, kind: str, name: str, namespace: str = "t") -> Finding:
    """One that a scan shows."""
    about = Ref(api_version="v1", kind=kind, namespace=namespace, name=name)
    return Finding(
        id=finding_id(about, code, ""),
        code=code,
        name="something",
        channel=Channel.INCIDENT,
        severity=Severity.WARNING,
        about=about,
        part="",
        says="is broken",
        since=NOW,
        seen={},
        next="",
    )


def a_trouble(cause: Finding, *symptoms: Finding) -> Trouble:
    """A cause, and what hangs on it."""
    return Trouble(
        id=trouble_id(cause.about, cause.code),
        cause=cause,
        alike=(),
        symptoms=tuple(Link(finding=s, because=cause.id, relation="owns") for s in symptoms),
    )


QUOTA = a_finding("HF-CAP-001", "ResourceQuota", "tight")
SHORT = a_finding("HF-WRK-010", "Deployment", "web")
EMPTY = a_finding("HF-NET-003", "Service", "web")
