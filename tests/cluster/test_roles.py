"""What a scan sees under few rights, by the API server's own word: blind is never missing.

The clusters here hold every kind that Holdfast reads. One namespace is healthy; in the other,
something of nearly everything is broken or missing.
"""

import copy
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from holdfast.facts import CATALOGUE
from holdfast.wiring import main
from lab.client import Client
from lab.control_plane import Lab
from tests.cluster.families import FILES, Document, Made, read
from tests.tally import Count, Tally

pytestmark = pytest.mark.xdist_group("operators")

RBAC = "/apis/rbac.authorization.k8s.io/v1"
SHOP = Path(__file__).parent / "shop.yaml"
INSTEAD = {"orders.acme.cert-manager.io": {"HF-CFG-011"}}
"""What is told of less when a kind is not seen: that a request failed, where its order is not."""
NEEDED = {rule.code: {kind.api.plural for kind in rule.reads} for rule in CATALOGUE}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A scan: how it ended, what it did not see, and what it found."""

    code: int
    blind: Mapping[str, str]
    found: frozenset[tuple[str, str]]

    @property
    def codes(self) -> set[str]:
        return {code for code, _ in self.found}


type Run = Callable[..., tuple[int, str]]
type Scan = Callable[..., Seen]
type Grant = Callable[[Document], Path]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line itself: exit code, and what it printed."""

    def run(*arguments: object) -> tuple[int, str]:
        code = main([str(each) for each in arguments])
        told = capsys.readouterr()
        assert told.err == ""
        return code, told.out

    return run


@pytest.fixture
def scan(run: Run) -> Scan:
    def scan(*arguments: object) -> Seen:
        code, told = run("scan", "-o", "json", "--young", *arguments)
        said = json.loads(told)
        every = [*said["findings"], *said["young"]]
        return Seen(
            code=code,
            blind={_resource(each): each["state"] for each in said["blind"]},
            found=frozenset(
                (each["code"], _subject(each["about"]))
                for each in every
                # Whoever plays the nodes is late to renew their leases on a machine that is busy.
                if each["about"]["kind"] != "Node"
            ),
        )

    return scan


def _resource(blind: Document) -> str:
    group = blind["apiVersion"].rpartition("/")[0]
    return f"{blind['plural']}.{group}" if group else str(blind["plural"])


def _subject(about: Document) -> str:
    return f"{about['kind']} {about['namespace']}/{about['name']}"


@pytest.fixture(scope="module")
def world(operators: Lab) -> Iterator[tuple[Lab, str, str]]:
    """The lab, the healthy namespace and the broken one."""
    client, names = (
        operators.client(),
        [f"{each}-{secrets.token_hex(4)}" for each in ("well", "ill")],
    )
    made = [Made(client, name) for name in names]
    for name in names:
        operators.kubectl("create", "namespace", name)
    for path in (SHOP, *FILES):
        family = read(path)
        made[0].make(family["healthy"])
        made[1].make(family["broken"])
    for what in ("deployment/web", "statefulset/store", "daemonset/agent"):
        operators.kubectl("-n", names[0], "rollout", "status", what, "--timeout=120s")
    yield operators, names[0], names[1]
    for each in made:
        each.unmake()
    client.close()


@pytest.fixture
def as_someone(world: tuple[Lab, str, str], tmp_path: Path) -> Iterator[Grant]:
    """Grants rules of a role to a user of its own; the kubeconfig of that user."""
    lab, client, granted = world[0], world[0].client(), []

    def grant(role: Document) -> Path:
        user = f"someone-{secrets.token_hex(4)}"
        namespace = role["metadata"].get("namespace", "")
        within = f"{RBAC}/namespaces/{namespace}" if namespace else RBAC
        prefix = "" if namespace else "Cluster"
        named = {**role, "metadata": {**role["metadata"], "name": user}}
        binding = {
            "metadata": {"name": user},
            "roleRef": {"apiGroup": RBAC.split("/")[2], "kind": role["kind"], "name": user},
            "subjects": [{"kind": "User", "name": user}],
        }
        for plural, body in (("roles", named), ("rolebindings", binding)):
            path = f"{within}/{prefix.lower()}{plural}"
            done = client.send("POST", path, body=body)
            assert done.ok, done.body
            granted.append(f"{path}/{user}")
        first = role["rules"][0]
        lab.wait(lambda: _may(client, user, namespace, first), what=f"the rights of {user}")
        return _impersonating(lab, user, tmp_path / user)

    yield grant
    for path in granted:
        client.send("DELETE", path)
    client.close()


def _may(client: Client, user: str, namespace: str, rule: Document) -> bool:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": user,
            "resourceAttributes": {
                "namespace": namespace,
                "verb": rule["verbs"][0],
                "group": rule["apiGroups"][0],
                "resource": rule["resources"][0],
            },
        },
    }
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    return bool(client.send("POST", path, body=review).json()["status"]["allowed"])


def _impersonating(lab: Lab, user: str, path: Path) -> Path:
    config = yaml.safe_load(lab.kubeconfig().read_text())
    config["users"][0]["user"]["as"] = user
    path.write_text(yaml.safe_dump(config))
    return path


def _role(*resources: str) -> Document:
    """A ClusterRole that may list these, as `plural.group`."""
    rules = [
        {"apiGroups": [group], "resources": [plural], "verbs": ["list", "watch"]}
        for plural, _, group in (each.partition(".") for each in resources)
    ]
    return {"kind": "ClusterRole", "metadata": {}, "rules": rules}


def _without(role: Document, group: str, plural: str) -> Document:
    rest = copy.deepcopy(role)
    for rule in rest["rules"]:
        if rule["apiGroups"] == [group] and "list" in rule["verbs"]:
            rule["resources"].remove(plural)
    rest["rules"] = [rule for rule in rest["rules"] if rule["resources"]]
    return rest


def test_under_the_generated_role_nothing_is_blind_but_secrets(
    world: tuple[Lab, str, str], run: Run, scan: Scan, as_someone: Grant
) -> None:
    role = yaml.safe_load(run("rbac", "reader")[1])
    everything = scan("--kubeconfig", world[0].kubeconfig())

    seen = scan("--kubeconfig", as_someone(role))
    later = scan("--kubeconfig", world[0].kubeconfig())  # what was due only a moment ago

    assert everything.blind == {}
    assert seen.blind == {"secrets": "forbidden"}
    assert seen.found <= everything.found | later.found
    lost = {code for code, _ in everything.found - seen.found}
    assert all("secrets" in NEEDED[code] for code in lost)


@pytest.mark.timeout(1200)  # some seventy scans, each of seventy kinds
def test_each_grant_that_is_taken_away_blinds_its_kind_and_makes_nothing_missing(
    world: tuple[Lab, str, str],
    run: Run,
    scan: Scan,
    as_someone: Grant,
    tally: Tally,
    prove: bool,
) -> None:
    role = yaml.safe_load(run("rbac", "reader")[1])
    whole = scan("--kubeconfig", as_someone(role))
    grants = [
        (rule["apiGroups"][0], plural)
        for rule in role["rules"]
        if "list" in rule["verbs"]
        for plural in rule["resources"]
    ]
    assert len(grants) >= 60
    tried = grants if prove else grants[::4]

    wrong = []
    for group, plural in tried:
        seen = scan("--kubeconfig", as_someone(_without(role, group, plural)))
        name = f"{plural}.{group}" if group else plural
        if seen.blind != {"secrets": "forbidden", name: "forbidden"}:
            wrong.append(f"without {name}, blind are {dict(seen.blind)}")
        more = {code for code, _ in seen.found - whole.found}
        if more != INSTEAD.get(name, set()):
            wrong.append(f"without {name} it finds {set(seen.found - whole.found)}")
    tally(Count("cluster: grants taken away", len(tried), failures=len(wrong)))
    assert wrong == []


def test_the_namespaced_role_sees_all_of_its_namespace_but_secrets(
    world: tuple[Lab, str, str], run: Run, scan: Scan, as_someone: Grant
) -> None:
    lab, _, ill = world
    everything = scan("--kubeconfig", lab.kubeconfig(), "-n", ill)
    role = yaml.safe_load(run("rbac", "reader", "--namespace", ill)[1])

    seen = scan("--kubeconfig", as_someone(role), "-n", ill)

    apart = {
        kind.api.resource for rule in CATALOGUE for kind in rule.reads if not kind.api.namespaced
    }
    assert seen.blind == dict.fromkeys({*apart, "secrets"}, "forbidden")
    assert seen.found <= everything.found
    assert len(seen.codes) >= 25


@pytest.mark.parametrize("there", ["well", "ill"])
def test_with_rights_to_pods_and_deployments_alone_the_rest_is_blind_and_nothing_is_missing(
    world: tuple[Lab, str, str], scan: Scan, as_someone: Grant, there: str
) -> None:
    lab, well, ill = world
    namespace = well if there == "well" else ill
    kubeconfig = as_someone(_role("pods", "deployments.apps"))
    everything = scan("--kubeconfig", lab.kubeconfig(), "-n", namespace)

    seen = scan("--kubeconfig", kubeconfig, "-n", namespace)

    read = {kind.api.resource for rule in CATALOGUE for kind in rule.reads}
    assert seen.code in (0, 1)
    assert seen.blind == dict.fromkeys(read - {"pods", "deployments.apps"}, "forbidden")
    assert seen.found <= everything.found
    subjects = {subject.split()[0] for _, subject in seen.found}
    assert subjects <= {"Pod", "Deployment"}


def test_a_snapshot_without_secrets_roles_or_accounts_finds_nothing_that_needs_them(
    world: tuple[Lab, str, str],
    run: Run,
    scan: Scan,
    as_someone: Grant,
    tmp_path: Path,
) -> None:
    lab, _, ill = world
    role = yaml.safe_load(run("rbac", "reader")[1])
    hidden = {"secrets", "serviceaccounts"}
    for group, plural in (
        ("", "serviceaccounts"),
        ("rbac.authorization.k8s.io", "roles"),
        ("rbac.authorization.k8s.io", "clusterroles"),
    ):
        role = _without(role, group, plural)
    everything = scan("--kubeconfig", lab.kubeconfig(), "-n", ill)
    run("snapshot", tmp_path / "taken", "--kubeconfig", as_someone(role))

    seen = scan("--snapshot", tmp_path / "taken", "-n", ill)

    missing = {subject for code, subject in everything.found if code == "HF-CFG-001"}
    assert missing == {f"CronJob {ill}/{each}" for each in ("secretless", "nobodys", "mapless")}
    assert ("HF-NET-010", f"Ingress {ill}/broken") in everything.found
    assert hidden < seen.blind.keys()
    assert {s for code, s in seen.found if code == "HF-CFG-001"} == {f"CronJob {ill}/mapless"}
    assert not {code for code in seen.codes if code in ("HF-NET-010", "HF-DLV-020", "HF-DLV-021")}
    assert seen.found <= everything.found
