"""All that a cluster is given before Holdfast acts on it, in the order in which it is made.

Taken away in the opposite order: the policies go first, since they protect the rest.
"""

from collections.abc import Mapping, Sequence

from holdfast.grants.lease_policies import lease_policies
from holdfast.grants.minter_policies import minter_policies
from holdfast.grants.names import KINDS, Manifest, role_of
from holdfast.grants.policies import Policy
from holdfast.grants.protecting_policy import protecting_policy
from holdfast.grants.roles import places, roles


def policies() -> Sequence[Policy]:
    """The admission policies; what protects the others is made last."""
    return [*lease_policies(), *minter_policies(), protecting_policy()]


def compared() -> Sequence[Manifest]:
    """What the keeper compares before each act: all of it that it may read."""
    ours = {role_of(kind) for kind in KINDS}
    kinds = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ConfigMap"}
    return [each for each in fences() if each["kind"] in kinds or _name(each) in ours]


def _name(manifest: Manifest) -> object:
    metadata = manifest["metadata"]
    return metadata.get("name") if isinstance(metadata, Mapping) else None


def fences() -> Sequence[Manifest]:
    """The namespaces, accounts, roles and policies with their bindings."""
    made = policies()
    return [
        *places(),
        *roles(each.name for each in made),
        *(manifest for each in made for manifest in each.manifests()),
    ]
