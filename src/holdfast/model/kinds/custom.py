"""Custom kinds that we do not know, and that somebody named: of them, conditions are read."""

import re
from functools import cache
from types import new_class

from holdfast.errors import BadInput
from holdfast.model.kinds.conditioned import Conditioned
from holdfast.model.objects import Api

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)+")


class Custom(Conditioned, frozen=True, kw_only=True):
    """What any controller that speaks in conditions looks after."""


@cache
def custom(api: Api) -> type[Custom]:
    """The kind that is served there, the same one each time."""
    made: type[Custom] = new_class(
        api.kind,
        (Custom,),
        {"frozen": True, "kw_only": True},
        lambda body: body.update(api=api, __doc__=f"{api.kind} of {api.group}."),
    )
    return made


def named(resource: str) -> Api:
    """A kind as people name it, `widgets.example.io`, as far as its name tells."""
    if len(resource) > 253 or not _NAME.fullmatch(resource):
        raise BadInput(
            f"{resource!r} is no name of a custom kind.",
            remedy="Write its plural and its group, as `kubectl get crd` does: widgets.example.io.",
        )
    plural, _, group = resource.partition(".")
    return Api(group=group, kind=plural, plural=plural)
