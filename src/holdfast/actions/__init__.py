"""What may ever be done: a closed set. A kind that does not stand here does not exist.

There is one door from words to an action, for whoever brings them: people, programs, the record.
"""

from collections.abc import Mapping

import msgspec

from holdfast.actions.delete_acme_order import DeleteACMEOrder
from holdfast.actions.delete_certificate_request import DeleteCertificateRequest
from holdfast.actions.delete_job import DeleteJob
from holdfast.actions.delete_pod import DeletePod
from holdfast.actions.delete_resource_quota import DeleteResourceQuota
from holdfast.actions.patch_probe import PatchProbe
from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.rollout_undo import RolloutUndo
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.actions.uncordon import Uncordon
from holdfast.errors import BadInput
from holdfast.model import plainly
from holdfast.model.repairs import Action

CLOSED_SET: tuple[type[Action], ...] = (
    DeleteACMEOrder,
    DeleteCertificateRequest,
    DeleteJob,
    DeletePod,
    DeleteResourceQuota,
    PatchProbe,
    RolloutRestart,
    RolloutUndo,
    ScaleWorkload,
    Uncordon,
)

_KNOWN = {each.kind.name: each for each in CLOSED_SET}


def built(kind: str, params: Mapping[str, object]) -> Action:
    """The action of that kind, by its name byte by byte, with all of its parameters and no others.

    Raises `BadInput` for anything else: nothing is made to fit.
    """
    known = _KNOWN.get(kind)
    if known is None:
        raise BadInput(
            f"{kind[:60]!r} is nothing that we ever do.",
            remedy=f"Name one of {', '.join(_KNOWN)}.",
        )
    try:
        return msgspec.convert(dict(params), known, strict=True)
    except msgspec.ValidationError as unfit:
        raise BadInput(
            f"This is no {kind}: {unfit}.", remedy="`holdfast propose` shows its parameters."
        ) from None


def read(text: str, what: str = "the action") -> Action:
    """The action in a text of JSON or YAML: `{kind: DeletePod, params: {}}`, in its one reading."""
    told = plainly.value(text, what)
    if not isinstance(told, Mapping) or set(told) != {"kind", "params"}:
        raise BadInput(f"{what} has not exactly the keys kind and params.", remedy="Write both.")
    kind, params = told["kind"], told["params"]
    if not isinstance(kind, str) or not isinstance(params, Mapping):
        raise BadInput(f"{what}: kind is a text, and params a mapping.", remedy="Write them so.")
    return built(kind, params)
