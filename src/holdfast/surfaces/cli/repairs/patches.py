"""`holdfast propose --from-patch`: the action of ours that equals a kubectl patch, or the nearest.

The target is read whole, with your own kubeconfig; the keeper reads it again by itself.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TextIO

import msgspec

from holdfast.diagnosis.patching import action_of
from holdfast.diagnosis.repairs import Candidate
from holdfast.errors import BadInput
from holdfast.model.asks import Refusal
from holdfast.model.documents import Document
from holdfast.model.kinds import Deployment, ReplicaSet
from holdfast.model.objects import Ref
from holdfast.model.patches import Form
from holdfast.model.plainly import LONGEST
from holdfast.model.repairs import Sight
from holdfast.model.snapshot import Snapshot
from holdfast.ports import Unseen
from holdfast.surfaces.cli.doors import Look
from holdfast.surfaces.cli.meaning import written
from holdfast.surfaces.cli.text import clean

STDIN = Path("-")


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A patch that somebody wrote."""

    file: Path
    form: Form


def asked_by(
    patch: Written,
    candidates: Sequence[Candidate],
    snapshot: Snapshot,
    door: AbstractAsyncContextManager[Look],
) -> Candidate | Refusal:
    """What the patch asks for, as one of what could be done; a refusal names the nearest."""
    text = text_of(patch.file, "patch", LONGEST)
    target = _target(candidates)
    seen = asyncio.run(_sight(target, snapshot, door))
    action = action_of(text, clean(str(patch.file)), patch.form, seen)
    if isinstance(action, Refusal):
        return action
    like = next((each for each in candidates if type(each.action) is type(action)), None)
    if like is None:
        because = f"it is {action.kind.name}, which answers nothing of this trouble"
        return Refusal(by="from_patch", because=because)
    return msgspec.structs.replace(like, action=action)


def _target(candidates: Sequence[Candidate]) -> Ref:
    """The one object whose fields something of this could change."""
    there = list(dict.fromkeys(each.target for each in candidates if each.action.kind.touches))
    if len(there) == 1:
        return there[0]
    if not there:
        raise BadInput(
            "No action of ours answers this trouble by changing fields of an object.",
            remedy="See what there is with --list.",
        )
    names = ", ".join(written(each) for each in there)
    raise BadInput(f"The patch could be meant for {names}.", remedy="Name one with --target.")


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
