"""What is wanted of the chain is taken out of it line by line: a record of years fits no memory."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from holdfast.adapters.signers.ed25519 import check
from holdfast.model.entries import Entry
from holdfast.ports import Records
from holdfast.testing.memory import Kept, RecordsInMemory
from holdfast.workflow.in_the_chain import as_it_stands, entries_since
from tests.audit.chains import a_chain, a_key

type Wanted = Callable[[Entry], bool]


class Told(RecordsInMemory):
    """Remembers which of its lines somebody has taken so far."""

    taken = 0

    def lines(self, first: int = 1) -> Iterator[bytes]:
        """Each, one at a time."""
        for line in super().lines(first):
            self.taken += 1
            yield line


def with_our_keys(records: Records, wanted: Wanted) -> Sequence[Entry]:
    return entries_since(records, None, [a_key().public], check, wanted)


@pytest.mark.parametrize("read", [with_our_keys, as_it_stands])
def test_each_entry_is_judged_before_the_next_is_read(
    read: Callable[[Records, Wanted], Sequence[Entry]],
) -> None:
    records = Told(Kept(entries=tuple(a_chain(9))))
    judged: list[tuple[int, int]] = []

    def wanted(entry: Entry) -> bool:
        judged.append((records.taken, entry.seq))
        return entry.seq in {2, 7}

    assert [2, 7] == [each.seq for each in read(records, wanted)]
    assert [(seq, seq) for seq in range(1, 10)] == judged
