"""Which frames come up, and where frames go out: the same as with the real driver."""

import pytest
from uml_compare import both

pytestmark = [
    pytest.mark.root,
    pytest.mark.uml,
    pytest.mark.xdist_group("uml"),
    pytest.mark.timeout(240),
]

RECEIVE = {
    "active port": (0, {"mode": "active-backup"}),
    "inactive port": (1, {"mode": "active-backup"}),
    "inactive port, all_slaves_active": (1, {"mode": "active-backup", "all_slaves_active": 1}),
    "second port of balance-rr": (1, {"mode": "balance-rr"}),
}


@pytest.mark.parametrize(("port", "options"), RECEIVE.values(), ids=RECEIVE)
def test_the_same_frames_as_with_the_kernel_come_up(guest, port, options):
    kernel, ours = both(guest, "suppression", port=port, **options)
    assert ours == kernel


RAW = {
    "rr": ({"mode": "balance-rr"}, []),
    "rr dead port": ({"mode": "balance-rr"}, ["cut 1"]),
    "rr three packets each": ({"mode": "balance-rr", "packets_per_slave": 3}, []),
    "broadcast dead port": ({"mode": "broadcast"}, ["cut 2"]),
    "active-backup failed over": ({"mode": "active-backup"}, ["cut 0"]),
}


@pytest.mark.parametrize(("options", "happenings"), RAW.values(), ids=RAW)
def test_numbered_frames_leave_by_the_kernels_ports(guest, options, happenings):
    story = {"count": 13, "happenings": happenings, "flows": False}
    kernel, ours = both(guest, "spreading", **story, **options)
    assert ours == kernel


HASHED = {
    "layer3+4": ("layer3+4", []),
    "layer2+3 dead port": ("layer2+3", ["cut 1"]),
    "encap3+4": ("encap3+4", ["cut 0"]),
}


@pytest.mark.parametrize(("policy", "happenings"), HASHED.values(), ids=HASHED)
def test_flows_leave_by_the_kernels_ports(guest, policy, happenings):
    story = {"count": 30, "happenings": happenings, "flows": True}
    options = {"mode": "balance-xor", "xmit_hash_policy": policy}
    kernel, ours = both(guest, "spreading", **story, **options)
    assert ours == kernel


@pytest.mark.parametrize("policy", ["layer2", "layer3+4", "vlan+srcmac"])
def test_tagged_flows_leave_by_the_kernels_ports(guest, policy):
    options = {"mode": "balance-xor", "xmit_hash_policy": policy}
    kernel, ours = both(guest, "vlan_spreading", vlan=100, count=20, **options)
    assert sum(len(flows) for flows in kernel.values()) == 20
    assert ours == kernel


@pytest.mark.parametrize("mode", ["balance-rr", "active-backup", "balance-xor", "broadcast"])
def test_pings_to_a_kernel_bond_fare_as_a_kernel_bonds(guest, mode):
    story = {"port_count": 2, "vlan": None, "size_octets": 56}
    kernel, ours = both(guest, "ping_to_a_kernel_bond", mode=mode, **story)
    assert ours == kernel


def test_pings_through_a_vlan_reach_a_kernel_bond(guest):
    story = {"port_count": 2, "vlan": 100, "size_octets": 1468}
    kernel, ours = both(guest, "ping_to_a_kernel_bond", mode="balance-rr", **story)
    assert kernel == {"sent": 10, "received": 10, "duplicates": 0}
    assert ours == kernel
