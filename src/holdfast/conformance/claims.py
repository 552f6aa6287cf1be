"""What a suite on a cluster has counted so far, claim by claim."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from holdfast.model.counted import Counted, counted


@dataclass(kw_only=True)
class Claims:
    """What was counted so far for each claim."""

    n: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    wrong: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, claim: str, said: str | None, of: int = 1) -> None:
        """One case, or so many that were judged at once: empty as it must be, a sentence where it
        is not, None where it says nothing.
        """
        if said is not None:
            self.n[claim] += of
            self.wrong[claim] += [said] if said else []

    def lines(self, suite: str, seed: int) -> Sequence[Counted]:
        """A line for each."""
        return [
            counted(f"{suite}: {claim}", n, self.wrong[claim], seed) for claim, n in self.n.items()
        ]
