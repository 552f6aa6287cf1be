"""Ask whoever sits at the terminal whether he means it."""

import sys

from holdfast.errors import BadInput
from holdfast.surfaces.cli.consoles import Plain

YES = "yes"


def refuse_without_terminal() -> None:
    """Raises `BadInput` where nobody sits who could answer."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise BadInput(
            "Nobody sits at this terminal to be asked.",
            remedy="Say --yes if you mean it, or run this where you can answer.",
        )


def meant(question: str, wanted: str = YES) -> bool:
    """Whether the person types that word. Raises `BadInput` where nobody sits."""
    refuse_without_terminal()
    Plain(stderr=True).print(f"{question} Type {wanted!r} to go on: ", end="")
    return sys.stdin.readline().strip() == wanted
