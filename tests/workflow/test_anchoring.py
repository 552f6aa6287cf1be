"""What is kept on the cluster of a record: heeded before anything is done, and never set back."""

from collections.abc import Callable

import pytest

from holdfast.adapters.signers.ed25519 import check
from holdfast.audit.checkpoints import body, note
from holdfast.errors import HoldfastError, NotReady, SinkFailed, WrongStore
from holdfast.model.entries import Checkpoint
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow.anchoring import Anchorage, anchor, note_name, require_on_shelf
from tests.audit.chains import CLUSTER, a_chain, a_draft, a_key, checkpoints
from tests.workflow.shelves import Shelved
from tests.workflow.test_sealing import Keys, a_sealer, keys


def a_store(entries: int) -> StoreInMemory:
    store = StoreInMemory(CLUSTER)
    for number in range(1, entries + 1):
        a_sealer(store).record([a_draft(number)])
    return store


def signed(tip: Checkpoint, name: str = "audit") -> bytes:
    key = a_key(name)
    return note(tip, key.public, key.sign(body(tip)))


def tip_of(store: StoreInMemory) -> Checkpoint:
    with store.reading() as tx:
        tip = tx.records.tip()
    assert tip is not None
    return tip


def anchorage(shelf: Shelved) -> tuple[Anchorage, dict[str, bytes]]:
    files: dict[str, bytes] = {}
    kept = Anchorage(
        keyring=Keys("audit"),
        public=lambda: keys("audit"),
        check=check,
        notes=lambda: [*files.values()],
        keep=lambda told, name: files.update({name: told}),
        shelf=shelf,
    )
    return kept, files


def by_a_stranger(tip: Checkpoint) -> bytes:
    return signed(tip).replace(b"cluster ", b"cluster x", 1)


LONGER = tip_of(a_store(5))
AMISS: dict[str, tuple[int, Callable[[], dict[str, bytes]], type[HoldfastError], str]] = {
    "longer": (3, lambda: {note_name(LONGER.chain): signed(LONGER)}, WrongStore, "has 3 entries"),
    "of a record that is gone": (
        0,
        lambda: {"x.note": signed(LONGER)},
        WrongStore,
        "has 0 entries",
    ),
    "of another history": (
        3,
        lambda: {"x.note": signed(checkpoints(a_chain(3))[-1])},
        WrongStore,
        "is of the chain",
    ),
    "ours, and nobody's": (
        5,
        lambda: {note_name(LONGER.chain): by_a_stranger(LONGER)},
        NotReady,
        "cannot be believed",
    ),
}


@pytest.mark.parametrize("case", AMISS)
def test_nothing_goes_on_where_the_cluster_knows_better(case: str) -> None:
    entries, there, wrong, says = AMISS[case]
    store, shelf = a_store(entries), Shelved(there())
    kept, _ = anchorage(shelf)
    with pytest.raises(wrong, match=says) as said:
        require_on_shelf(store, kept)
    assert said.value.remedy
    if entries:
        with pytest.raises(wrong, match=says):
            anchor(store, kept)
    assert shelf.there == there()


def test_what_another_installation_keeps_there_is_left_alone() -> None:
    store, others = a_store(2), {"chn_other.note": b"not ours"}
    shelf = Shelved(dict(others))
    kept, _ = anchorage(shelf)
    require_on_shelf(store, kept)
    tip = anchor(store, kept)
    assert tip is not None
    assert shelf.there == {**others, note_name(tip.chain): signed(tip)}


def test_a_cluster_that_does_not_answer_is_told() -> None:
    store, shelf = a_store(1), Shelved(away=True)
    kept, files = anchorage(shelf)
    with pytest.raises(SinkFailed):
        require_on_shelf(store, kept)
    with pytest.raises(SinkFailed):
        anchor(store, kept)
    assert files  # what can be kept beside us is
