"""A kind that somebody names by its plural and its group, found where it is served."""

from holdfast.model.kinds.custom import custom
from holdfast.model.objects import Api
from holdfast.model.snapshot import State
from holdfast.ports import Unseen
from tests.contracts.gadgets import group_of, serve_gadgets
from tests.contracts.ways import Way, eventually


async def test_a_kind_is_found_by_its_name(way: Way) -> None:
    resource = await serve_gadgets(way)
    reader = await way.reader()

    found = await eventually(lambda: reader.named(resource), lambda api: isinstance(api, Api))

    assert isinstance(found, Api)
    assert (group_of(way), "gadgets", "Gadget", True) == (
        found.group,
        found.plural,
        found.kind,
        found.namespaced,
    )
    assert State.CAPTURED is (await reader.list(custom(found))).state


async def test_a_kind_that_is_not_served_is_absent(way: Way) -> None:
    reader = await way.reader()

    for name in (f"gadgets.{group_of(way)}", "gizmos.apps"):
        why = f"the API server does not serve {name}"
        assert Unseen(state=State.ABSENT, why=why) == await reader.named(name)


async def test_a_built_in_kind_has_a_name_like_any_other(way: Way) -> None:
    reader = await way.reader()

    found = await reader.named("deployments.apps")

    assert Api(group="apps", versions=("v1",), kind="Deployment", plural="deployments") == found
