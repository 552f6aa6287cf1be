"""What the measurements share: a folder that goes away, and the package installed in it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.installed import Installed, install


@dataclass
class Workbench:
    """One run's."""

    folder: Path
    wished: int | None = None  # how many rounds were asked for

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
