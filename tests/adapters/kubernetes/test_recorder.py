"""A cluster written down and read again says the same; what people put values into stays out."""

import asyncio
import json
import resource
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from holdfast.adapters.kubernetes import folder, recorder
from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.adapters.kubernetes.leaving_out import without_values
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.errors import BadInput, CouldNotLook, HoldfastError
from holdfast.facts import judge, kinds_read
from holdfast.grants.reader import reader_role
from holdfast.model.kinds import Pod, Secret
from holdfast.model.snapshot import Recorded, State
from holdfast.testing.server import SimulatedServer
from holdfast.testing.shop import a_shop
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.look import look
from tests.adapters.kubernetes.kubeconfigs import a_kubeconfig
from tests.adapters.kubernetes.tiny_server import Reply, Seen, TinyServer

pytestmark = pytest.mark.slow

CANARY = "canary-c0ffee"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.fixture
def shop() -> SimulatedCluster:
    shop = a_shop()
    last_applied = json.dumps({"data": {"password": CANARY}})
    shop.apply_manifest(
        [
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": "database",
                    "namespace": "shop",
                    "annotations": {LAST_APPLIED: last_applied},
                },
                "data": {"password": CANARY},
            },
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": "careless",
                    "namespace": "shop",
                    "annotations": {
                        LAST_APPLIED: last_applied,
                        "example.com/token": CANARY,
                        "holdfast.dev/ignore": "HF-POD-001",
                    },
                },
                "spec": {
                    "containers": [
                        {
                            "name": "app",
                            "image": "app",
                            "command": ["app", CANARY],
                            "args": [f"--password={CANARY}"],
                            "env": [{"name": "KEY", "value": CANARY}],
                            "livenessProbe": {
                                "httpGet": {
                                    "port": 80,
                                    "httpHeaders": [{"name": "Authorization", "value": CANARY}],
                                }
                            },
                            "readinessProbe": {"exec": {"command": ["check", CANARY]}},
                        }
                    ]
                },
            },
        ]
    )
    return shop


@pytest.fixture
async def server(shop: SimulatedCluster) -> AsyncIterator[SimulatedServer]:
    async with SimulatedServer(shop) as server:
        yield server


async def recorded(
    server: SimulatedServer,
    shop: SimulatedCluster,
    into: Path,
    *,
    user: str = "admin",
    namespaces: tuple[str, ...] | None = None,
) -> list[Recorded]:
    kubeconfig = server.write_kubeconfig(into.parent / f"{user}.kubeconfig", user=user)
    connection = connect_to(environ={}, kubeconfig=kubeconfig, home=into.parent)
    async with Reader(connection, clock=shop.clock, page_size=3) as reader:
        return [each async for each in recorder.write(reader, into, namespaces=namespaces)]


async def test_a_folder_holds_what_a_look_sees(
    server: SimulatedServer, shop: SimulatedCluster, tmp_path: Path
) -> None:
    live = await look(shop, kinds=kinds_read())

    await recorded(server, shop, tmp_path / "taken")

    again = folder.read(tmp_path / "taken", kinds_read())
    assert again.now == live.now
    assert again.cluster.uid == live.cluster.uid
    assert judge(again) == judge(live)
    for kind in kinds_read():
        assert sorted(again.all(kind), key=str) == sorted(live.all(kind), key=str)


async def test_no_value_is_written_that_people_put_there(
    server: SimulatedServer, shop: SimulatedCluster, tmp_path: Path
) -> None:
    await recorded(server, shop, tmp_path / "taken")

    written = "".join(path.read_text() for path in (tmp_path / "taken").iterdir())
    assert CANARY not in written
    assert '"KEY"' in written
    assert '"Authorization"' in written
    assert '"holdfast.dev/ignore":"HF-POD-001"' in written
    names = {s.metadata.name for s in folder.read(tmp_path / "taken", [Secret]).all(Secret)}
    assert "database" in names


async def test_what_is_forbidden_is_said_and_not_written(
    server: SimulatedServer, shop: SimulatedCluster, tmp_path: Path
) -> None:
    shop.grant(reader_role(), user="reader")

    told = await recorded(server, shop, tmp_path / "taken", user="reader")

    readable = {kind.api.plural for kind in kinds_read() if not kind.api.sensitive}
    forbidden = {r.plural for r in told if r.state is State.FORBIDDEN}
    assert "secrets" in forbidden
    assert not forbidden & readable
    assert not (tmp_path / "taken" / "secrets.json").exists()
    assert folder.read(tmp_path / "taken", [Secret]).capture(Secret).state is State.FORBIDDEN


async def test_a_namespace_alone_is_written_alone(
    server: SimulatedServer, shop: SimulatedCluster, tmp_path: Path
) -> None:
    await recorded(server, shop, tmp_path / "taken", namespaces=("shop",))

    snapshot = folder.read(tmp_path / "taken", [Pod])
    assert {pod.metadata.namespace for pod in snapshot.all(Pod)} == {"shop"}
    assert snapshot.blind([Pod], namespace="bank") != ()


async def test_a_folder_with_something_in_it_is_left_alone(
    server: SimulatedServer, shop: SimulatedCluster, tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")

    with pytest.raises(BadInput, match="not an empty folder"):
        await recorded(server, shop, tmp_path / "taken")

    assert (tmp_path / "taken" / "mine.txt").read_text() == "mine"


def test_values_of_charts_and_parameters_are_left_out_and_selectors_stay() -> None:
    spec = {
        "values": {"password": CANARY},
        "helm": {"values": CANARY, "parameters": [{"name": "password", "value": CANARY}]},
        "postBuild": {"substitute": {"password": CANARY}},
        "selector": {"matchExpressions": [{"key": "app", "values": ["web"]}]},
        "tolerations": [{"key": "only", "value": "web"}],
    }

    kept = without_values({"spec": spec})["spec"]

    assert CANARY not in json.dumps(kept)
    assert kept["selector"] == spec["selector"]
    assert kept["tolerations"] == spec["tolerations"]


def test_what_looks_like_a_secret_in_words_and_marks_is_hidden_and_alike_everywhere() -> None:
    token = f"ghp_{CANARY.replace('-', 'x')}{'a1' * 12}"
    marked = {"build": token, "app": "web"}
    kept = without_values(
        {
            "metadata": {"labels": marked},
            "spec": {
                "selector": {
                    "matchLabels": marked,
                    "matchExpressions": [{"key": "build", "values": [token, "web"]}],
                },
                "template": {"spec": {"nodeSelector": marked}},
            },
            "message": f"login with password={CANARY} failed",
            "note": 'secret "db" not found',
        }
    )
    text = json.dumps(kept)
    assert token not in text
    assert CANARY not in text
    hidden = kept["metadata"]["labels"]
    assert hidden["app"] == "web"
    assert hidden == kept["spec"]["selector"]["matchLabels"]
    assert hidden == kept["spec"]["template"]["spec"]["nodeSelector"]
    assert [hidden["build"], "web"] == kept["spec"]["selector"]["matchExpressions"][0]["values"]
    assert kept["message"].startswith("login with password=(hidden, sha256 ")
    assert kept["note"] == 'secret "db" not found'


async def test_a_cluster_in_which_nothing_may_be_read_leaves_nothing_behind(
    server: SimulatedServer, shop: SimulatedCluster, tmp_path: Path
) -> None:
    with pytest.raises(CouldNotLook, match="Nothing may be read here, neither pods nor"):
        await recorded(server, shop, tmp_path / "taken", user="nobody")

    assert [p.name for p in tmp_path.iterdir()] == ["nobody.kubeconfig"]


async def test_a_namespace_that_may_not_be_read_is_named_beside_one_that_was(
    server: SimulatedServer, shop: SimulatedCluster, tmp_path: Path
) -> None:
    shop.grant(reader_role(namespace="shop"), user="reader", namespace="shop")

    await recorded(
        server, shop, tmp_path / "taken", user="reader", namespaces=("kube-system", "shop")
    )

    snapshot = folder.read(tmp_path / "taken", [Pod])
    (blind,) = snapshot.blind([Pod])
    assert (blind.state, blind.namespaces) == (State.FORBIDDEN, ("kube-system",))
    assert snapshot.capture(Pod).namespaces == ("shop",)
    assert {pod.metadata.namespace for pod in snapshot.all(Pod)} == {"shop"}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("empty_link", "is a link"),
        ("dangling", "is a link"),
        ("file/taken", "Not a directory"),
        ("a" * 300, "too long"),
        ("/proc/taken", "cannot be written"),
        (".", "folder that you are in"),
    ],
)
async def test_a_place_that_cannot_be_written_to_is_refused_before_anything_is_asked_for(
    server: SimulatedServer,
    shop: SimulatedCluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    wrong: str,
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty_link").symlink_to("empty")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "file").write_text("mine")
    monkeypatch.chdir(tmp_path / "empty")
    before = {p.name for p in tmp_path.iterdir()}
    connection = connect_to(
        environ={},
        kubeconfig=server.write_kubeconfig(tmp_path / "admin", user="admin"),
        home=tmp_path,
    )
    target = Path(name) if name == "." else tmp_path / name

    async with Reader(connection, clock=shop.clock) as reader:
        with pytest.raises(HoldfastError, match=wrong):
            await anext(recorder.write(reader, target, namespaces=None))

    assert {p.name for p in tmp_path.iterdir()} == before | {"admin"}


@contextmanager
def no_room() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_disk_without_room_is_said_and_nothing_is_left_behind(
    server: SimulatedServer, shop: SimulatedCluster, tmp_path: Path
) -> None:
    connection = connect_to(
        environ={},
        kubeconfig=server.write_kubeconfig(tmp_path / "admin", user="admin"),
        home=tmp_path,
    )
    async with Reader(connection, clock=shop.clock) as reader:
        with no_room(), pytest.raises(CouldNotLook, match="cannot be written"):
            async for _ in recorder.write(reader, tmp_path / "taken", namespaces=None):
                pass

    assert [p.name for p in tmp_path.iterdir()] == ["admin"]


@pytest.mark.slow
@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
async def test_a_snapshot_that_is_ended_from_outside_leaves_nothing_behind(
    sign: signal.Signals, code: int, tmp_path: Path
) -> None:
    begun = asyncio.Event()

    async def never(_: Seen) -> Reply:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with TinyServer(never) as server:
        kubeconfig = a_kubeconfig(tmp_path, server=server.url, name="kubeconfig")
        taking = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "holdfast", "snapshot", str(tmp_path / "taken")),
            *("--kubeconfig", str(kubeconfig)),
        )
        await begun.wait()
        assert len(list(tmp_path.iterdir())) == 2
        taking.send_signal(sign)
        ended = await taking.wait()

    assert [path.name for path in tmp_path.iterdir()] == ["kubeconfig"]
    assert ended == code
