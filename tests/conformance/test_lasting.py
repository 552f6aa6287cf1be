"""A sweep that is longer than a token's life goes on with another lease for the same act."""

from dataclasses import dataclass, field

from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.conformance.acts import Act
from holdfast.conformance.lasting import Lasting
from holdfast.ports.probing import Door, Said, Try
from tests.conformance.test_acts import every

ENDED = Said(code=401, message="does not accept the credential", value={})
REFUSED = Said(code=403, message="no", value={})
ASKED = Try(method="GET", path="/a/web")
(ACT, *_) = every(RolloutRestart.kind)


@dataclass
class Token:
    """Good for so many requests."""

    good: int

    async def ask(self, what: Try) -> Said:
        assert what is ASKED
        self.good -= 1
        return REFUSED if self.good >= 0 else ENDED


@dataclass
class Ground:
    """Lends these, one after the other, then none."""

    tokens: list[Token]
    lent: list[Act] = field(default_factory=list)

    async def lend(self, act: Act) -> Door | str:
        self.lent.append(act)
        return self.tokens.pop() if self.tokens else "no lease"


async def asked(ground: Ground, times: int) -> list[int]:
    """What so many requests are answered, the first with a token that is good for two."""
    lasting = Lasting(ground, ACT, Token(good=2))  # type: ignore[arg-type]
    return [(await lasting.ask(ASKED)).code for _ in range(times)]


async def test_a_token_that_is_good_is_used_on() -> None:
    ground = Ground(tokens=[])
    assert [403, 403] == await asked(ground, 2)
    assert [] == ground.lent


async def test_where_it_has_ended_the_same_is_asked_with_another() -> None:
    ground = Ground(tokens=[Token(good=9)])
    assert 4 * [403] == await asked(ground, 4)
    assert [ACT] == ground.lent


async def test_where_there_is_no_other_its_end_is_told() -> None:
    assert [403, 403, 401] == await asked(Ground(tokens=[]), 3)
