"""`holdfast propose --from-patch`: the action of ours that equals a kubectl patch, or the nearest.

The target is one that was seen, and is read whole, with your own kubeconfig; the keeper reads it
again by itself.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TextIO

import msgspec

from holdfast.actions import CLOSED_SET
from holdfast.diagnosis.patching import BY, Named, action_of, named_by, unchangeable
from holdfast.diagnosis.repairs import Candidate, answers_there
from holdfast.diagnosis.repairs import named as all_seen
from holdfast.errors import BadInput
from holdfast.model.asks import Refusal
from holdfast.model.documents import Document
from holdfast.model.kinds import Deployment, ReplicaSet
from holdfast.model.names import few
from holdfast.model.objects import Ref
from holdfast.model.plainly import LONGEST
from holdfast.model.repairs import Action, Sight
from holdfast.model.snapshot import Snapshot
from holdfast.model.troubles import Trouble
from holdfast.ports import Unseen
from holdfast.surfaces.cli.doors import Look
from holdfast.surfaces.cli.meaning import written
from holdfast.surfaces.cli.repairs.wishes import Seen, Wish, Written, one_of, trouble_meant
from holdfast.surfaces.cli.text import clean

STDIN = Path("-")


class Equal(msgspec.Struct, frozen=True, kw_only=True):
    """What a patch is, as one of what could be done about a trouble."""

    trouble: Trouble
    candidate: Candidate


def asked_by(
    wish: Wish, patch: Written, seen: Seen, door: AbstractAsyncContextManager[Look]
) -> Equal | Refusal:
    """What the patch asks for; a refusal names the nearest.

    Without a trouble it is the one that such an action answers: an action must answer a fact.
    """
    file = clean(str(patch.file))
    text = text_of(patch.file, "patch", LONGEST)
    named = named_by(text, file)
    if wish.trouble:
        troubles: Sequence[Trouble] = [trouble_meant(wish.trouble, seen.judged)]
        there = _changed_for(wish, seen)
    else:
        troubles, there = seen.judged.troubles, _all_named(named, wish, seen)
    target = _target(there, named, wish)
    if isinstance(target, Refusal):
        return target
    action = action_of(text, file, patch.form, asyncio.run(_sight(target, seen.snapshot, door)))
    if isinstance(action, Refusal):
        return action
    if wish.action not in ("", action.kind.name):
        return _no(f"it is {action.kind.name}, and not {wish.action}")
    return _answered(action, target, wish, troubles, seen)


def _changed_for(wish: Wish, seen: Seen) -> Sequence[Ref]:
    """The objects whose fields something that answers the named trouble could change."""
    _, _, could = seen.could(wish.trouble)
    fitting = [
        each.target
        for each in could.candidates
        if each.action.kind.touches
        and wish.names(each.target)
        and wish.action in ("", each.action.kind.name)
    ]
    if not fitting:
        raise BadInput(
            "No action of ours answers this trouble by changing fields of an object.",
            remedy="See what there is with --list.",
        )
    return list(dict.fromkeys(fitting))


def _all_named(named: Named, wish: Wish, seen: Seen) -> Sequence[Ref]:
    """Every object that was seen which is named on the command line, or else by the patch."""
    if not wish.target and not (named.kind and named.name):
        raise BadInput(
            "Nothing says which object the patch is for.",
            remedy="Name it with --target Kind/namespace/name, or in the patch: apiVersion, kind, "
            "metadata.name and metadata.namespace. Or name a trouble before the patch.",
        )
    every = all_seen(seen.snapshot).values()
    if wish.target:
        there = [each for each in every if wish.names(each)]
    else:
        there = [each for each in every if named.fits(each)]
    if not there:
        raise BadInput(
            f"{clean(wish.target or str(named))} is not seen there.",
            remedy="See that its name, its namespace and its apiVersion are right, and that you "
            "may list it.",
        )
    _refuse_guess(there, named, wish)
    return [each for each in there if unchangeable(each) is None] or there


def _refuse_guess(there: Sequence[Ref], named: Named, wish: Wish) -> None:
    """Raise unless somebody has said which namespace is meant: that there is one object of that
    name alone says it of none.
    """
    said = named.namespace or "/" in wish.target or len(wish.namespaces) == 1
    if not said and any(each.namespace for each in there):
        raise BadInput(
            f"Nothing says in which namespace it is; there is {few(written(e) for e in there)}.",
            remedy="Write metadata.namespace into the patch, or name the namespace with -n.",
        )


def _target(there: Sequence[Ref], named: Named, wish: Wish) -> Ref | Refusal:
    """The one of those that the patch does not say it is not for, if we change any like it."""
    fitting = [each for each in there if named.fits(each)]
    if len(fitting) == 1:
        return unchangeable(fitting[0]) or fitting[0]
    told = few(written(each) for each in fitting or there)
    if fitting:
        raise BadInput(f"The patch could be meant for {told}.", remedy="Name one with --target.")
    by = "what is named with --target is" if wish.target else "what answers this trouble is done to"
    return _no(f"it says that it is for {named}, and {by} {told}")


def _answered(
    action: Action, target: Ref, wish: Wish, troubles: Sequence[Trouble], seen: Seen
) -> Equal | Refusal:
    """The trouble that the action answers there."""
    around = seen.around(troubles)
    answered = list(answers_there(target, troubles, around, [type(action)]))
    if len(answered) == 1:
        trouble, like = answered[0]
        return Equal(trouble=trouble, candidate=msgspec.structs.replace(like, action=action))
    name = action.kind.name
    if answered:
        raise BadInput(
            f"{name} of {written(target)} would answer {len(answered)} troubles.",
            remedy=one_of([trouble for trouble, _ in answered]),
        )
    if wish.trouble:
        none = f"it is {name}, which answers nothing of this trouble"
    else:
        none = (
            f"none: it is {name} of {written(target)}, which answers nothing that is found now, "
            "and an action must answer a fact"
        )
    others = answers_there(target, troubles, around, CLOSED_SET)
    nearest = few(f"{each.action.kind.name} ({trouble.id})" for trouble, each in others)
    return _no(f"{none}. The nearest that would: {nearest}" if nearest else none)


def _no(because: str) -> Refusal:
    return Refusal(by=BY, because=because)


async def _sight(target: Ref, snapshot: Snapshot, door: AbstractAsyncContextManager[Look]) -> Sight:
    async with door as look:
        document = await _whole(look, target)
        if document is None:
            raise BadInput(
                f"{target} cannot be read whole.", remedy="Ask with an account that may read it."
            )
        beside = [await _whole(look, each.ref) for each in _revisions(target, snapshot)]
    return Sight(
        document=document,
        around=snapshot,
        beside=tuple(each for each in beside if each is not None),
    )


async def _whole(look: Look, ref: Ref) -> Document | None:
    found = await look(ref)
    return None if isinstance(found, Unseen) or found.ref != ref else found


def _revisions(target: Ref, snapshot: Snapshot) -> Sequence[ReplicaSet]:
    """What a Deployment could be gone back to."""
    deployment = snapshot.find(Deployment, target.namespace, target.name)
    return snapshot.owned_by(ReplicaSet, deployment) if deployment is not None else ()


def text_of(path: Path, what: str, longest: int) -> str:
    """What somebody wrote, in a file or on standard input; a character more than the longest that
    is taken, if there are so many.
    """
    try:
        if path == STDIN:
            text = _piped(sys.stdin, longest)
        else:
            with path.open(encoding="utf-8") as opened:
                text = opened.read(longest + 1)
    except (OSError, UnicodeError) as failed:
        raise BadInput(
            f"The {what} {clean(str(path))} cannot be read: {clean(str(failed))}.",
            remedy="Name a file of JSON or YAML, or - for standard input.",
        ) from None
    return text


def _piped(stream: TextIO | None, longest: int) -> str:
    """What comes on standard input. Raises `OSError` if that is no text."""
    if stream is None:
        raise OSError("it is closed")
    text = stream.read(longest + 1)
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes that were let through under other names
        raise OSError("it is not UTF-8") from None
    return text
