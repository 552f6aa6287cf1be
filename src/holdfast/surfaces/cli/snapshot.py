"""`holdfast snapshot`: write down what was seen, and say what was not."""

from collections.abc import AsyncIterator
from pathlib import Path

from holdfast.model.snapshot import Recorded, State
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, NOTHING
from holdfast.surfaces.cli.text import clean


async def write(recorded: AsyncIterator[Recorded], folder: Path) -> int:
    """Write kind by kind with a word on each; a list that broke off ends with exit 2."""
    console = Plain()
    broken = False
    async for kind in recorded:
        said = (
            str(kind.count) if kind.state is State.CAPTURED else f"{kind.state.value}, {kind.why}"
        )
        console.print(clean(f"{kind.plural}: {said}"))
        broken = broken or kind.state is State.PARTIAL
    console.print(f"Written to {folder}. Look at it with: holdfast scan --snapshot {folder}")
    return COULD_NOT_LOOK if broken else NOTHING
