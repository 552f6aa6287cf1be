"""Writes of the command line that go through the keeper's inbox."""

import asyncio
from datetime import datetime

import msgspec

from holdfast.errors import BadInput
from holdfast.model.letters import LONGEST_REMARK, REMARK, Letter, Remark
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, NOTHING
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.alive import living_keeper
from holdfast.workflow.answers import RECORDED
from holdfast.workflow.posting import NO_KEEPER, START_ONE, post


def remark(ground: Ground, text: str, now: datetime) -> int:
    """Have something stand in the record."""
    try:
        said = msgspec.convert({"text": text.strip()}, Remark)
    except msgspec.ValidationError:
        raise BadInput(
            f"A remark is a text of at most {LONGEST_REMARK} characters.",
            remedy="Say it in one paragraph, and where the rest can be read.",
        ) from None
    body = {"text": said.text}
    return _posted(
        ground, Letter(id=ground.id("ltr"), kind=REMARK, sender=ground.actor, body=body, at=now)
    )


def _posted(ground: Ground, letter: Letter) -> int:
    with ground.store() as store:
        outcome = asyncio.run(post(store, letter))
        why = "the keeper has not answered" if living_keeper(store) else NO_KEEPER
    if outcome is None:
        Plain().print(f"It waits in the inbox as {letter.id}, because {why}. {START_ONE}")
        return NOTHING
    Plain().print(clean(f"{outcome[:1].upper()}{outcome[1:]}"))
    return NOTHING if outcome.startswith(RECORDED) else COULD_NOT_LOOK
