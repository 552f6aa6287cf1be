"""The fences around a lease, restated in plain Python for the simulated cluster.

They stand while the policies stand that they restate: who takes a policy away takes its fence away.
This is what makes a scenario refuse what a cluster would refuse. It is no evidence about RBAC or
admission: that the policies themselves hold is shown on the lab.
"""

from collections.abc import Iterator

from holdfast.execution.lease_names import LeaseName, Purpose, parsed
from holdfast.grants.lease_policies import PROPAGATION
from holdfast.grants.names import KINDS, LEASE_USERS, LEASES, REFUSES, UNSET, VALUES
from holdfast.grants.values import MADE, made_by, set_by
from holdfast.model.documents import Document, beyond, effect
from holdfast.model.leases import MANAGER, SHOWING
from holdfast.model.repairs import Kind
from holdfast.model.steps import Create, Delete, Evict, Patch, Step
from holdfast.testing.admission import Change, Operation
from holdfast.testing.documents import Json
from holdfast.testing.store import Store

PARAMETERS = ("configmaps", LEASES, VALUES)
LEASE, PREVIEW, VALUE = "holdfast-lease", "holdfast-preview", "holdfast-lease-values"
"""The policies that are restated here, by their names."""
_POLICY = "validatingadmissionpolicies.admissionregistration.k8s.io"
_BINDING = "validatingadmissionpolicybindings.admissionregistration.k8s.io"


class Fence:
    """What leases may not do; whoever else asks is none of its business."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def stands(self, policy: str) -> bool:
        """Whether that policy is there, and bound."""
        return all(self._store.get((kind, "", policy)) for kind in (_POLICY, _BINDING))

    def __call__(self, change: Change) -> str:
        """Why this lease may not do that, in the words of the policy that refuses it."""
        if not change.who.name.startswith(LEASE_USERS):
            return ""
        account = change.who.name.removeprefix(LEASE_USERS)
        for policy, says in (
            (LEASE, next(_beyond_its_act(account, change), "")),
            (PREVIEW, _meant(account, change)),
            (VALUE, self._another_value(account, change)),
        ):
            if says and self.stands(policy):
                by = f"ValidatingAdmissionPolicy '{policy}' with binding '{policy}'"
                return f"{by} denied request: {REFUSES} {says}"
        return ""

    def _another_value(self, account: str, change: Change) -> str:
        name, kind = _named(account)
        step = _step(kind, change)
        if name is None or kind is None or step not in (Patch, Create) or change.after is None:
            return ""
        values = (self._store.get(PARAMETERS) or {}).get("data") or {}
        if account not in values:
            return UNSET
        after = change.after
        if step is Patch and _shows(account, change):
            return ""
        if values[account] != (set_by(kind, after) if step is Patch else made_by(after)):
            return f"a lease of {kind.name} sets the value that was approved, and no other"
        return ""


def _beyond_its_act(account: str, change: Change) -> Iterator[str]:
    name, kind = _named(account)
    step = _step(kind, change)
    if name is None or kind is None or step not in _does(kind, name.purpose):
        yield "a lease does what its kind of action does, and nothing else"
        return
    if step is not Create and _uid(change) != name.uid:
        yield "a lease touches the one object whose uid it carries in its name"
    if step is Evict and _options(change).keys() - _OF_AN_EVICTION:
        yield "a lease evicts as the pod itself asks, without options of its own"
    if step is Evict and not change.dry and "dryRun" in _options(change):
        yield "an eviction that is meant is no dry run, whoever made it one on its way"
    if step in (Create, Patch) and not _shows(account, change) and change.manager != MANAGER:
        yield f"a lease writes as {MANAGER}, and never applies"
    if step is Delete and change.propagation != PROPAGATION:
        yield "a lease leaves nothing behind of what it deletes"
    if step is Create and _metadata(change).keys() - _OF_NEW_METADATA:
        yield "a lease makes again what was there, and nothing besides"
    if step is Patch and not _shows(account, change):
        before, after = Document(value=change.before or {}), Document(value=change.after or {})
        if beyond(effect(before, after), kind.touches):
            yield f"a lease of {kind.name} changes what its kind declares, and no other field"


_OF_AN_EVICTION = {"apiVersion", "dryRun", "kind", "preconditions"}
_OF_NEW_METADATA = {
    *(str(path[-1]) for path in MADE if path[0] == "metadata"),
    *("creationTimestamp", "generation", "resourceVersion", "uid"),
}


def _metadata(change: Change) -> Json:
    found: Json = (change.after or {}).get("metadata") or {}
    return found


def _options(change: Change) -> Json:
    found: Json = (change.after or {}).get("deleteOptions") or {}
    return found


def _uid(change: Change) -> str:
    """Of the object as it is; of an eviction, which has none, as its precondition says."""
    if change.before is not None:
        return str(change.before["metadata"]["uid"])
    return str((_options(change).get("preconditions") or {}).get("uid", ""))


def _meant(account: str, change: Change) -> str:
    if _previews(account) and not change.dry:
        return "a preview only ever asks for a dry run"
    return ""


def _shows(account: str, change: Change) -> bool:
    """Whether a preview asks for what others add as well."""
    return _previews(account) and change.dry and change.manager == SHOWING


def _previews(account: str) -> bool:
    return account.startswith(f"{Purpose.PREVIEW.value}.")


def _named(account: str) -> tuple[LeaseName | None, Kind | None]:
    name = parsed(account)
    action = name.action if name is not None else ""
    return name, next((kind for kind in KINDS if kind.name.lower() == action), None)


def _does(kind: Kind, purpose: Purpose) -> tuple[type[Step], ...]:
    match purpose:
        case Purpose.ACT:
            return kind.does
        case Purpose.UNDO:
            return kind.undoes
        case Purpose.PREVIEW:
            return (*kind.does, *kind.undoes)


def _step(kind: Kind | None, change: Change) -> type[Step] | None:
    """Which sort of step this is, to one of the kind's targets."""
    of = change.resource
    targets = kind.targets if kind is not None else ()
    if kind is None or not any(
        (of.group, of.plural) == (t.api.group, t.api.plural) for t in targets
    ):
        return None
    match change.operation, change.subresource:
        case Operation.UPDATE, kind.subresource:
            return Patch
        case Operation.CREATE, "eviction":
            return Evict
        case Operation.CREATE, "":
            return Create
        case Operation.DELETE, "":
            return Delete
        case _:
            return None
