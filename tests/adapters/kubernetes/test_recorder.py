"""A cluster written down and read again says the same; what people put values into stays out."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdfast.adapters.kubernetes import folder, recorder
from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.errors import BadInput, NoSuchNamespace
from holdfast.facts import judge, kinds_read
from holdfast.grants.reader import reader_role
from holdfast.model.kinds import Pod, Secret
from holdfast.model.snapshot import Recorded, State
from holdfast.testing.server import SimulatedServer
from holdfast.testing.shop import a_shop
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.look import look

CANARY = "canary-c0ffee"


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
                    "annotations": {recorder.LAST_APPLIED: last_applied},
                },
                "data": {"password": CANARY},
            },
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": "careless",
                    "namespace": "shop",
                    "annotations": {recorder.LAST_APPLIED: last_applied},
                },
                "spec": {
                    "containers": [
                        {"name": "app", "image": "app", "env": [{"name": "KEY", "value": CANARY}]}
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


async def test_a_namespace_that_does_not_exist_leaves_nothing_behind(
    server: SimulatedServer, shop: SimulatedCluster, tmp_path: Path
) -> None:
    with pytest.raises(NoSuchNamespace):
        await recorded(server, shop, tmp_path / "taken", namespaces=("shpo",))

    assert [path.name for path in tmp_path.iterdir()] == ["admin.kubeconfig"]


async def test_a_folder_with_something_in_it_is_left_alone(
    server: SimulatedServer, shop: SimulatedCluster, tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")

    with pytest.raises(BadInput, match="not an empty folder"):
        await recorded(server, shop, tmp_path / "taken")

    assert (tmp_path / "taken" / "mine.txt").read_text() == "mine"
