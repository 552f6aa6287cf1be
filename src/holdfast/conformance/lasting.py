"""A lease that lasts as long as a suite wants it: a long sweep outlasts one token."""

from holdfast.conformance.acts import Act
from holdfast.conformance.ground import Ground
from holdfast.ports.probing import Door, Said, Try


class Lasting:
    """The hands of a lease, lent anew for the same act when its token has ended."""

    def __init__(self, ground: Ground, act: Act, lease: Door) -> None:
        self._ground, self._act, self._lease = ground, act, lease

    async def ask(self, what: Try) -> Said:
        """With a token that is good, if there is one."""
        said = await self._lease.ask(what)
        if said.code == 401 and not isinstance(again := await self._ground.lend(self._act), str):
            self._lease = again
            said = await again.ask(what)
        return said
