"""`holdfast snapshot`: write down what was seen, and say what was not."""

from collections.abc import AsyncIterator
from pathlib import Path

from rich.console import Console

from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, State
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, NOTHING
from holdfast.surfaces.cli.screen import clean


async def write(captures: AsyncIterator[Capture[Object]], folder: Path) -> int:
    """Write kind by kind with a word on each; a list that broke off ends with exit 2."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    broken = False
    async for capture in captures:
        said = f"{len(capture.objects)}" if capture.state is State.CAPTURED else capture.state.value
        console.print(clean(f"{capture.kind.api.plural}: {said} {capture.why}"))
        broken = broken or capture.state is State.PARTIAL
    console.print(f"Written to {folder}. Look at it with: holdfast scan --snapshot {folder}")
    return COULD_NOT_LOOK if broken else NOTHING
