"""MAC, MTU and state of bond and ports after the same story, compared with the real driver."""

import pytest
from uml_compare import both

pytestmark = [
    pytest.mark.root,
    pytest.mark.uml,
    pytest.mark.xdist_group("uml"),
    pytest.mark.timeout(240),
]

STORY = ["cut 0", "mend 0", "link set bond0 mtu 1400", "remove eth1", "add eth1", "remove eth0"]
MODES = {
    "active-backup fail_over_mac active": {"mode": "active-backup", "fail_over_mac": "active"},
    "active-backup fail_over_mac follow": {"mode": "active-backup", "fail_over_mac": "follow"},
    "balance-xor": {"mode": "balance-xor"},
}


@pytest.mark.parametrize("options", MODES.values(), ids=MODES)
def test_macs_and_mtus_are_the_kernels_after_the_same_story(guest, options):
    kernel, ours = both(guest, "devices_after", happenings=STORY, **options)
    assert ours == kernel


@pytest.mark.parametrize("mode", ["balance-rr", "active-backup"])
def test_a_mac_that_the_user_sets_reaches_the_ports_as_with_the_kernel(guest, mode):
    story = ["link set bond0 address 02:00:00:00:00:aa", "link set eth1 address 02:00:00:00:00:bb"]
    story += ["remove eth1", "cut 0"]
    kernel, ours = both(guest, "devices_after", happenings=story, port_count=2, mode=mode)
    assert ours == kernel


def test_with_fail_over_mac_active_a_mac_that_the_user_sets_is_as_with_the_kernel(guest):
    story = ["link set bond0 address 02:00:00:00:00:aa"]
    options = {"mode": "active-backup", "fail_over_mac": "active"}
    kernel, ours = both(guest, "devices_after", happenings=story, port_count=2, **options)
    assert ours == kernel
