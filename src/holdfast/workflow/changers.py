"""Who may have changed a request on its way, where more would come of it than was asked for.

A fence sees an object as webhooks have left it, and so does whoever reads a dry run's answer.
Neither says who has changed it; whoever is asked about such objects can be named.
"""

from holdfast.errors import CouldNotLook
from holdfast.model.kinds import MutatingWebhooks
from holdfast.model.kinds.control import WebhookScope
from holdfast.model.objects import Api, Ref
from holdfast.model.repairs import Kind
from holdfast.ports.leases import NotLent
from holdfast.workflow.leash import Leash
from holdfast.workflow.look import listed


async def why_not_lent(leash: Leash, kind: Kind, target: Ref, told: NotLent) -> str:
    """What to tell people of a lease that was not lent."""
    asked = await asked_about(leash, kind, target) if told.refused else ""
    return f"{told.why} {asked}" if asked else told.why


async def asked_about(leash: Leash, kind: Kind, target: Ref) -> str:
    """The webhooks that are asked about changes of such a target; empty if nobody knows of any."""
    of = kind.fits(target)
    if of is None:
        return ""
    try:
        there = await listed(leash.cluster, MutatingWebhooks, None)
    except CouldNotLook:
        return ""
    asked = sorted(
        {
            webhook.name
            for each in there.objects
            for webhook in each.webhooks
            if any(_about(scope, of.api) for scope in webhook.rules)
        }
    )
    return f"Asked about {of.api.resource}: {', '.join(asked)}." if asked else ""


def _about(scope: WebhookScope, api: Api) -> bool:
    """Whether it is asked about changes of that kind, or of a part of it."""
    group = {"*", api.group} & {*scope.api_groups}
    resources = {each.partition("/")[0] for each in scope.resources}
    return bool(group and {"*", api.plural} & resources)
