"""What measurements share: a folder that goes away, the package, and clusters that are made up."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench.installed import Installed, install
from bench.made import Made, make


@dataclass
class Workbench:
    """One run's."""

    folder: Path
    wished: int | None = None  # how many rounds were asked for
    _made: dict[int, Made] = field(default_factory=dict)

    def place(self, name: str) -> Path:
        """A folder of its own for one of them."""
        made = self.folder / name
        made.mkdir()
        return made

    def rounds(self, usual: int) -> int:
        """As many as were asked for, else as many as that measurement likes."""
        return self.wished or usual

    @cached_property
    def installed(self) -> Installed:
        """The wheel, installed once for all who ask."""
        return install(self.place("installed"))

    def made(self, pods: int) -> Made:
        """A made-up cluster of that many pods, written down once for all who ask."""
        if pods not in self._made:
            self._made[pods] = make(self.place(f"cluster-{pods}"), pods)
        return self._made[pods]
