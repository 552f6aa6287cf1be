"""One approval and a restored backup: what was done once is not done again by it.

The attacker has a backup from before the act, can put it in place of the database, can put the
target back to what it was, and holds the letters that people signed.
"""

import pytest

from holdfast.errors import WrongStore
from holdfast.execution.states import State
from holdfast.model.handed import WORD
from holdfast.model.proposals import Proposal
from tests.attacks.arena import Arena, an_arena

pytestmark = pytest.mark.slow
ONCE = ["patch deployments.apps web"]


def put_back(arena: Arena) -> None:
    """As before the act: what it was judged by fits again."""
    change = {"spec": {"template": {"metadata": {"annotations": None}}}}
    arena.cluster.patch("deployments.apps", "web", change, namespace="shop")


async def done_and_restored(arena: Arena) -> tuple[Proposal, dict[str, str]]:
    about = await arena.open()
    backup = arena.backup()
    word = arena.word("ana", about)
    assert await arena.told(WORD, word) == "approved"
    await arena.works(about)
    assert arena.acts() == ONCE
    put_back(arena)
    arena.restore(backup)
    return about, word


@pytest.mark.parametrize("lost", ["anchors", "shelf"])
async def test_an_anchor_of_either_place_knows_what_was_spent_before_the_act(lost: str) -> None:
    """Whoever restores it may bring another state folder, or another cluster's ConfigMap."""
    async with an_arena() as arena:
        about, word = await done_and_restored(arena)
        (arena.anchors if lost == "anchors" else arena.shelf.there).clear()
        assert await arena.told(WORD, word) == "approved", arena.why()
        assert await arena.acted(about) == State.FAILED.value
        assert arena.acts() == ONCE
        assert arena.course(about).says.startswith("nobody witnesses what it spends: ")


async def test_an_older_checkpoint_is_never_written_over_a_newer_one() -> None:
    async with an_arena() as arena:
        await done_and_restored(arena)
        before = dict(arena.shelf.there)
        arena.anchors.clear()
        with pytest.raises(WrongStore, match=r"ConfigMap holdfast/holdfast-checkpoints\).*is lost"):
            await arena.witness().anchored()
        assert before
        assert arena.shelf.there == before


async def test_without_a_witness_nothing_is_done() -> None:
    async with an_arena() as arena:
        about = await arena.approved()
        arena.shelf.away = True
        assert await arena.acted(about) == State.FAILED.value
        assert arena.untouched()
