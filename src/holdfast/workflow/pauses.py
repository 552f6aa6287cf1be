"""Wait for a while, or until something happens, such as that the process is told to end."""

import asyncio


async def pause(event: asyncio.Event, seconds: float) -> None:
    """So many seconds, or until it has happened."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
