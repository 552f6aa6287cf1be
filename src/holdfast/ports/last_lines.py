"""What programs said last: it goes with what is deleted, and so is read before."""

from typing import Protocol

from holdfast.model.kinds import Pod


class LastLines(Protocol):
    """Whoever may read logs."""

    async def log(self, pod: Pod, container: str, *, previous: bool = False) -> bytes:
        """The last lines of a container, of its run before if it has one; empty if there are none.

        What the role forbids and what no kubelet answers is no log, and no error. Raises
        `CouldNotLook` where nobody answers.
        """
        ...
