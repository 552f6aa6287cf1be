"""A kind that no cluster serves until a test brings it."""

from typing import ClassVar

from holdfast.model.objects import Api, Object, Part
from tests.contracts.driver import a_definition
from tests.contracts.ways import Way, eventually


class GadgetSpec(Part, frozen=True, kw_only=True):
    """What rules would read of a gadget."""

    size: int = 1
    tags: tuple[str, ...] = ()


class GadgetOf(Object, frozen=True, kw_only=True):
    """A gadget, of whatever group."""

    spec: GadgetSpec = GadgetSpec()


def group_of(way: Way) -> str:
    """A group that belongs to this test alone."""
    return f"{way.namespace}.holdfast.dev"


def gadgets_of(way: Way) -> type[GadgetOf]:
    """The kind as our code reads it, served or not."""

    class Gadget(GadgetOf, frozen=True, kw_only=True):
        api: ClassVar[Api] = Api(group=group_of(way), kind="Gadget", plural="gadgets")

    return Gadget


async def serve_gadgets(way: Way, *, status: bool = True) -> str:
    """Register the kind and wait until it is served; returns its resource for the driver."""
    group = group_of(way)
    await way.driver.create("customresourcedefinitions", a_definition(group, status=status))
    resource = f"gadgets.{group}"
    await eventually(lambda: way.driver.send("list", resource), lambda answer: answer.code == 200)
    return resource
