"""Valid requests are found by asking an administrator, once for each, and never by connecting."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace

from holdfast.conformance.discovered import Sort
from holdfast.conformance.ground import UNASKED
from holdfast.conformance.specimens import Specimens
from holdfast.ports.probing import Said, Try

HERE, ELSEWHERE = "holdfast-conformance-1-a", "holdfast-conformance-1-b"
DONE = Said(code=200, message="", value={})


@dataclass
class Cluster:
    """Takes what it is sent, and has it; unless it takes no such thing."""

    takes: bool = True
    lists: tuple[str, ...] = ()
    conflicts: int = 0
    asked: list[Try] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    here: str = HERE
    elsewhere: str = ELSEWHERE

    @property
    def bench(self) -> SimpleNamespace:
        return SimpleNamespace(admin=self)

    def clears(self, path: str) -> None:
        self.cleared.append(path)

    async def ask(self, what: Try) -> Said:
        self.asked.append(what)
        if what.method == "POST" and not self.takes and "dryRun" not in what.query:
            return Said(code=405, message="no", value={})
        if what.method == "PUT" and self.conflicts:
            self.conflicts -= 1
            return Said(code=409, message="changed", value={})
        items: list[object] = [{"metadata": {"name": each}} for each in self.lists]
        return Said(code=200, message="", value={"items": items, "path": what.path})


def sort(verb: str, resource: str = "configmaps", kind: str = "ConfigMap", **more: object) -> Sort:
    fields = {"root": "/api/v1", "namespaced": True, **more}
    return Sort(verb=verb, resource=resource, kind=kind, **fields)  # type: ignore[arg-type]


def specimens(cluster: Cluster) -> Specimens:
    return Specimens(cluster)  # type: ignore[arg-type]


async def test_whatever_is_tried_often_is_made_once_and_asked_once() -> None:
    cluster = Cluster()
    known = specimens(cluster)
    every = [known.of(sort("delete"), ELSEWHERE) for _ in range(5)]
    found = {each.request.path for each in await asyncio.gather(*every)}
    path = f"/api/v1/namespaces/{ELSEWHERE}/configmaps"
    assert {f"{path}/{HERE}"} == found
    assert [("POST", path, {}), ("DELETE", f"{path}/{HERE}", {"dryRun": "All"})] == [
        (each.method, each.path, dict(each.query)) for each in cluster.asked
    ]
    assert [] == cluster.cleared


async def test_what_lies_in_no_namespace_is_taken_away_after() -> None:
    cluster = Cluster()
    wide = sort("get", "nodes", "Node", namespaced=False)
    await specimens(cluster).of(wide, "")
    assert [f"/api/v1/nodes/{HERE}"] == cluster.cleared


async def test_where_none_can_be_made_another_that_is_not_ours_is_asked_about() -> None:
    cluster = Cluster(takes=False, lists=("holdfast-lease", "somebodys"))
    asked = await specimens(cluster).of(sort("get"), HERE)
    assert asked.request.path.endswith("/somebodys")
    assert asked.theirs.ok


async def test_where_there_is_none_nobodys_is_asked_about() -> None:
    asked = await specimens(Cluster(takes=False)).of(sort("get"), HERE)
    assert asked.request.path.endswith("/nobody")


async def test_an_update_is_of_what_is_there_and_is_made_anew_where_it_has_moved() -> None:
    cluster = Cluster(conflicts=1)
    asked = await specimens(cluster).of(sort("update"), HERE)
    assert asked.theirs.ok
    assert isinstance(asked.request.body, dict)
    assert asked.request.path == asked.request.body["path"]
    assert ["POST", "GET", "PUT", "GET", "PUT"] == [each.method for each in cluster.asked]


async def test_nobody_is_asked_to_connect() -> None:
    cluster = Cluster()
    exec_ = sort("create", "pods", "Pod", subresource="exec")
    asked = await specimens(cluster).of(exec_, HERE)
    assert asked.theirs is UNASKED
    assert [f"/api/v1/namespaces/{HERE}/pods"] == [each.path for each in cluster.asked]
    assert asked.request.path.endswith(f"/pods/{HERE}/exec")


async def test_a_question_has_no_name_and_is_asked_as_it_is() -> None:
    cluster = Cluster()
    review = sort("create", "tokenreviews", "TokenReview", namespaced=False)
    asked = await specimens(cluster).of(review, "")
    assert isinstance(asked.request.body, dict)
    assert {} == asked.request.body["metadata"]
    assert "dryRun" not in asked.request.query
