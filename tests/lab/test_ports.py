"""Ports of the lab: what one lab holds, no other gets."""

import socket
from collections.abc import Iterator

import pytest

from lab.ports import hold_ports


@pytest.fixture
def few() -> Iterator[range]:
    """Four ports that nothing on this machine has, and no other test that runs beside this one."""
    with hold_ports(1, range(19_000, 19_900, 5)) as gate:  # whoever holds it has the four behind it
        first = gate.numbers[0] + 1
        yield range(first, first + 4)


def test_a_held_port_is_nobody_elses_although_nobody_listens_on_it_yet(few: range) -> None:
    with hold_ports(3, few) as first:
        with pytest.raises(OSError, match=f"no 2 free ports between {few[0]} and {few[-1]}"):
            hold_ports(2, few)
        with hold_ports(1, few) as second:
            assert {*first.numbers, *second.numbers} == {*few}


def test_released_ports_can_be_had_again(few: range) -> None:
    hold_ports(4, few).release()

    with hold_ports(4, few) as again:
        assert {*again.numbers} == {*few}


def test_a_port_that_somebody_listens_on_is_not_had(few: range) -> None:
    with socket.create_server(("127.0.0.1", few[0])), hold_ports(3, few) as held:
        assert {*held.numbers} == {*few[1:]}
