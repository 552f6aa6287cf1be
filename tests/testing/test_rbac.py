import pytest

from holdfast.testing.documents import Json
from holdfast.testing.rbac import ADMIN, Ask, User, a_user, allowed, forbidden
from holdfast.testing.simulated import SimulatedCluster

JANE = a_user("jane", "devs")


def rule(**more: object) -> Json:
    return {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], **more}


def a_cluster(*rules: Json, kind: str = "ClusterRole", **to: str) -> SimulatedCluster:
    """A cluster that grants these rules: to jane everywhere, unless told otherwise."""
    cluster = SimulatedCluster()
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "granted"},
        "rules": list(rules),
    }
    namespace = to.pop("namespace", None)
    cluster.grant(role, **(to or {"user": "jane"}), namespace=namespace)
    return cluster


def may(cluster: SimulatedCluster, ask: Ask, who: User = JANE) -> bool:
    return allowed(cluster.server.store, who, ask)


GET = Ask(verb="get", resource="pods", namespace="default", name="web")


def test_nothing_is_granted_but_by_a_rule() -> None:
    assert not may(SimulatedCluster(), GET)


def test_a_rule_grants_its_verb_on_its_resource() -> None:
    cluster = a_cluster(rule())
    assert may(cluster, GET)


@pytest.mark.parametrize(
    "ask",
    [
        Ask(verb="list", resource="pods"),
        Ask(verb="get", resource="secrets"),
        Ask(verb="get", resource="pods", group="metrics.k8s.io"),
        Ask(verb="get", resource="pods", subresource="log"),
        Ask(verb="get", path="/metrics"),
    ],
    ids=["another verb", "another resource", "another group", "a subresource", "a path"],
)
def test_a_rule_grants_nothing_else(ask: Ask) -> None:
    assert not may(a_cluster(rule()), ask)


@pytest.mark.parametrize(
    "granted",
    [
        rule(verbs=["*"]),
        rule(resources=["*"]),
        rule(apiGroups=["*"]),
    ],
    ids=["verbs", "resources", "groups"],
)
def test_a_star_stands_for_all(granted: Json) -> None:
    assert may(a_cluster(granted), GET)


@pytest.mark.parametrize("resources", [["pods/log"], ["*/log"], ["*"]])
def test_a_subresource_is_granted_by_name_or_star(resources: list[str]) -> None:
    ask = Ask(verb="get", resource="pods", subresource="log", namespace="default")
    assert may(a_cluster(rule(resources=resources)), ask)


def test_a_star_before_a_subresource_grants_no_resource() -> None:
    assert not may(a_cluster(rule(resources=["*/log"])), GET)


def test_a_rule_that_names_objects_is_exact() -> None:
    cluster = a_cluster(rule(resourceNames=["we", "web*"]))
    assert not may(cluster, GET)
    assert may(cluster, Ask(verb="get", resource="pods", namespace="default", name="we"))


def test_a_rule_that_names_objects_grants_no_request_without_a_name() -> None:
    cluster = a_cluster(rule(verbs=["list"], resourceNames=["web"]))
    assert not may(cluster, Ask(verb="list", resource="pods"))


@pytest.mark.parametrize(
    ("pattern", "path", "granted"),
    [
        ("/metrics", "/metrics", True),
        ("/metrics", "/metrics/more", False),
        ("/healthz/*", "/healthz/etcd", True),
        ("/healthz*", "/healthz", True),
        ("*", "/anything", True),
    ],
)
def test_paths_match_whole_or_by_their_beginning(pattern: str, path: str, granted: bool) -> None:
    cluster = a_cluster({"nonResourceURLs": [pattern], "verbs": ["get"]})
    assert granted is may(cluster, Ask(verb="get", path=path))


def test_a_rule_for_paths_grants_no_resource() -> None:
    assert not may(a_cluster({"nonResourceURLs": ["*"], "verbs": ["*"]}), GET)


def test_a_role_in_a_namespace_grants_only_there() -> None:
    cluster = a_cluster(rule(), kind="Role", namespace="default")
    assert may(cluster, GET)
    assert not may(cluster, Ask(verb="get", resource="pods", namespace="kube-system"))
    assert not may(cluster, Ask(verb="get", resource="pods"))


def test_a_cluster_role_bound_in_a_namespace_grants_only_there() -> None:
    cluster = a_cluster(rule(), kind="ClusterRole", namespace="default")
    assert may(cluster, GET)
    assert not may(cluster, Ask(verb="get", resource="pods", namespace="kube-system"))


def test_a_group_is_granted_to_its_members_alone() -> None:
    cluster = a_cluster(rule(), group="devs")
    assert may(cluster, GET)
    assert not may(cluster, GET, a_user("john"))


def test_a_service_account_is_known_by_its_full_name() -> None:
    cluster = SimulatedCluster()
    cluster.apply_manifest(
        [
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {"name": "granted"},
                "rules": [rule()],
            },
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": "granted"},
                "roleRef": {"kind": "ClusterRole", "name": "granted"},
                "subjects": [{"kind": "ServiceAccount", "namespace": "shop", "name": "reader"}],
            },
        ]
    )
    assert may(cluster, GET, a_user("system:serviceaccount:shop:reader"))
    assert not may(cluster, GET, a_user("system:serviceaccount:other:reader"))
    assert not may(cluster, GET, a_user("reader"))


def test_service_accounts_have_groups_of_their_own() -> None:
    account = a_user("system:serviceaccount:shop:reader")
    assert (
        "system:serviceaccounts",
        "system:serviceaccounts:shop",
        "system:authenticated",
    ) == account.groups


def test_a_binding_to_a_role_that_is_not_there_grants_nothing() -> None:
    cluster = a_cluster(rule())
    cluster.delete("clusterroles.rbac.authorization.k8s.io", "granted")
    assert not may(cluster, GET)


def test_the_admin_may_do_everything() -> None:
    assert may(SimulatedCluster(), Ask(verb="escalate", resource="clusterroles"), ADMIN)


def test_everybody_who_is_somebody_may_discover_and_ask_for_their_rights() -> None:
    cluster = SimulatedCluster()
    review = Ask(verb="create", group="authorization.k8s.io", resource="selfsubjectaccessreviews")
    assert may(cluster, Ask(verb="get", path="/apis/apps/v1"))
    assert may(cluster, review)


def test_a_refusal_of_a_path_names_the_path() -> None:
    said = forbidden(JANE, Ask(verb="get", path="/metrics")).message
    assert 'forbidden: User "jane" cannot get path "/metrics"' == said
