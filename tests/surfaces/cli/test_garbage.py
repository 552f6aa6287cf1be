"""What is made in a big scan is looked through by nobody, and everything else as ever."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from holdfast.surfaces.cli.garbage import undisturbed


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.slow
def test_nobody_looks_for_garbage_inside_and_what_was_made_stays_out_of_it() -> None:
    with undisturbed():
        inside = gc.isenabled()
        made: list[list[int]] = [[] for _ in range(1_000)]
    assert (False, True) == (inside, gc.isenabled())
    assert gc.get_freeze_count() >= len(made)


def test_it_ends_well_when_something_fails_inside() -> None:
    with pytest.raises(ZeroDivisionError), undisturbed():
        print(1 / 0)
    assert gc.isenabled()


def test_what_was_switched_off_before_stays_off() -> None:
    gc.disable()
    with undisturbed():
        pass
    assert not gc.isenabled()


@pytest.mark.parametrize(("then", "said"), [("", b"freed\n"), ("for_good(loud)", b"")])
def test_what_is_kept_for_good_is_not_even_freed_when_python_ends(then: str, said: bytes) -> None:
    program = f"""
from holdfast.surfaces.cli.garbage import for_good

class Loud:
    def __del__(self): print("freed")

loud = Loud()
{then}
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert said == done.stdout
