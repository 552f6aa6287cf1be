"""Remove a request for a certificate that failed, so that cert-manager makes the next."""

from collections.abc import Iterator

from holdfast.model.kinds import CertificateRequest, Challenge, Order, Pod, Service
from holdfast.model.reissuing import (
    EVERYWHERE,
    SEEN,
    certificate_of,
    hindrances,
    made_since,
    pauses,
    reissued,
)
from holdfast.model.repairs import (
    GONE,
    LEAVING,
    Action,
    ActionClass,
    Recovery,
    Risk,
    Sight,
    action,
)
from holdfast.model.steps import Delete, Step


@action(
    targets=(CertificateRequest,),
    sees=SEEN,
    everywhere=EVERYWHERE,
    reads=(("metadata", "ownerReferences"), ("spec",)),
    does=(Delete,),
    takes=(Order, Challenge, Pod, Service),  # what solves a challenge runs, and is reached
    of_class=ActionClass.REISSUE,
    risk=Risk.MEDIUM,
    answers=("HF-CFG-011", "HF-CFG-012"),
    on=True,
)
class DeleteCertificateRequest(Action, frozen=True, kw_only=True):
    """Delete a request for a certificate that came to nothing; its Certificate asks again.

    cert-manager keeps its own pause after a failure, from one hour to 32: it asks again after that.
    While it lasts longer than recovery is looked for, this is refused; `cmctl renew` asks at once.
    """

    def refuses(self, seen: Sight) -> Iterator[str]:
        """Where it has not failed, nobody would ask again, or whoever would could not."""
        request = seen.target(CertificateRequest)
        if request is None:
            yield GONE
            return
        if request.leaving:
            yield LEAVING
        if request.ended is None:
            yield "it has not come to an end in which it failed"
        certificate = certificate_of(seen.around, request)
        if certificate is None:
            yield "nobody would ask again: no Certificate that is there owns it"
            return
        later = made_since(seen.around, certificate, request)
        if later is not None:
            yield f"its Certificate has asked again since, by {later.metadata.name}"
        yield from pauses(seen.around, certificate)
        yield from hindrances(seen.around, certificate)

    def steps(self, seen: Sight) -> tuple[Step, ...]:
        """One deletion; its order goes with it."""
        return (Delete(target=seen.document.ref),)

    def recovery(self, before: Sight, after: Sight) -> Recovery:
        """It is gone, and a later request of the same Certificate was fulfilled."""
        return reissued(after, CertificateRequest, before.target(CertificateRequest))
