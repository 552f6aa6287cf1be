"""The reader against a server that a test scripts: pages, refusals, errors, metadata only."""

import asyncio
import gzip
import json
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.pace import Chance, Pace
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.errors import BadInput, CouldNotLook, Unanswered, Unreachable
from holdfast.model.kinds import Deployment, Namespace, Pod, Secret, StorageClass
from holdfast.model.objects import Api, Object
from holdfast.model.snapshot import Capture, Identity, State
from holdfast.ports import Unseen
from holdfast.testing.clock import NOON, FrozenClock
from tests.adapters.kubernetes.tiny_server import Handler, Reply, Seen, TinyServer, said, status

NAMES = ("a", "b", "c", "d", "e")


def a_tree(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}"}}


def paged(seen: Seen, *, form: str = "PodList", names: tuple[str, ...] = NAMES) -> Reply:
    """Two at a time, as asked; the token is the next one's place."""
    begin, limit = int(seen.query.get("continue", 0)), int(seen.query["limit"])
    end = begin + limit
    metadata = {"resourceVersion": "7", "continue": str(end) if end < len(names) else ""}
    items = [a_tree(name) for name in names[begin:end]]
    return said({"kind": form, "metadata": metadata, "items": items})


class Asked:
    """One server, one reader, and what the server saw."""

    def __init__(self, handler: Handler, chance: Chance, **more: Any) -> None:
        self.server = TinyServer(handler)
        self._chance = chance
        self._more = {"page_size": 2, **more}

    async def __aenter__(self) -> Reader:
        await self.server.__aenter__()
        self._reader = Reader(
            Connection(name="shop", server=self.server.url),
            clock=FrozenClock(),
            chance=self._chance,
            **self._more,
        )
        return await self._reader.__aenter__()

    async def __aexit__(self, *error: Any) -> None:
        await self._reader.__aexit__(*error)
        await self.server.__aexit__(*error)

    @property
    def seen(self) -> list[Seen]:
        return self.server.requests


def names(capture: Capture[Any]) -> list[str]:
    return [o.metadata.name for o in capture.objects]


async def test_a_list_is_read_page_by_page(chance: Chance) -> None:
    asked = Asked(paged, chance)
    async with asked as reader:
        capture = await reader.list(Pod)
    assert (capture.state, names(capture), capture.resource_version) == (
        State.CAPTURED,
        list(NAMES),
        "7",
    )
    assert [seen.query for seen in asked.seen] == [
        {"limit": "2"},
        {"limit": "2", "continue": "2"},
        {"limit": "2", "continue": "4"},
    ]
    assert {seen.path for seen in asked.seen} == {"/api/v1/pods"}
    assert capture.namespaces is None


async def test_a_list_of_one_namespace_says_so(chance: Chance) -> None:
    asked = Asked(paged, chance)
    async with asked as reader:
        pods = await reader.list(Deployment, "shop")
        classes = await reader.list(StorageClass, "shop")
    assert pods.namespaces == ("shop",)
    assert asked.seen[0].path == "/apis/apps/v1/namespaces/shop/deployments"
    assert classes.namespaces is None  # it has none, and all of it was read
    assert asked.seen[3].path == "/apis/storage.k8s.io/v1/storageclasses"


async def test_a_name_stays_one_segment_of_the_path(chance: Chance) -> None:
    asked = Asked(paged, chance)
    async with asked as reader:
        await reader.list(Pod, "a/../b?c")
        for name in ("", ".", ".."):
            with pytest.raises(BadInput, match="is not a name"):
                await reader.get(Namespace, "", name)
    assert {seen.path for seen in asked.seen} == {"/api/v1/namespaces/a%2F..%2Fb%3Fc/pods"}


async def test_a_forbidden_kind_is_a_state_with_the_servers_words(
    chance: Chance, waits: list[float]
) -> None:
    asked = Asked(lambda _: status(403, 'pods is forbidden: User "x"'), chance)
    async with asked as reader:
        capture = await reader.list(Pod)
        one = await reader.get(Pod, "shop", "web")
    assert (capture.state, capture.why) == (State.FORBIDDEN, 'pods is forbidden: User "x"')
    assert one == Unseen(state=State.FORBIDDEN, why='pods is forbidden: User "x"')
    assert (len(asked.seen), waits) == (2, [])


async def test_a_kind_that_is_not_served_is_absent(chance: Chance) -> None:
    asked = Asked(lambda _: Reply(status=404, body=b"404 page not found\n"), chance)
    async with asked as reader:
        capture = await reader.list(Deployment)
    assert (capture.state, capture.why) == (
        State.ABSENT,
        "the API server does not serve deployments.apps",
    )
    assert len(asked.seen) == 1


async def test_an_object_is_read(chance: Chance) -> None:
    asked = Asked(lambda _: said(a_tree("web")), chance)
    async with asked as reader:
        got = await reader.get(Pod, "shop", "web")
    assert isinstance(got, Pod)
    assert got.metadata.uid == "uid-web"
    assert asked.seen[0].path == "/api/v1/namespaces/shop/pods/web"


async def test_an_object_that_is_not_there_is_unseen(chance: Chance) -> None:
    asked = Asked(lambda _: status(404, 'pods "web" not found'), chance)
    async with asked as reader:
        got = await reader.get(Pod, "shop", "web")
    assert got == Unseen(state=State.ABSENT, why='pods "web" not found')


async def test_an_object_that_cannot_be_understood_is_an_error(chance: Chance) -> None:
    tree = a_tree("web") | {"spec": {"nodeName": ["hunter2"]}}
    async with Asked(lambda _: said(tree), chance) as reader:
        with pytest.raises(Unanswered, match="Pod web") as raised:
            await reader.get(Pod, "shop", "web")
    assert "hunter2" not in str(raised.value)


class Scaler(Object, frozen=True, kw_only=True):
    """A kind of which two versions can be read."""

    api: ClassVar[Api] = Api(
        group="autoscaling", versions=("v2", "v1"), kind="Scaler", plural="scalers"
    )


def serving(*versions: str, having: tuple[str, ...] | None = None) -> Handler:
    """A server of those versions of the group; the kind itself is in `having`."""

    def handler(seen: Seen) -> Reply:
        if seen.path == "/apis/autoscaling":
            return said({"kind": "APIGroup", "versions": [{"version": v} for v in versions]})
        version = seen.path.split("/")[3]
        return paged(seen) if version in (having or versions) else status(404)

    return handler


@pytest.mark.parametrize(
    ("handler", "chosen"),
    [
        (serving("v1", "v2"), "v2"),
        (serving("v1"), "v1"),
        (serving("v1", "v2", having=("v1",)), "v1"),
        (serving("v1", "v3"), "v1"),
    ],
)
async def test_the_best_version_that_is_served_is_taken(
    chance: Chance, handler: Handler, chosen: str
) -> None:
    asked = Asked(handler, chance)
    async with asked as reader:
        first = await reader.list(Scaler)
        count = len(asked.seen)
        await reader.list(Scaler)
    assert names(first) == list(NAMES)
    assert asked.seen[-1].path == f"/apis/autoscaling/{chosen}/scalers"
    assert len(asked.seen) == count + 3  # discovered once, three pages each time


async def test_a_hidden_discovery_does_not_hide_the_kind(chance: Chance) -> None:
    def handler(seen: Seen) -> Reply:
        if seen.path == "/apis/autoscaling":
            return status(403)
        return paged(seen) if "/v1/" in seen.path else status(404)

    async with Asked(handler, chance) as reader:
        assert names(await reader.list(Scaler)) == list(NAMES)


async def test_a_group_that_is_not_served_makes_the_kind_absent(chance: Chance) -> None:
    async with Asked(lambda _: status(404), chance) as reader:
        assert (await reader.list(Scaler)).state is State.ABSENT


def in_turn(*replies: Reply | None) -> Handler:
    """These answers, in this order; None is the next good page."""
    left = iter(replies)

    def handler(seen: Seen) -> Reply:
        return next(left, None) or paged(seen)

    return handler


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
async def test_an_error_that_may_pass_is_asked_again(
    chance: Chance, waits: list[float], code: int
) -> None:
    trouble = status(code)
    async with Asked(in_turn(trouble, trouble, None, trouble), chance) as reader:
        capture = await reader.list(Pod)
    assert (capture.state, names(capture)) == (State.CAPTURED, list(NAMES))
    assert waits == [pytest.approx(0.25), pytest.approx(0.5), pytest.approx(0.25)]


async def test_a_retry_after_is_heeded_within_the_budget(
    chance: Chance, waits: list[float]
) -> None:
    busy = said({"message": "busy"}, 429, Retry_After="7")
    async with Asked(in_turn(busy, busy), chance) as reader:
        assert names(await reader.list(Pod)) == list(NAMES)
    assert waits == [7, 7]


async def test_a_server_that_is_busy_for_longer_than_we_wait_is_not_waited_for(
    chance: Chance, waits: list[float]
) -> None:
    busy = said({"message": "busy"}, 429, Retry_After="3600")
    asked = Asked(in_turn(busy), chance)
    async with asked as reader:
        with pytest.raises(Unanswered, match=r"too busy .*busy"):
            await reader.list(Pod)
    assert (waits, len(asked.seen)) == ([], 1)


async def test_a_list_that_breaks_off_is_partial_and_says_why(chance: Chance) -> None:
    def handler(seen: Seen) -> Reply:
        return status(503, "etcd is gone") if "continue" in seen.query else paged(seen)

    async with Asked(handler, chance) as reader:
        capture = await reader.list(Pod)
    assert (capture.state, names(capture)) == (State.PARTIAL, ["a", "b"])
    assert "503: etcd is gone" in capture.why


async def test_a_list_whose_connection_breaks_for_good_is_partial(chance: Chance) -> None:
    def handler(seen: Seen) -> Reply:
        return Reply(body=b"{", claim=99) if "continue" in seen.query else paged(seen)

    async with Asked(handler, chance) as reader:
        capture = await reader.list(Pod)
    assert (capture.state, names(capture)) == (State.PARTIAL, ["a", "b"])
    assert "broke the connection off" in capture.why


async def test_a_body_that_was_cut_once_is_read_again(chance: Chance) -> None:
    cut = Reply(body=b'{"kind":"PodList","items":[{', claim=999)
    async with Asked(in_turn(cut, None, cut), chance) as reader:
        capture = await reader.list(Pod)
    assert (capture.state, names(capture)) == (State.CAPTURED, list(NAMES))


async def test_a_first_page_that_is_rubbish_is_an_error(chance: Chance) -> None:
    async with Asked(lambda _: Reply(body=b"{]"), chance) as reader:
        with pytest.raises(Unanswered, match="list of pods"):
            await reader.list(Pod)


async def test_a_later_page_that_is_rubbish_leaves_the_list_partial(chance: Chance) -> None:
    async with Asked(in_turn(None, Reply(body=b"{]")), chance) as reader:
        capture = await reader.list(Pod)
    assert (capture.state, names(capture)) == (State.PARTIAL, ["a", "b"])


async def test_an_expired_continuation_goes_on_where_the_server_offers(chance: Chance) -> None:
    gone = status(410, "expired", metadata={"continue": "2"})
    asked = Asked(in_turn(None, gone), chance)
    async with asked as reader:
        capture = await reader.list(Pod)
    assert (capture.state, names(capture)) == (State.CAPTURED, list(NAMES))
    assert capture.resource_version == ""  # of two moments: no watch may start from it
    assert len(asked.seen) == 4


async def test_an_expired_continuation_without_an_offer_begins_the_list_anew_once(
    chance: Chance,
) -> None:
    asked = Asked(in_turn(None, status(410)), chance)
    async with asked as reader:
        capture = await reader.list(Pod)
    assert (capture.state, names(capture)) == (State.CAPTURED, list(NAMES))
    assert len(asked.seen) == 5


async def test_a_list_that_expires_again_and_again_is_partial(chance: Chance) -> None:
    def handler(seen: Seen) -> Reply:
        return status(410) if "continue" in seen.query else paged(seen)

    asked = Asked(handler, chance)
    async with asked as reader:
        capture = await reader.list(Pod)
    assert (capture.state, names(capture)) == (State.PARTIAL, ["a", "b"])
    assert "longer than the API server keeps its place" in capture.why
    assert len(asked.seen) == 4


async def test_broken_objects_are_named_and_the_rest_is_read(chance: Chance) -> None:
    tree = {
        "kind": "PodList",
        "metadata": {"resourceVersion": "7"},
        "items": [a_tree("good"), a_tree("bad") | {"spec": 7}, a_tree("null") | {"spec": None}],
    }
    async with Asked(lambda _: said(tree), chance) as reader:
        capture = await reader.list(Pod)
    assert names(capture) == ["good", "null"]
    assert [bad.name for bad in capture.unreadable] == ["bad"]


async def test_secrets_are_asked_for_as_metadata_alone(chance: Chance) -> None:
    def handler(seen: Seen) -> Reply:
        return paged(seen, form="PartialObjectMetadataList")

    asked = Asked(handler, chance)
    async with asked as reader:
        assert names(await reader.list(Secret)) == list(NAMES)
    assert {seen.header("Accept") for seen in asked.seen} == {
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    }


async def test_whole_secrets_are_refused(chance: Chance) -> None:
    async with Asked(lambda s: paged(s, form="SecretList"), chance) as reader:
        with pytest.raises(Unanswered, match="metadata of secrets with SecretList"):
            await reader.list(Secret)
        with pytest.raises(Unanswered, match="metadata of secrets"):
            async for _ in reader.raw_pages(Secret):
                pass


async def test_one_whole_secret_is_refused(chance: Chance) -> None:
    whole = a_tree("creds") | {"kind": "Secret", "data": {"p": "aHVudGVyMg=="}}
    asked = Asked(lambda _: said(whole), chance)
    async with asked as reader:
        with pytest.raises(Unanswered, match="metadata of secrets with Secret "):
            await reader.get(Secret, "shop", "creds")
    accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
    assert asked.seen[0].header("Accept") == accept


async def test_one_secrets_metadata_is_read(chance: Chance) -> None:
    bare = a_tree("creds") | {"kind": "PartialObjectMetadata"}
    async with Asked(lambda _: said(bare), chance) as reader:
        got = await reader.get(Secret, "shop", "creds")
    assert isinstance(got, Secret)


async def test_raw_pages_are_what_the_server_sent_and_end_with_how_it_went(
    chance: Chance,
) -> None:
    async with Asked(paged, chance) as reader:
        steps = [step async for step in reader.raw_pages(Pod, "shop")]
    pages = [json.loads(step) for step in steps if isinstance(step, bytes)]
    assert [[item["metadata"]["name"] for item in page["items"]] for page in pages] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]
    assert steps[-1] == Capture(kind=Pod, namespaces=("shop",))


async def test_raw_pages_that_break_off_end_partial(chance: Chance) -> None:
    async with Asked(in_turn(None, status(410)), chance) as reader:
        steps = [step async for step in reader.raw_pages(Pod)]
    assert isinstance(steps[-1], Capture)
    assert (len(steps), steps[-1].state) == (2, State.PARTIAL)


async def test_raw_pages_of_a_forbidden_kind_are_none(chance: Chance) -> None:
    async with Asked(lambda _: status(403, "no"), chance) as reader:
        steps = [step async for step in reader.raw_pages(Pod)]
    assert steps == [Capture(kind=Pod, state=State.FORBIDDEN, why="no")]


def a_cluster(seen: Seen) -> Reply:
    if seen.path == "/version":
        return said({"gitVersion": "v1.36.3"})
    return said(a_tree("kube-system"))


async def test_a_cluster_is_known_by_its_context_and_by_kube_systems_uid(chance: Chance) -> None:
    asked = Asked(a_cluster, chance)
    async with asked as reader:
        identity = await reader.identity()
    assert identity == Identity(
        name="shop", uid="uid-kube-system", server=asked.server.url, version="v1.36.3"
    )


async def test_a_cluster_that_shows_us_nothing_still_answers(chance: Chance) -> None:
    asked = Asked(lambda _: status(403), chance)
    async with asked as reader:
        identity = await reader.identity()
    assert (identity.name, identity.uid, identity.version) == ("shop", "", "")


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Mon, 02 Mar 2026 12:00:00 GMT", NOON),
        ("Mon, 02 Mar 2026 11:59:59 GMT", NOON),  # a Date header is no finer than that
        ("Mon, 02 Mar 2026 11:59:58 GMT", NOON - timedelta(seconds=2)),
        ("Mon, 02 Mar 2026 12:00:01 GMT", NOON + timedelta(seconds=1)),
        ("Mon, 02 Mar 2026 15:00:00 GMT", NOON + timedelta(hours=3)),
        ("the day after", NOON),
    ],
)
async def test_the_time_is_the_servers(chance: Chance, date: str, expected: Any) -> None:
    def handler(seen: Seen) -> Reply:
        return said({"gitVersion": "v1"}, Date=date)

    asked = Asked(handler, chance)
    async with asked as reader:
        assert await reader.now() == expected
        assert await reader.now() == expected


async def test_what_we_may_is_asked_of_the_server(chance: Chance) -> None:
    def handler(seen: Seen) -> Reply:
        wanted = json.loads(seen.body)["spec"]["resourceAttributes"]
        return said({"status": {"allowed": wanted["verb"] == "list"}}, 201)

    asked = Asked(handler, chance)
    async with asked as reader:
        assert await reader.may("list", Deployment, "shop") is True
        assert await reader.may("delete", Namespace, "shop") is False
    assert [seen.method for seen in asked.seen] == ["POST", "POST"]
    assert [json.loads(seen.body)["spec"]["resourceAttributes"] for seen in asked.seen] == [
        {
            "verb": "list",
            "group": "apps",
            "resource": "deployments",
            "version": "*",
            "namespace": "shop",
        },
        {"verb": "delete", "group": "", "resource": "namespaces", "version": "*"},
    ]


@pytest.mark.parametrize("reply", [said({"status": {}}), said({"status": {"reason": "x"}}, 201)])
async def test_what_is_not_granted_is_not_allowed(chance: Chance, reply: Reply) -> None:
    async with Asked(lambda _: reply, chance) as reader:
        assert await reader.may("list", Pod) is False


@pytest.mark.parametrize("reply", [said({}), said([]), status(400), status(403, "no")])
async def test_a_review_that_fails_is_no_answer(chance: Chance, reply: Reply) -> None:
    async with Asked(lambda _: reply, chance) as reader:
        with pytest.raises(Unanswered, match="review of our own rights"):
            await reader.may("list", Pod)


@pytest.mark.parametrize(
    ("compress", "expected"), [(None, "identity"), (False, "identity"), (True, "gzip")]
)
async def test_compression_is_asked_for_when_it_pays(
    chance: Chance, compress: bool | None, expected: str
) -> None:
    def handler(seen: Seen) -> Reply:
        plain = paged(seen)
        if seen.header("Accept-Encoding") != "gzip":
            return plain
        packed = gzip.compress(plain.body)
        return Reply(body=packed, headers={"Content-Encoding": "gzip"})

    asked = Asked(handler, chance, compress=compress)
    async with asked as reader:
        assert names(await reader.list(Pod)) == list(NAMES)
    assert {seen.header("Accept-Encoding") for seen in asked.seen} == {expected}


async def test_compression_is_asked_for_over_a_network(chance: Chance) -> None:
    """The proxy stands for the network: it sees what goes to a server that is not this machine."""
    seen: list[Seen] = []

    def network(request: Seen) -> Reply:
        seen.append(request)
        return a_cluster(request)

    async with TinyServer(network) as server:
        connection = Connection(name="far", server="http://far.example", proxy=server.url)
        async with Reader(connection, clock=FrozenClock(), chance=chance) as reader:
            await reader.identity()
    assert {request.header("Accept-Encoding") for request in seen} == {"gzip"}


async def test_what_the_server_says_is_put_on_one_line(chance: Chance) -> None:
    async with Asked(lambda _: status(403, "no\r\n  way\n"), chance) as reader:
        assert (await reader.list(Pod)).why == "no way"


async def test_several_kinds_are_read_at_once(chance: Chance) -> None:
    both = asyncio.Barrier(2)

    async def handler(seen: Seen) -> Reply:
        if "continue" not in seen.query:
            async with asyncio.timeout(5):
                await both.wait()
        return paged(seen)

    async with Asked(handler, chance) as reader:
        pods, namespaces = await asyncio.gather(reader.list(Pod), reader.list(Namespace))
    assert names(pods) == names(namespaces) == list(NAMES)


async def test_a_server_that_goes_away_between_two_questions(chance: Chance) -> None:
    asked = Asked(paged, chance, pace=Pace(tries=2))
    async with asked as reader:
        await reader.list(Pod)
        await asked.server.__aexit__(None, None, None)
        with pytest.raises(Unreachable, match="refuses connections"):
            await reader.list(Pod)
        await asked.server.__aenter__()
        assert names(await reader.list(Pod)) == list(NAMES)


async def test_an_idle_connection_that_was_cut_goes_unnoticed(chance: Chance) -> None:
    asked = Asked(paged, chance)
    async with asked as reader:
        await reader.list(Pod)
        asked.server.cut()
        await reader.list(Pod)


async def test_every_error_is_one_that_people_can_mend(chance: Chance) -> None:
    async with Asked(lambda _: status(418, "teapot"), chance) as reader:
        with pytest.raises(CouldNotLook, match="418: teapot"):
            await reader.list(Pod)
