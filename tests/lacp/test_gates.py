"""Gates: what a port's frames may do. Linux 6.12 bonding.h, the slave flags."""

import pytest
from lacp_ports import changes, port_with

from pybondd.lacp.gates import disable, enable, enable_collecting, stop_distributing
from pybondd.lacp.system import Follows
from pybondd.port import Link, LinkFacts

OFF = {"is_backup": True, "is_inactive": True, "is_rx_disabled": True}
ON = {"is_backup": False, "is_inactive": False, "is_rx_disabled": False}

ROWS = [
    ("disable", disable, ON, OFF),
    ("enable", enable, OFF, ON),
    ("enable collecting", enable_collecting, OFF, {"is_rx_disabled": False}),
    ("stop distributing", stop_distributing, ON, {"is_backup": True}),
]


@pytest.mark.parametrize(
    ("gate", "before", "expected"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_a_gate_moves_these_marks(gate, before, expected):
    assert changes(port_with(**before), gate) == expected


def test_a_mended_port_that_collects_delivers():
    port = port_with(follows=Follows.MENDED, **OFF)
    assert changes(port, enable_collecting) == {"is_rx_disabled": False, "is_inactive": False}


@pytest.mark.parametrize("gate", [enable, enable_collecting])
@pytest.mark.parametrize("lost", ["the monitor's trust", "the carrier"])
def test_nothing_is_opened_without_a_link(gate, lost):
    port = port_with(**OFF)
    if lost == "the carrier":
        port.member.facts = LinkFacts(is_up=True, has_carrier=False)
    else:
        port.member.link = Link.FAIL
    assert changes(port, gate) == {}


def test_all_slaves_active_keeps_delivering():
    port = port_with(**ON)
    port.system.settings.receives_on_all = True
    assert changes(port, disable) == {"is_backup": True, "is_rx_disabled": True}
