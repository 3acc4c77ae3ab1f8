"""Which ports of modes 5 and 6 hear every destination, for the sake of what stands on the bond?"""

import pytest
from bonds import bond_with, enslave

from pybondd.events import BondReceiveModeChanged, HostAddress, HostAddressed

ON_BOND = {
    "VLAN": HostAddress("bond0.10", b"\x02" * 6, tags=((0x8100, 10),), depth=1),
    "bridge": HostAddress("br0", b"\x02" * 6, depth=1, is_bridge=True),
}


def carrying(mode, above):
    bond = bond_with(mode, 1, 2)
    bond.handle(HostAddressed((HostAddress("bond0", bond.state.mac), ON_BOND[above])), now=0)
    bond.handle(BondReceiveModeChanged(is_promiscuous=True), now=0)
    return bond


def hearing_all(bond):
    return [port.name for port in bond.state.ports if port.is_promiscuous]


@pytest.mark.parametrize(
    ("mode", "above", "expected"),
    [
        ("balance-alb", "VLAN", ["eth1", "eth2", "eth3"]),
        ("balance-alb", "bridge", ["eth1"]),
        ("balance-tlb", "VLAN", ["eth1"]),
        ("active-backup", "VLAN", ["eth1"]),
    ],
    ids=["alb VLAN", "alb bridge", "tlb VLAN", "active-backup VLAN"],
)
def test_all_ports_hear_all_where_clients_in_vlans_send_to_all(mode, above, expected):
    bond = carrying(mode, above)
    enslave(bond, 3)
    assert hearing_all(bond) == expected


def test_when_the_vlan_goes_no_port_hears_all():
    bond = carrying("balance-alb", "VLAN")
    bond.handle(HostAddressed((HostAddress("bond0", bond.state.mac),)), now=0)
    bond.handle(BondReceiveModeChanged(is_promiscuous=False), now=0)
    assert hearing_all(bond) == []
