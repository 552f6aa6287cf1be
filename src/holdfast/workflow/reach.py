"""How far a look or a watch reaches: in which namespaces, and whether that is anything at all."""

from collections.abc import Iterable, Mapping, Sequence

from holdfast.errors import CouldNotLook, NoSuchNamespace
from holdfast.model.kinds import Namespace, Pod
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, State
from holdfast.ports import Cluster, Unseen


async def unproven(cluster: Cluster, namespaces: Iterable[str]) -> Mapping[str, State]:
    """Those namespaces that nobody vouches for: they are absent, or may not be asked about."""
    told = {name: await cluster.get(Namespace, "", name) for name in namespaces}
    return {name: said.state for name, said in told.items() if isinstance(said, Unseen)}


async def refuse_unknown(cluster: Cluster, namespaces: Iterable[str]) -> Mapping[str, State]:
    """The same, before anything is read; one that does not exist is an error."""
    unknown = await unproven(cluster, namespaces)
    for name, state in unknown.items():
        if state is State.ABSENT:
            raise _no_such(name)
    return unknown


def scopes(kind: type[Object], namespaces: tuple[str, ...] | None) -> tuple[str | None, ...]:
    """What has to be asked for, to see a kind in those namespaces; None asks for all at once."""
    return (None,) if namespaces is None or not kind.api.namespaced else namespaces


def put_together(
    kind: type[Object], namespaces: Sequence[str], parts: Sequence[Capture[Object]]
) -> Capture[Object]:
    """One capture of what was seen in each of those namespaces."""
    seen = tuple(
        name for name, part in zip(namespaces, parts, strict=True) if part.state is State.CAPTURED
    )
    bad = [part for part in parts if part.state is not State.CAPTURED]
    return Capture(
        kind=kind,
        state=bad[0].state if bad else State.CAPTURED,
        objects=tuple(each for part in parts for each in part.objects),
        namespaces=seen or tuple(namespaces),
        unseen=tuple(name for name in namespaces if name not in seen),
        why="; ".join(dict.fromkeys(part.why for part in bad)),
        unreadable=tuple(each for part in parts for each in part.unreadable),
    )


def refuse_blindness(
    captures: Sequence[Capture[Object]],
    namespaces: tuple[str, ...] | None,
    unknown: Mapping[str, State],
) -> None:
    """Raise when an empty screen would look healthy."""
    blind = astray(captures, namespaces, unknown)
    if blind is not None:
        raise blind


def astray(
    captures: Sequence[Capture[Object]],
    namespaces: tuple[str, ...] | None,
    unknown: Mapping[str, State],
) -> CouldNotLook | None:
    """Why what was asked for cannot be seen at all, if that is so.

    Nothing may be read; or a namespace does not exist; or nothing is there of one of which nobody
    vouches that it does. An empty screen would look healthy, and a mistyped namespace is always
    empty.
    """
    for name in namespaces or ():
        if _is_gone(name, captures, unknown):
            return _no_such(name)
    if captures and not any(_shows(each) for each in captures):
        remedy = "Ask for the role that `holdfast rbac reader` prints"
        remedy += ", or look at one namespace with -n NAME." if namespaces is None else "."
        return CouldNotLook(f"Nothing may be read here: {_denied(captures)}.", remedy=remedy)
    if namespaces is None:
        return None
    inside = [c for c in captures if c.kind.api.namespaced and c.state is not State.ABSENT]
    if inside and not any(_shows(each) for each in inside):
        return CouldNotLook(
            f"Nothing may be read in {', '.join(namespaces)}: {_denied(inside)}.",
            remedy="Ask for the role that `holdfast rbac reader --namespace NAME` prints.",
        )
    there = {o.metadata.namespace for c in captures for o in c.objects} if unknown else set()
    for name in sorted(unknown.keys() - there):
        if any(name not in c.unseen for c in inside):
            return CouldNotLook(
                f"Nothing was seen in namespace {name!r}, and whether it exists may not be asked.",
                remedy="Check its name, or ask for the right to get namespaces.",
            )
    return None


def _denied(captures: Sequence[Capture[Object]]) -> str:
    """Which rights are missing, by the kind that everybody knows."""
    kind = next((each for each in captures if each.kind is Pod), captures[0])
    if kind.state is not State.FORBIDDEN:
        return kind.why
    others = len(captures) - 1
    and_others = f" and {others} other kinds" if others else ""
    return f"the right to list {kind.kind.api.plural}{and_others} is missing ({kind.why})"


def _shows(capture: Capture[Object]) -> bool:
    return capture.state in (State.CAPTURED, State.PARTIAL) or bool(capture.objects)


def _is_gone(name: str, captures: Iterable[Capture[Object]], unknown: Mapping[str, State]) -> bool:
    """The list of namespaces knows best; where it may not be read, the last word on this one."""
    for capture in captures:
        if capture.kind is Namespace and capture.whole:
            return ("", name) not in capture.by_name
    return unknown.get(name) is State.ABSENT


def _no_such(name: str) -> NoSuchNamespace:
    return NoSuchNamespace(
        f"There is no namespace {name!r} in this cluster.",
        remedy="List them with: kubectl get namespaces",
    )
