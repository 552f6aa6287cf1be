"""Ports of the lab: what one lab holds, no other gets."""

import socket

import pytest

from lab.ports import hold_ports

FEW = range(19_990, 19_994)


def test_a_held_port_is_nobody_elses_although_nobody_listens_on_it_yet() -> None:
    with hold_ports(3, FEW) as first:
        with pytest.raises(OSError, match="no 2 free ports between 19990 and 19993"):
            hold_ports(2, FEW)
        with hold_ports(1, FEW) as second:
            assert {*first.numbers, *second.numbers} == {*FEW}


def test_released_ports_can_be_had_again() -> None:
    hold_ports(4, FEW).release()

    with hold_ports(4, FEW) as again:
        assert {*again.numbers} == {*FEW}


def test_a_port_that_somebody_listens_on_is_not_had() -> None:
    with socket.create_server(("127.0.0.1", FEW[0])), hold_ports(3, FEW) as held:
        assert {*held.numbers} == {*FEW[1:]}
