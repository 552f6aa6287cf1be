"""Whether all that was begun had been signed for: whoever holds the keeper's key can write that an
act was approved, and cannot write anybody's word for it.

- Of each step, everybody whom its intent names must have said yes to that step, under that digest.
- Whom somebody's wish is named for, to have it taken back, must have said so. What the keeper takes
  back by itself was signed with the act: an act of that step and digest must have been begun, which
  is judged as every act is.
- An intent that does not say what it is for, and in whose name, was signed by nobody.
- In which order they were sealed is all the same: both come of one transaction.
- Of a record whose beginning was let go, what was proposed before it cannot be judged.
"""

from collections.abc import Iterator, Mapping

import msgspec

from holdfast.approvals.recorded import Said
from holdfast.model.entries import Entry

UNDO, KEEPER = "undo", "keeper"


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What an intent says; more may stand in it."""

    proposal: str
    digest: str
    step: int
    approvers: tuple[str, ...] = ()
    undo: bool = False
    by: str = "nobody"


class ActsSigned:
    """Reads a record entry by entry; what it keeps of each word is a number."""

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole  # from its first entry on
        self._words: set[int] = set()  # people's, and the keeper's that it began a step
        self._proposed: set[str] = set()
        self._begun: dict[int, tuple[str, dict[int, str]]] = {}  # those not yet signed for, by seq
        self._unread: list[int] = []  # what says nothing that anybody could have signed

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
            case "intent":
                self._take_intent(entry)
            case _:
                pass

    def _take_intent(self, entry: Entry) -> None:
        told = entry.details
        try:
            intent = msgspec.convert(told, Intent)
        except msgspec.ValidationError:
            self._unread.append(entry.seq)
            return
        if not self._whole and intent.proposal not in self._proposed:
            return
        begun = _key(told, intent.step)
        if not intent.undo:
            self._words.add(begun)
            wanted = {_key(told, intent.step, each): each for each in intent.approvers}
            wanted = wanted or {0: "nobody"}
        elif intent.by == KEEPER:
            wanted = {begun: "nobody"}
        else:
            wanted = {_key(told, UNDO, intent.by): intent.by}
        left = {key: who for key, who in wanted.items() if key not in self._words}
        if left:
            self._begun[entry.seq] = (_what(intent), left)

    def unsigned(self) -> Iterator[tuple[int, str]]:
        """Of what was begun and not signed for, the entry and why; when all has been taken."""
        for seq in self._unread:
            yield seq, "it does not say what was begun, and in whose name"
        for seq, (what, wanted) in self._begun.items():
            who = [name for key, name in wanted.items() if key not in self._words]
            if who:
                begun = f"{what} was begun in the name of {', '.join(who)}"
                yield seq, f"{begun}: no entry holds their signed word for it"


def _what(intent: Intent) -> str:
    step = f"step {intent.step} of {intent.proposal[:60]}"
    return f"the undo of {step}" if intent.undo else step


def _key(told: Mapping[str, object], *what: object) -> int:
    return hash((told.get("proposal"), told.get("digest"), *what))
