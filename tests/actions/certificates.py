"""What may be ill around a certificate that could not be issued."""

from holdfast.conformance.certificates import CERTIFICATE, a_part, an_issuer
from holdfast.conformance.scenes import Raw

ILL: dict[str, tuple[Raw, ...]] = {
    "cert-manager is not seen to run: no Deployment carries its labels": (
        CERTIFICATE,
        an_issuer(),
    ),
    "cert-manager is ill: no pod of cert-manager/cert-manager is available": (
        CERTIFICATE,
        an_issuer(),
        a_part(available=0),
    ),
    "cert-manager does not run: cert-manager/cert-manager is scaled to zero": (
        CERTIFICATE,
        an_issuer(),
        a_part(wanted=0, available=0),
    ),
    "cert-manager is ill: no pod of cert-manager/webhook is available": (
        CERTIFICATE,
        an_issuer(),
        a_part(),
        a_part("webhook", available=0),
    ),
    "its issuer ca is not ready: ItsWord": (CERTIFICATE, an_issuer("False"), a_part()),
    "its issuer ca is not there": (CERTIFICATE, a_part()),
    "its Certificate is being deleted": (
        {
            **CERTIFICATE,
            "metadata": {**CERTIFICATE["metadata"], "deletionTimestamp": "2026-01-01T11:59:00Z"},
        },
        an_issuer(),
        a_part(),
    ),
}
"""What stands around where asking again would bring nothing, by what is said of it."""
