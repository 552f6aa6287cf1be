"""What a process tells whoever watches over it."""

from typing import Protocol

from holdfast.errors import HoldfastError


class Log(Protocol):
    """Lines with ids, never with secrets: what is told is named word by word where it is told."""

    def tell(self, event: str, **about: str | int) -> None:
        """Something happened that was to be expected."""
        ...

    def complain(self, event: str, **about: str | int) -> None:
        """Something does not get on."""
        ...

    def trouble(self, at: str, error: HoldfastError) -> None:
        """What was being done, why it does not get on, and what to do; not each time."""
        ...

    def goes_on(self, at: str) -> None:
        """What was in trouble is no more; says nothing if it was in none."""
        ...
