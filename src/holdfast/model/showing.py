"""A proposal as people see it: every value of it that may be a secret stands there as a hash."""

from functools import partial

import msgspec

from holdfast.model.canonical import Plain
from holdfast.model.hiding import named, shown
from holdfast.model.paths import Difference, Item, Path
from holdfast.model.proposals import Proposal
from holdfast.model.steps import Create, Patch, Set, Step


def proposal_shown(about: Proposal) -> Proposal:
    """The proposal as it is shown. What is signed has another digest: take that of the original."""
    return msgspec.structs.replace(
        about,
        steps=tuple(map(step_shown, about.steps)),
        undo=tuple(map(step_shown, about.undo)),
        effect=tuple(map(difference_shown, about.effect)),
    )


def step_shown(step: Step) -> Step:
    """A request, with the values that it sends as they are shown."""
    match step:
        case Patch(sets=sets):
            return msgspec.structs.replace(step, sets=tuple(map(_set_shown, sets)))
        case Create(manifest=manifest):
            told = {name: shown(each, (name,)) for name, each in manifest.items()}
            return msgspec.structs.replace(step, manifest=told)
    return step


def difference_shown(each: Difference) -> Difference:
    """A place with what was and what will be there, as they are shown."""
    at = partial(shown, path=each.path)
    return Difference(path=each.path, before=at(each.before), after=at(each.after))


def sent_by(step: Step) -> Plain:
    """All that a request sends: objects as far as it has them."""
    match step:
        case Create(manifest=manifest):
            return manifest
        case Patch(sets=sets):
            return [_placed(each.path, value) for each in sets for value in (each.value, each.was)]
    return None


def _set_shown(each: Set) -> Set:
    at = partial(shown, path=each.path)
    return Set(path=each.path, value=at(each.value), was=at(each.was))


def _placed(path: Path, value: Plain) -> Plain:
    """A value where it would stand in an object."""
    for segment in reversed(path):
        value = [value] if isinstance(segment, Item) else {named(segment): value}
    return value
