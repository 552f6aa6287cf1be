"""Owners, as far up as they can be seen."""

from holdfast.model.kinds import Deployment, Pod, ReplicaSet
from holdfast.model.objects import KeptMetadata, Object, Owner
from holdfast.testing.builders import a_snapshot, some_metadata
from holdfast.topology.workloads import root_of


def owned(kind: type[Object], name: str, by: tuple[str, str]) -> KeptMetadata:
    above, its_name = by
    owner = Owner(kind=above, name=its_name, uid=its_name, controller=True)
    metadata = some_metadata(kind, name)
    return KeptMetadata(
        name=name, namespace=metadata.namespace, uid=name, owner_references=(owner,)
    )


def test_owners_that_own_each_other_end_the_climb() -> None:
    deployment = Deployment(metadata=owned(Deployment, "web", ("ReplicaSet", "web-1")))
    replica_set = ReplicaSet(metadata=owned(ReplicaSet, "web-1", ("Deployment", "web")))
    pod = Pod(metadata=owned(Pod, "web-1-a", ("ReplicaSet", "web-1")))

    root = root_of(a_snapshot(deployment, replica_set, pod), pod)

    assert "web" == root.metadata.name


def test_what_owns_itself_is_its_own_root() -> None:
    replica_set = ReplicaSet(metadata=owned(ReplicaSet, "web-1", ("ReplicaSet", "web-1")))

    assert replica_set == root_of(a_snapshot(replica_set), replica_set)
