"""What a credential without the right gets to see: the API server's own sentence, as a state."""

from functools import partial

import pytest

from holdfast.facts import CATALOGUE, kinds_read
from holdfast.grants.reader import reader_role
from holdfast.model.kinds import Claim, Deployment, Pod, Secret
from holdfast.model.snapshot import State
from holdfast.ports import Unseen
from tests.contracts.driver import Driver, a_config, a_role, a_rule
from tests.contracts.gadgets import gadgets_of, group_of
from tests.contracts.ways import Way, eventually

READABLE = (State.CAPTURED, State.ABSENT)  # custom kinds need not be there


async def seen_by_somebody(way: Way, kind: type[Pod] = Pod) -> State:
    reader = await way.reader(way.somebody)
    return (await reader.list(kind, way.namespace)).state


async def granted(way: Way, kind: type = Pod) -> None:
    """Wait until a right that was just granted has reached the authorizer."""
    reader = await way.reader(way.somebody)
    await eventually(lambda: reader.list(kind, way.namespace), lambda c: c.state is State.CAPTURED)


async def test_a_forbidden_kind_is_a_state_with_the_servers_sentence(way: Way) -> None:
    reader = await way.reader(way.somebody)
    seen = await reader.list(Pod)
    assert (State.FORBIDDEN, ()) == (seen.state, seen.objects)
    assert seen.why == (
        f'pods is forbidden: User "{way.somebody}" cannot list resource "pods" in API group "" '
        "at the cluster scope"
    )


async def test_the_sentence_names_the_group_and_the_namespace(way: Way) -> None:
    reader = await way.reader(way.somebody)
    seen = await reader.list(Deployment, way.namespace)
    assert (State.FORBIDDEN, (way.namespace,)) == (seen.state, seen.namespaces)
    assert seen.why == (
        f'deployments.apps is forbidden: User "{way.somebody}" cannot list resource "deployments" '
        f'in API group "apps" in the namespace "{way.namespace}"'
    )


async def test_a_forbidden_object_is_a_state_whether_it_is_there_or_not(way: Way) -> None:
    reader = await way.reader(way.somebody)
    found = await reader.get(Pod, way.namespace, "web")
    why = (
        f'pods "web" is forbidden: User "{way.somebody}" cannot get resource "pods" in API group '
        f'"" in the namespace "{way.namespace}"'
    )
    assert Unseen(state=State.FORBIDDEN, why=why) == found


async def test_a_forbidden_namespace_is_said_to_lie_within_itself(way: Way) -> None:
    answer = await way.as_user(way.somebody).send("get", "namespaces", way.namespace)
    assert answer.body["message"] == (
        f'namespaces "{way.namespace}" is forbidden: User "{way.somebody}" cannot get resource '
        f'"namespaces" in API group "" in the namespace "{way.namespace}"'
    )


async def test_a_subresource_is_named_in_the_sentence(way: Way) -> None:
    answer = await way.as_user(way.somebody).send(
        "patch", "deployments", "web", subresource="status", body={}
    )
    assert answer.body["message"] == (
        f'deployments.apps "web" is forbidden: User "{way.somebody}" cannot patch resource '
        f'"deployments/status" in API group "apps" in the namespace "{way.namespace}"'
    )


async def test_who_may_not_ask_is_not_told_whether_the_kind_is_served(way: Way) -> None:
    reader = await way.reader(way.somebody)
    assert State.FORBIDDEN is (await reader.list(gadgets_of(way))).state


async def test_a_refusal_says_whom_it_is_about(way: Way) -> None:
    answer = await way.as_user(way.somebody).send("get", "deployments", "web")
    told = (answer.code, answer.body["reason"], answer.body["details"])
    assert (403, "Forbidden", {"name": "web", "group": "apps", "kind": "deployments"}) == told


async def test_exactly_the_readers_role_reads_what_the_rules_read_and_nothing_else(
    way: Way,
) -> None:
    role = reader_role(name=way.namespace)
    await way.bind(role)
    reader = await way.reader(way.somebody)
    for kind in kinds_read(CATALOGUE):
        if not kind.api.sensitive:
            await eventually(partial(reader.list, kind), lambda c: c.state in READABLE)
    assert "" != (await reader.identity()).uid
    assert State.FORBIDDEN is (await reader.list(Secret)).state
    refused = await way.as_user(way.somebody).send("create", "configmaps", body=a_config())
    assert 403 == refused.code


async def test_the_readers_role_in_one_namespace_reads_only_there(way: Way) -> None:
    role = reader_role(name=way.namespace, namespace=way.namespace)
    await way.bind(role)
    await granted(way)
    reader = await way.reader(way.somebody)
    assert State.FORBIDDEN is (await reader.list(Pod)).state
    assert State.FORBIDDEN is (await reader.list(Pod, "default")).state


async def test_a_role_grants_only_in_its_namespace(way: Way) -> None:
    await way.grant("pods", "list", kind="Role")
    await granted(way)
    reader = await way.reader(way.somebody)
    assert State.FORBIDDEN is (await reader.list(Pod, "default")).state


async def test_a_cluster_role_grants_everywhere(way: Way) -> None:
    await way.grant("pods", "list")
    await granted(way)
    reader = await way.reader(way.somebody)
    assert State.CAPTURED is (await reader.list(Pod)).state


async def test_a_right_to_one_kind_is_none_to_its_neighbour(way: Way) -> None:
    await way.grant("pods", "list")
    await granted(way)
    reader = await way.reader(way.somebody)
    assert State.FORBIDDEN is (await reader.list(Claim, way.namespace)).state


async def test_a_right_in_one_group_is_none_in_another(way: Way) -> None:
    await way.grant("pods", "list")
    await way.grant("pods", "list", group=group_of(way))
    await way.grant("deployments", "list")
    await granted(way)
    reader = await way.reader(way.somebody)
    assert State.FORBIDDEN is (await reader.list(Deployment, way.namespace)).state


async def test_wildcards_grant_every_verb_on_everything_of_a_group(way: Way) -> None:
    await way.grant("*", "*", group="apps", kind="Role")
    await granted(way, Deployment)
    reader = await way.reader(way.somebody)
    assert await reader.may("deletecollection", Deployment, way.namespace)
    assert not await reader.may("list", Pod, way.namespace)


async def test_a_rule_that_names_objects_grants_those_alone(way: Way, driver: Driver) -> None:
    await driver.create("configmaps", a_config("mine"))
    await driver.create("configmaps", a_config("other"))
    rule = a_rule("configmaps", "get list", resourceNames=["mine"])
    await way.bind(a_role(way.namespace, rule, kind="Role"))
    somebody = way.as_user(way.somebody)
    await eventually(
        lambda: somebody.send("get", "configmaps", "mine"), lambda answer: answer.code == 200
    )
    other = await somebody.send("get", "configmaps", "other")
    everything = await somebody.send("list", "configmaps")
    assert (403, 403) == (other.code, everything.code)


async def test_a_list_of_one_name_counts_as_a_request_for_that_name(
    way: Way, driver: Driver
) -> None:
    await driver.create("configmaps", a_config("mine"))
    rule = a_rule("configmaps", "list", resourceNames=["mine"])
    await way.bind(a_role(way.namespace, rule, kind="Role"))
    somebody = way.as_user(way.somebody)
    query = {"fieldSelector": "metadata.name=mine"}
    found = await eventually(
        lambda: somebody.send("list", "configmaps", query=query),
        lambda answer: answer.code == 200,
    )
    assert ["mine"] == [item["metadata"]["name"] for item in found.body["items"]]


async def test_a_right_to_an_object_is_none_to_its_status(way: Way, driver: Driver) -> None:
    await driver.create("configmaps", a_config())
    await way.grant("pods", "list patch", kind="Role")
    await granted(way)
    patch = {"status": {"phase": "Running"}}
    somebody = way.as_user(way.somebody)
    refused = await somebody.send("patch", "pods", "web", subresource="status", body=patch)
    through = await somebody.send("patch", "pods", "web", body={})
    assert (403, 404) == (refused.code, through.code)


async def test_a_right_that_is_taken_away_is_gone(way: Way, driver: Driver) -> None:
    await way.grant("pods", "list", kind="Role")
    await granted(way)
    (binding,) = await driver.names("rolebindings")
    await driver.delete("rolebindings", binding)
    await eventually(lambda: seen_by_somebody(way), lambda state: state is State.FORBIDDEN)


async def test_reviews_answer_for_whoever_asks(way: Way) -> None:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"nonResourceAttributes": {"path": "/version", "verb": "get"}},
    }
    somebody = way.as_user(way.somebody)
    read = await somebody.done("create", "selfsubjectaccessreviews", body=review)
    review["spec"] = {"nonResourceAttributes": {"path": "/metrics", "verb": "get"}}
    metrics = await somebody.done("create", "selfsubjectaccessreviews", body=review)
    assert (True, False) == (read["status"]["allowed"], metrics["status"]["allowed"])


@pytest.mark.parametrize("verb", ["create", "update", "patch", "delete", "watch"])
async def test_a_right_to_list_is_no_right_to(way: Way, verb: str) -> None:
    await way.grant("pods", "list")
    await granted(way)
    reader = await way.reader(way.somebody)
    assert not await reader.may(verb, Pod, way.namespace)
