"""How far a look is, in one line that moves while pages arrive."""

from collections import Counter
from collections.abc import Callable

from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture

SHOWN = 3  # kinds that are under way: with more, the line would not fit into a terminal


class Progress:
    """Counts what has arrived, and says it anew each time."""

    def __init__(self, kinds: int, say: Callable[[str], None]) -> None:
        self._kinds = kinds
        self._say = say
        self._done = 0
        self._objects = 0
        self._under_way: Counter[str] = Counter()

    def arriving(self, kind: type[Object], count: int) -> None:
        """A page has come."""
        self._objects += count
        self._under_way[kind.api.plural] += count
        self._say(self.line())

    def seen(self, capture: Capture[Object]) -> None:
        """A kind has been read to its end, whatever that was."""
        self._done += 1
        del self._under_way[capture.kind.api.plural]
        self._say(self.line())

    def line(self) -> str:
        """Where it stands: the biggest of what is under way first."""
        now = ", ".join(f"{n:,} {what}" for what, n in self._under_way.most_common(SHOWN) if n)
        reading = f"; reading {now}" if now else ""
        return f"Looking: {self._done} of {self._kinds} kinds, {self._objects:,} objects{reading}"
