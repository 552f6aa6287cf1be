"""When not to look for garbage: while a big cluster is read and judged, there is none to find.

And why not to clear up afterwards: the process ends, and gives all of it back at once.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """Nobody looks through what is made in here, then or later.

    Reading makes hundreds of thousands of objects that all stay. Looking through them again and
    again, as Python does by itself, takes a tenth of a scan and finds nothing.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()


def for_good(made: object) -> None:
    """Keep it until the process ends, and not only until nobody needs it any more.

    Freeing a big snapshot piece by piece takes a twentieth of a scan. What holds itself is freed by
    nobody but the garbage collector, and that never looks at what is frozen.
    """
    ring: list[object] = [made]
    ring.append(ring)
    gc.freeze()
