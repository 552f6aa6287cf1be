from datetime import timedelta
from types import MappingProxyType

import pytest

from holdfast.model.baseline import API_VERSION, KIND, Accepted, Baseline, Ignore
from holdfast.model.objects import Ref
from holdfast.model.rules import Channel, Finding, Severity
from holdfast.testing.clock import NOON

ID = "fnd_0123456789abcdef0123"
SECOND = timedelta(seconds=1)


def a_finding(*, namespace: str = "shop", name: str = "web-1") -> Finding:
    return Finding(
        id=ID,
        code="HF-WRK-001",
        name="any",
        channel=Channel.INCIDENT,
        severity=Severity.WARNING,
        about=Ref(api_version="v1", kind="Pod", namespace=namespace, name=name),
        part="",
        says="",
        since=NOON,
        seen=MappingProxyType({}),
        next="",
    )


@pytest.mark.parametrize(
    ("ignore", "fits"),
    [
        (Ignore(code="HF-WRK-001", reason="r"), True),
        (Ignore(code="HF-WRK-*", reason="r"), True),
        (Ignore(code="HF-STO-*", reason="r"), False),
        (Ignore(namespace="shop", reason="r"), True),
        (Ignore(namespace="sh", reason="r"), False),
        (Ignore(object="Pod/web-*", reason="r"), True),
        (Ignore(object="Deployment/web-*", reason="r"), False),
        (Ignore(labels={"app": "web"}, reason="r"), True),
        (Ignore(labels={"app": "cart"}, reason="r"), False),
        (Ignore(code="HF-WRK-001", namespace="bank", reason="r"), False),
    ],
)
def test_all_words_of_an_ignore_rule_must_fit(ignore: Ignore, fits: bool) -> None:
    assert fits == ignore.fits(a_finding(), {"app": "web"})


def test_an_acceptance_ends_at_the_second_that_it_names() -> None:
    accepted = Accepted(id=ID, reason="r", owner="o", until=NOON)
    baseline = Baseline(api_version=API_VERSION, kind=KIND, accepted=(accepted,))

    assert baseline.accepts(ID, NOON - SECOND)
    assert not baseline.accepts(ID, NOON)
