"""Fences that were just put up are waited for, with a word, and no longer than that takes."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.conformance.acts import Act
from holdfast.conformance.heeding import guarded, heeded
from holdfast.execution.lease_names import Purpose
from holdfast.grants.names import REFUSES
from holdfast.ports.probing import Said, Try
from tests.conformance.test_acts import every

REFUSED = Said(code=403, message=f"ValidatingAdmissionPolicy 'x': {REFUSES}: no", value={})
ALLOWED = Said(code=201, message="", value={"kind": "Secret"})
FORBIDDEN = Said(code=403, message='secrets is forbidden: User "x" cannot create', value={})
NOT_LENT = "the fence was to refuse a forbidden change, and the API server answered 201"


@dataclass
class Door:
    """Whoever asks through it is refused by fences from so many questions on, about each place."""

    after: int = 0
    before: Said = ALLOWED
    asked: list[str] = field(default_factory=list)

    async def ask(self, what: Try) -> Said:
        assert {"dryRun": "All"} == dict(what.query)
        self.asked.append(what.path.rpartition("/")[2])
        return REFUSED if self.asked.count(self.asked[-1]) > self.after else self.before


@dataclass
class Ground:
    """Where leases are lent from so many askings on, for each purpose."""

    admin: Door = field(default_factory=Door)
    keeper: Door = field(default_factory=Door)
    after: int = 0
    asked: list[Purpose] = field(default_factory=list)
    here: str = "holdfast-conformance-1-a"

    @property
    def bench(self) -> SimpleNamespace:
        return SimpleNamespace(admin=self.admin, keeper=self.keeper)

    async def lend(self, act: Act) -> object:
        self.asked.append(act.purpose)
        return NOT_LENT if self.asked.count(act.purpose) <= self.after else object()


async def waited(ground: Ground, within: float = 30) -> list[str]:
    """What whoever waits was told."""
    said: list[str] = []
    act = every(RolloutRestart.kind)[0]
    await heeded(guarded(ground, act), said.append, within)  # type: ignore[arg-type]
    return said


async def test_fences_that_stand_are_asked_once_each_and_nothing_is_said() -> None:
    ground = Ground()
    assert [] == await waited(ground)
    assert ["secrets", "rolebindings"] == ground.admin.asked
    assert ["serviceaccounts"] == ground.keeper.asked
    assert [Purpose.ACT, Purpose.PREVIEW] == ground.asked


@pytest.mark.parametrize("before", [ALLOWED, FORBIDDEN])
async def test_what_is_not_heeded_yet_is_asked_again_until_it_is(before: Said) -> None:
    ground = Ground(keeper=Door(after=2, before=before))
    said = await waited(ground)
    assert ["Waiting until the API server heeds the fence of what the keeper makes ..."] == said
    assert (2, 3, 2) == (len(ground.admin.asked), len(ground.keeper.asked), len(ground.asked))


async def test_a_lease_that_may_do_too_much_is_lent_again_until_it_may_not() -> None:
    ground = Ground(after=1)
    (said,) = await waited(ground)
    assert said.endswith("the fence of what leases do, what previews do ...")
    assert 2 * [Purpose.ACT, Purpose.PREVIEW] == ground.asked


async def test_what_is_never_heeded_is_not_waited_for_for_ever() -> None:
    first, last = await waited(Ground(admin=Door(after=10**9)), within=0.3)
    assert first.endswith("heeds the fence of the namespace of leases, the bindings of leases ...")
    assert "It does not after 0.3 s: what is let through counts as failed." == last
