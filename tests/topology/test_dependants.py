"""What goes with an object that is deleted, and what of that nobody can tell."""

from holdfast.actions.delete_job import DeleteJob
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.conformance.scenes import NOW, Raw, a_pod, owned, raw
from holdfast.model.documents import Document
from holdfast.model.repairs import Along
from holdfast.topology.dependants import along, looked_for
from tests.cases import snapshot_of

JOB = raw("batch/v1", "Job", "nightly-1")
POD = a_pod("nightly-1-a", JOB)
KIND = DeleteJob.kind


def claim(name: str, *of: Raw) -> Raw:
    owners = [each for one in of for each in owned(one)["ownerReferences"]]
    return raw("v1", "PersistentVolumeClaim", name, metadata={"ownerReferences": owners})


def going(*given: Raw, blind: dict[str, str] | None = None) -> Along:
    snapshot = snapshot_of({"now": NOW, "given": [JOB, *given], "blind": blind or {}})
    return along(snapshot, KIND, Document(value=JOB).ref)


def names(*given: Raw) -> list[str]:
    return [str(each) for each in going(*given).seen]


def test_what_names_it_as_its_owner_goes_with_it_whatever_it_is() -> None:
    settings = raw("v1", "ConfigMap", "settings", metadata=owned(JOB))
    found = names(POD, settings, claim("data", JOB))
    wanted = ["ConfigMap shop/settings", "PersistentVolumeClaim shop/data", "Pod shop/nightly-1-a"]
    assert wanted == found


def test_what_hangs_on_that_goes_as_well() -> None:
    service = raw("v1", "Service", "driver", metadata=owned(POD))
    assert ["Pod shop/nightly-1-a", "Service shop/driver"] == names(POD, service)


def test_another_of_the_same_name_is_not_meant() -> None:
    before = raw("batch/v1", "Job", "nightly-1", metadata={"uid": "before"})
    assert [] == names(raw("v1", "ConfigMap", "settings", metadata=owned(before)))


def test_what_has_another_owner_besides_is_told_all_the_same() -> None:
    web = raw("apps/v1", "Deployment", "web")
    assert ["PersistentVolumeClaim shop/data"] == names(claim("data", web, JOB))


def test_the_volume_of_a_pods_own_life_is_the_pods() -> None:
    assert ["Pod shop/nightly-1-a"] == names(POD, claim("scratch", POD))


def test_what_may_not_be_read_is_told_as_unknown_and_what_nobody_serves_is_not() -> None:
    blind = {"configmaps": "forbidden", "services": "absent"}
    assert Along(unseen=("configmaps",)) == going(blind=blind)


def test_where_nothing_is_removed_nobody_looks() -> None:
    assert () == looked_for(ScaleWorkload.kind)
