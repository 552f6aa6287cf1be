"""`holdfast snapshot`: write down what was seen, and say what was not."""

from collections.abc import AsyncIterator
from pathlib import Path

from holdfast.model.names import few
from holdfast.model.snapshot import Recorded, State
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, NOTHING
from holdfast.surfaces.cli.headline import exit_told
from holdfast.surfaces.cli.text import clean


async def write(recorded: AsyncIterator[Recorded], folder: Path) -> int:
    """Write kind by kind with a word on each; a list that broke off ends with exit 2.

    Until something was seen nothing is said: if nothing may be, the error says it once.
    """
    console = Plain()
    held: list[str] = []
    seen = False
    broken: list[str] = []
    async for kind in recorded:
        said = (
            str(kind.count) if kind.state is State.CAPTURED else f"{kind.state.value}, {kind.why}"
        )
        held.append(clean(f"{kind.plural}: {said}"))
        seen = seen or kind.count > 0 or kind.state in (State.CAPTURED, State.PARTIAL)
        if kind.state is State.PARTIAL:
            broken.append(f"{kind.plural} ({kind.why.removesuffix('.')})")
        if seen:
            console.print("\n".join(held))
            held.clear()
    console.print(f"Written to {folder}. Look at it with: holdfast scan --snapshot {folder}")
    if not broken:
        return NOTHING
    console.print(clean(exit_told(f"not seen whole: {few(broken)}")))
    return COULD_NOT_LOOK
