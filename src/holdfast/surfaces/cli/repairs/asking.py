"""Ask whoever sits at the terminal whether he means it."""

import sys

from holdfast.errors import BadInput
from holdfast.surfaces.cli.consoles import Plain

YES = "yes"


def meant(question: str, wanted: str = YES) -> bool:
    """Whether the person types that word. Raises `BadInput` where nobody sits."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise BadInput(
            "Nobody sits at this terminal to be asked.",
            remedy="Say --yes if you mean it, or run this where you can answer.",
        )
    Plain(stderr=True).print(f"{question} Type {wanted!r} to go on: ", end="")
    return sys.stdin.readline().strip() == wanted
