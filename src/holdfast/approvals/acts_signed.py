"""Whether all that was begun had been signed for: whoever holds the keeper's key can write that an
act was approved, and cannot write anybody's word for it.

- Of each step, everybody whom its intent names must have said yes to that step, under that digest.
- Whom somebody's wish is named for, to have it taken back, must have said so. What the keeper takes
  back by itself was signed with the act.
- In which order they were sealed is all the same: both come of one transaction.
- Of a record whose beginning was let go, what was proposed before it cannot be judged.
"""

from collections.abc import Iterator
from typing import Any

from holdfast.approvals.recorded import Said
from holdfast.model.entries import Entry

UNDO, KEEPER = "undo", "keeper"


class ActsSigned:
    """Reads a record entry by entry; what it keeps of each word is a number."""

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole  # from its first entry on
        self._words: set[int] = set()
        self._proposed: set[str] = set()
        self._begun: dict[int, tuple[str, dict[int, str]]] = {}  # those not yet signed for, by seq

    def take(self, entry: Entry, said: Said | None) -> None:
        """One entry, and the word that it holds, if that is a person's."""
        told = entry.details
        match entry.kind:
            case "proposal" if not self._whole:
                self._proposed.update(entry.subjects)
            case "approval" if said is not None:
                self._words.add(_key(told, told.get("step"), said.person))
            case "undo" if said is not None:
                self._words.add(_key(told, UNDO, said.person))
            case "intent" if self._whole or told.get("proposal") in self._proposed:
                self._take_intent(entry)
            case _:
                pass

    def _take_intent(self, entry: Entry) -> None:
        told = entry.details
        by, approvers = told.get("by"), told.get("approvers")
        if told.get("undo") is True:
            wanted = {} if by == KEEPER else {_key(told, UNDO, by): str(by)}
        else:
            names = approvers if isinstance(approvers, list | tuple) else ()
            wanted = {_key(told, told.get("step"), each): str(each) for each in names}
            wanted = wanted or {0: "nobody"}
        left = {key: who for key, who in wanted.items() if key not in self._words}
        if left:
            what = f"step {told.get('step')} of {str(told.get('proposal'))[:60]}"
            self._begun[entry.seq] = (what, left)

    def unsigned(self) -> Iterator[tuple[int, str]]:
        """Of what was begun and not signed for, the entry and why; when all has been taken."""
        for seq, (what, wanted) in self._begun.items():
            who = [name for key, name in wanted.items() if key not in self._words]
            if who:
                yield seq, f"{what} was begun in the name of {', '.join(who)}, who did not sign it"


def _key(told: Any, step: object, person: object) -> int:
    return hash((told.get("proposal"), told.get("digest"), step, person))
