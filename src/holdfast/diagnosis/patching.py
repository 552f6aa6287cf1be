"""From a patch that somebody wrote to the action of ours that is the same, or to the nearest.

A patch is an action if and only if it changes exactly the places that the action's own steps
change, to exactly the same values. Nothing is left out of it to make it fit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from holdfast import actions
from holdfast.actions import CLOSED_SET
from holdfast.errors import BadInput
from holdfast.model import plainly
from holdfast.model.asks import Refusal
from holdfast.model.canonical import Plain, canonical
from holdfast.model.documents import Document, beyond
from holdfast.model.merge_patches import as_wanted
from holdfast.model.names import few
from holdfast.model.objects import Ref
from holdfast.model.patches import Form, patched
from holdfast.model.paths import Difference, Path, differences, within, written
from holdfast.model.repairs import Action, Kind, Sight, plain_of
from holdfast.model.steps import Patch

BY = "from_patch"
SUBRESOURCES = frozenset({"", "scale"})


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """The object that a patch says it is for, as far as it says so."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        place = "/".join(each for each in (self.kind, self.namespace, self.name) if each)
        return f"{place} of {self.api_version}" if self.api_version else place

    def fits(self, ref: Ref) -> bool:
        """Whether that object can be meant."""
        return all(
            getattr(self, each) in ("", getattr(ref, each)) for each in Named.__struct_fields__
        )


def named_by(text: str, what: str) -> Named:
    """The object that a patch in that text is for, written as in a file for `kubectl apply`.

    Raises `BadInput` for a text that has no one meaning.
    """
    found = plainly.value(text, what)
    if not isinstance(found, Mapping):
        return Named()  # a list of operations names none
    ref = Document(value=found).ref
    return Named(api_version=ref.api_version, kind=ref.kind, namespace=ref.namespace, name=ref.name)


def unchangeable(target: Ref) -> Refusal | None:
    """Why no patch of that object can be an action of ours, whatever it says."""
    fitting = [kind.kind for kind in CLOSED_SET if kind.kind.fits(target)]
    if any(kind.touches for kind in fitting):
        return None
    names = few(kind.name for kind in fitting)
    nearest = f". The nearest is {names}, which changes none" if names else ""
    because = f"no action of ours changes fields of a {target.kind}{nearest}"
    return Refusal(by=BY, because=because)


def action_of(
    text: str, what: str, form: Form, seen: Sight, subresource: str = ""
) -> Action | Refusal:
    """The action that equals the patch in that text, on that target; else the nearest, and how it
    differs. `seen` holds the revisions that could be gone back to beside it, whole.

    Raises `BadInput` for a text that has no one meaning.
    """
    if subresource not in SUBRESOURCES:
        because = f"no action of ours patches the subresource {subresource[:40]!r}"
        return Refusal(by=BY, because=because)
    before = seen.document.value
    after = patched(before, plainly.value(text, what), form)
    changed = tuple(differences(before, after))
    if not changed:
        return Refusal(by=BY, because=f"it changes nothing of {seen.document.ref}")
    fitting = [kind for kind in CLOSED_SET if kind.kind.fits(seen.document.ref)]
    for kind in fitting:
        kept = tuple(map(kind.as_kept, changed))
        for action in _of_kind(kind, kept, seen):
            if _the_same(_changes(action, seen), kept) and _asked_there(action, subresource):
                return action
    no = unchangeable(seen.document.ref)
    return no if no is not None else Refusal(by=BY, because=_nearest(fitting, changed))


def _of_kind(kind: type[Action], changed: Sequence[Difference], seen: Sight) -> Iterator[Action]:
    for each in kind.that_changes(changed, seen):
        told = plain_of(each)["params"]
        try:
            yield actions.built(kind.kind.name, told if isinstance(told, dict) else {})
        except BadInput:
            continue  # it is near, and its values are none that we would set


def _changes(action: Action, seen: Sight) -> Sequence[Difference]:
    """All that the action's own requests would make different, as they are written."""
    value: Plain = seen.document.value
    for step in action.steps(seen):
        if not isinstance(step, Patch):
            return ()
        value = as_wanted(step.sets, seen.document).value
    return tuple(differences(seen.document.value, value))


def _the_same(one: Iterable[Difference], other: Iterable[Difference]) -> bool:
    """By place, segment by segment: two ways may be told by one text."""
    return _by_place(one) == _by_place(other)


def _by_place(changed: Iterable[Difference]) -> dict[Path, bytes]:
    return {each.path: canonical([each.before, each.after]) for each in changed}


def _asked_there(action: Action, subresource: str) -> bool:
    """A scale that was written as a change of the whole object is a scale all the same."""
    return not subresource or type(action).kind.subresource == subresource


def _nearest(fitting: Sequence[type[Action]], changed: Sequence[Difference]) -> str:
    touching = [kind.kind for kind in fitting if kind.kind.touches]
    nearest = min(touching, key=lambda kind: _distance(kind, changed))
    strange = beyond(changed, nearest.touches)
    places = few(written(each) for each in strange)
    if strange:
        return f"it equals no action of ours. The nearest is {nearest.name}, which leaves {places}"
    return (
        f"it equals no action of ours. The nearest is {nearest.name}, which sets "
        f"{few(written(each) for each in nearest.touches)} to no such value"
    )


def _distance(kind: Kind, changed: Sequence[Difference]) -> tuple[int, int, str]:
    """The most exact place of it that is changed, then how much else is."""
    met = [
        len(place) for place in kind.touches if any(within(each.path, place) for each in changed)
    ]
    return (-max(met, default=0), len(beyond(changed, kind.touches)), kind.name)
