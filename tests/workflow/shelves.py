"""A shelf for checkpoints that a test can read, fill and break."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from holdfast.errors import SinkFailed


@dataclass
class Shelved:
    """The `Shelf` port, in memory."""

    there: dict[str, bytes] = field(default_factory=dict)
    away: bool = False
    place: str = "ConfigMap holdfast/holdfast-checkpoints"

    def notes(self) -> Mapping[str, bytes]:
        """What is there."""
        if self.away:
            raise SinkFailed("the cluster does not answer.", remedy="Wait for it.")
        return dict(self.there)

    def keep(self, note: bytes, name: str, judge: Callable[[Mapping[str, bytes]], bool]) -> None:
        """Put one there, if it may be."""
        if judge(self.notes()):
            self.there[name] = note
