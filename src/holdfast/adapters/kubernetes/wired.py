"""Whoever asks an API server over a wire of his own."""

from types import TracebackType
from typing import Self

from holdfast.adapters.kubernetes.transport import Wire


class Wired:
    """Has a wire, whose connections end when he leaves."""

    _wire: Wire

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._wire.__aexit__(kind, error, trace)
