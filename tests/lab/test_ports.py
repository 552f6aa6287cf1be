"""Ports of the lab: what one lab holds, no other gets."""

import socket

import pytest

from lab.ports import hold_ports

FEW = range(19_990, 19_994)


def test_a_held_port_is_nobody_elses_although_nobody_listens_on_it_yet() -> None:
    first = hold_ports(3, FEW)

    with pytest.raises(OSError, match="no 2 free ports between 19990 and 19993"):
        hold_ports(2, FEW)
    second = hold_ports(1, FEW)

    assert {*first.numbers, *second.numbers} == {*FEW}
    first.release()
    second.release()


def test_released_ports_can_be_had_again() -> None:
    hold_ports(4, FEW).release()

    again = hold_ports(4, FEW)

    assert {*again.numbers} == {*FEW}
    again.release()


def test_a_port_that_somebody_listens_on_is_not_had() -> None:
    with socket.create_server(("127.0.0.1", FEW[0])):
        held = hold_ports(3, FEW)

    assert {*held.numbers} == {*FEW[1:]}
    held.release()
