"""A log that a test can read."""

from holdfast.errors import HoldfastError


class Heard:
    """The `Log` port, remembered."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, str | int]]] = []
        self.troubles: list[tuple[str, HoldfastError]] = []

    def tell(self, event: str, **about: str | int) -> None:
        self.told.append((event, about))

    def complain(self, event: str, **about: str | int) -> None:
        self.told.append((event, about))

    def trouble(self, at: str, error: HoldfastError) -> None:
        self.troubles.append((at, error))

    def goes_on(self, at: str) -> None:
        """Nobody here asks when."""

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.told]
