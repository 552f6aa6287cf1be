"""What a server would do, and whether it is what people approved: place by place, to the value."""

from collections.abc import Iterable, Iterator

from holdfast.model.canonical import canonical
from holdfast.model.documents import Document, effect
from holdfast.model.paths import Difference, Path, differences, found_at, written
from holdfast.model.steps import Patch, Step


def computed(step: Step, fresh: Document, after: Document | None) -> tuple[Difference, ...] | None:
    """The effect of a request by a server's answer to it; None where the answer does not say.

    A subresource is another object than the one that it is of: only the places that were asked for
    stand in both. What removes an object changes nothing in it.
    """
    if not isinstance(step, Patch):
        return ()
    if after is None:
        return None
    if not step.subresource:
        return effect(fresh, after)
    return tuple(
        found
        for each in step.sets
        for found in differences(
            found_at(fresh.value, each.path), found_at(after.value, each.path), each.path
        )
    )


def unlike(approved: Iterable[Difference], now: Iterable[Difference]) -> Iterator[str]:
    """Where the two are not the same, by name and never by value; nothing if they are."""
    wanted, found = _by_place(approved), _by_place(now)
    for path in sorted(wanted.keys() | found.keys(), key=written):
        was, there = wanted.get(path), found.get(path)
        if was is None:
            yield f"it would change {written(path)} as well"
        elif there is None:
            yield f"it would not change {written(path)} any more"
        elif canonical([was.before, was.after]) != canonical([there.before, there.after]):
            yield f"it would change {written(path)} in another way"


def _by_place(effect: Iterable[Difference]) -> dict[Path, Difference]:
    return {each.path: each for each in effect}
