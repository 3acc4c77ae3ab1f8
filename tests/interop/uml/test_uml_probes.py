"""The ARP and NS monitors ask what the real driver asks: same sources, same tags, same octets."""

import pytest

pytestmark = [
    pytest.mark.root,
    pytest.mark.uml,
    pytest.mark.xdist_group("uml"),
    pytest.mark.timeout(240),
]

VLANS = [
    "link add link bond0 name bond0.7 type vlan proto 802.1ad id 7",
    "link set bond0.7 up",
    "link add link bond0.7 name bond0.7.100 type vlan id 100",
    "link set bond0.7.100 up",
]
SITUATIONS = {
    "no route, no address": (["10.0.0.2"], []),
    "two neighbours in two subnets, and a stranger": (
        ["10.0.0.2", "192.0.2.2", "203.0.113.2"],
        ["addr add 192.0.2.1/24 dev bond0", "addr add 10.0.0.1/24 dev bond0"],
    ),
    "a host address before the subnet's, in it and out of it": (
        ["10.0.0.2", "192.0.2.2"],
        [
            "addr add 10.0.0.9/32 dev bond0",
            "addr add 192.0.2.1/24 dev bond0",
            "addr add 10.0.0.1/24 dev bond0",
        ],
    ),
    "a host route, and a gateway with a wider route behind it": (
        ["10.0.0.2", "10.1.5.2", "203.0.113.2"],
        [
            "addr add 10.1.0.1/16 dev bond0",
            "route add 10.0.0.2/32 dev bond0",
            "route add 10.1.5.2/32 via 10.1.0.9",
            "route add default via 10.1.0.9",
        ],
    ),
    "routes that refuse": (
        ["10.0.0.2", "10.0.0.3", "fd00::2", "fd00::3"],
        [
            "addr add 10.0.0.1/24 dev bond0",
            "route add blackhole 10.0.0.2/32",
            "route add unreachable 10.0.0.3/32",
            "addr add fd00::1/64 dev bond0 nodad",
            "route add prohibit fd00::2/128",
        ],
    ),
    "our own address, and elsewhere": (
        ["10.0.0.1", "192.0.2.2", "10.0.0.2"],
        [
            "link add other type dummy",
            "link set other up",
            "addr add 192.0.2.1/24 dev other",
            "addr add 10.0.0.1/24 dev bond0",
        ],
    ),
    "behind two VLANs": (["10.0.0.2"], [*VLANS, "addr add 10.0.0.1/24 dev bond0.7.100"]),
    "IPv6: a neighbour, behind a gateway, on a VLAN, without a route": (
        ["10.0.0.2", "fd00::2", "2001:db8::2", "fd07::2"],
        [
            *VLANS,
            "addr add fd00::1/64 dev bond0 nodad",
            "addr add fd07::1/64 dev bond0.7 nodad",
            "route add 2001:db8::/32 via fd00::9",
        ],
    ),
}


@pytest.mark.parametrize(("targets", "commands"), SITUATIONS.values(), ids=SITUATIONS)
def test_probes_are_octet_for_octet_the_kernels(guest, targets, commands):
    told = guest.call("uml_probes.asked", targets=targets, commands=commands)
    assert told["ours"] == told["kernel"] != []
