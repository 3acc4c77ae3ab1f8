"""After a failover: the same frames in the same order as from the real driver."""

import pytest
from uml_compare import both, one

pytestmark = [
    pytest.mark.root,
    pytest.mark.uml,
    pytest.mark.xdist_group("uml"),
    pytest.mark.timeout(240),
]

ADDRESSES = [
    "addr add 10.1.0.1/24 dev bond0",
    "addr add 10.1.0.2/24 dev bond0",
    "addr add fe80::1/64 dev bond0 nodad",
    "addr add fd01::1/64 dev bond0 nodad",
]


def vlan_on(lower, tag, number):
    return [
        f"link add link {lower} name {lower}.{tag} type vlan id {tag}",
        f"addr add 10.{number}.0.1/24 dev {lower}.{tag}",
        f"addr add fd{number:02x}::1/64 dev {lower}.{tag} nodad",
        f"link set {lower}.{tag} up",
    ]


def macvlan_on(lower, name, number):
    return [
        f"link add link {lower} name {name} address 02:00:00:00:02:{number:02x} type macvlan",
        f"addr add 10.{number}.0.1/24 dev {name}",
        f"addr add fd{number:02x}::1/64 dev {name} nodad",
        f"link set {name} up",
    ]


# Not in the order of their VLAN ids, and a macvlan before all of them: neither order may matter.
STACKED = [
    "addr add 10.1.0.1/24 dev bond0",
    "addr add fd01::1/64 dev bond0 nodad",
    *macvlan_on("bond0", "mva", 2),
    *vlan_on("bond0", 200, 3),
    *vlan_on("bond0", 100, 4),
    *vlan_on("bond0.100", 7, 6),
    *macvlan_on("bond0.100", "mvc", 8),
    *vlan_on("mva", 300, 10),
]
GROUPS = [["bond0", "239.1.1.1"], ["bond0", "239.1.1.2"], ["bond0", "ff15::42"]]
STORIES = {
    "one announcement": {"num_grat_arp": 1, "resend_igmp": 0},
    "two asked for, one sent": {"num_grat_arp": 2, "resend_igmp": 0},
    "three asked for, two sent": {"num_grat_arp": 3, "resend_igmp": 0},
    "none": {"num_grat_arp": 0, "resend_igmp": 0},
}


@pytest.mark.parametrize("options", STORIES.values(), ids=STORIES)
def test_the_new_active_port_announces_what_the_kernels_does(guest, options):
    story = {"addresses": ADDRESSES, "groups": [], "wait_s": 0.7, **options}
    kernel, ours = both(guest, "announcements", **story)
    assert ours["frames"] == kernel["frames"]


def test_repeated_announcements_keep_the_kernels_distance(guest):
    story = {"addresses": ADDRESSES, "groups": [], "wait_s": 0.7, "num_grat_arp": 3}
    kernel, ours = both(guest, "announcements", resend_igmp=0, **story)
    # A pass is 110 ms in the guest's kernel, at 100 Hz, and 100 ms in ours.
    assert waits_between(ours) == pytest.approx(waits_between(kernel), abs=60)


def test_announcements_with_a_delay_come_as_often_as_the_kernels(guest):
    story = {"addresses": ADDRESSES, "groups": [], "wait_s": 0.9, "num_grat_arp": 3}
    kernel, ours = both(guest, "announcements", resend_igmp=0, peer_notify_delay=200, **story)
    assert len(kernel["frames"]) == 3 * 4
    assert ours["frames"] == kernel["frames"]


def test_devices_above_the_bond_are_announced_in_the_kernels_order(guest):
    addresses = [*ADDRESSES, *vlan_on("bond0", 100, 4), *macvlan_on("bond0", "mva", 2)]
    story = {"addresses": addresses, "groups": [], "wait_s": 0.4, "resend_igmp": 0}
    kernel, ours = both(guest, "announcements", **story)
    assert len(kernel["frames"]) == 8
    assert ours["frames"] == kernel["frames"]


def test_devices_above_devices_are_announced_in_the_kernels_order(guest):
    story = {"addresses": STACKED, "groups": [], "wait_s": 0.4, "resend_igmp": 0}
    kernel, ours = both(guest, "announcements", **story)
    assert len(kernel["frames"]) == 14
    assert ours["frames"] == kernel["frames"]


OCCASIONS = [
    "remove eth0",
    "add eth0",
    "write active_slave eth2",
    "write primary eth0",
    "cut 0",
    "mend 0",
]


def test_announcements_come_on_the_kernels_occasions_as_often(guest):
    kernel, ours = both(guest, "announced_after", happenings=OCCASIONS, num_grat_arp=3)
    assert ours == kernel


def test_groups_are_joined_again_as_often_and_with_the_same_reports_as_the_kernels(guest):
    groups = [*GROUPS, ["bond0.100", "239.100.0.1"]]
    story = {
        "addresses": [*ADDRESSES, *vlan_on("bond0", 100, 4)],
        "groups": groups,
        "wait_s": 0.9,
        "resend_igmp": 3,
    }
    kernel, ours = both(guest, "announcements", **story)
    assert reports(ours) == reports(kernel)
    assert len([what for _, what, _ in kernel["frames"] if what == "igmp"]) == 9


def test_announcements_follow_a_dead_cable_without_waiting_for_a_monitor_pass(guest):
    story = {"addresses": ADDRESSES, "groups": [], "wait_s": 0.3, "resend_igmp": 0}
    ours = one(guest, "announcements", kind="pybondd", miimon=1000, **story)
    assert ours["at_ms"][0] < 60


def reports(told):
    return [frame for frame in told["frames"] if frame[1] in ("igmp", "mld")]


def waits_between(told):
    """Milliseconds from the first announcement to each."""
    return [at_ms - told["at_ms"][0] for at_ms in told["at_ms"]]
