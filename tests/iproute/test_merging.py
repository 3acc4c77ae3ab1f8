"""What the real `ip` says of TAP devices and their ports becomes what it says of bonds."""

import pytest

from pybondd.iproute import json_text, merge_json, merge_text
from pybondd.iproute.shown import Picture, ShownBond, ShownPort

PICTURE = Picture(
    (ShownBond(6, "bond0", {"mode": "active-backup", "arp_validate": None, "num_peer_notif": 1}),),
    (ShownPort(3, "eth0", "bond0", {"state": "ACTIVE", "prio": 0}),),
)


def with_blanks(text):
    """iproute2 ends many lines with a blank, here seen as ~."""
    return text.replace("~", " ")


PLAIN = """\
3: eth0@p0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT
    link/ether 02:00:00:00:00:10 brd ff:ff:ff:ff:ff:ff
6: bond0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN mode DEFAULT
    link/ether 02:00:00:00:00:10 brd ff:ff:ff:ff:ff:ff
"""
PLAIN_MERGED = """\
3: eth0@p0: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 1500 qdisc noqueue master bond0 state UP \
mode DEFAULT
    link/ether 02:00:00:00:00:10 brd ff:ff:ff:ff:ff:ff
6: bond0: <NO-CARRIER,BROADCAST,MULTICAST,MASTER,UP> mtu 1500 qdisc noqueue state DOWN mode DEFAULT
    link/ether 02:00:00:00:00:10 brd ff:ff:ff:ff:ff:ff
"""
DETAILS = with_blanks("""\
3: eth0@p0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT
    link/ether 02:00:00:00:00:10 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 65535~
    veth addrgenmode eui64 numtxqueues 1~
6: bond0: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue state DOWN mode DEFAULT
    link/ether 02:00:00:00:00:10 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 65521~
    tun type tap pi off vnet_hdr on persist off addrgenmode eui64 numtxqueues 1~
""")
DETAILS_MERGED = with_blanks("""\
3: eth0@p0: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 1500 qdisc noqueue master bond0 state UP \
mode DEFAULT
    link/ether 02:00:00:00:00:10 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 65535~
    veth~
    bond_slave state ACTIVE prio 0 addrgenmode eui64 numtxqueues 1~
6: bond0: <BROADCAST,MULTICAST,MASTER> mtu 1500 qdisc noqueue state DOWN mode DEFAULT
    link/ether 02:00:00:00:00:10 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 65521~
    bond mode active-backup arp_validate none num_grat_arp 1 addrgenmode eui64 numtxqueues 1~
""")
ON_A_BRIDGE = with_blanks("""\
6: bond0: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue master br0 state DOWN mode DEFAULT
    link/ether 02:00:00:00:00:10 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 65521~
    tun type tap pi off vnet_hdr on persist off~
    bridge_slave state disabled addrgenmode eui64 numtxqueues 1~
""")
BRIEF = with_blanks("""\
eth0@p0          UP             02:00:00:00:00:10 <BROADCAST,MULTICAST,UP,LOWER_UP>~
bond0            DOWN           02:00:00:00:00:10 <BROADCAST,MULTICAST>~
""")


def oneline(text):
    """As -o prints it."""
    return text.replace("\n    ", "\\    ")


def merged(text, *, is_brief=False, is_oneline=False):
    return merge_text.merged(text, PICTURE, is_brief=is_brief, is_oneline=is_oneline)


@pytest.mark.parametrize(
    ("before", "after"), [(PLAIN, PLAIN_MERGED), (DETAILS, DETAILS_MERGED)], ids=["plain", "-d"]
)
def test_text_gets_flags_master_and_details(before, after):
    assert merged(before) == after
    assert merged(oneline(before), is_oneline=True) == oneline(after)


def test_a_bond_on_a_bridge_keeps_what_it_is_to_the_bridge():
    lines = merged(ON_A_BRIDGE).splitlines()
    assert " master br0 " in lines[0]
    assert lines[2] == "    bond mode active-backup arp_validate none num_grat_arp 1 "
    assert lines[3].startswith("    bridge_slave state disabled addrgenmode")


def test_brief_text_gets_the_flags():
    assert [line.split()[-1] for line in merged(BRIEF, is_brief=True).splitlines()] == [
        "<BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP>",
        "<BROADCAST,MULTICAST,MASTER>",
    ]


def test_what_is_not_ours_stays_as_it_is():
    other = "9: br7: <BROADCAST> mtu 1500 qdisc noop state DOWN\n    link/ether 02:00:00:00:00:11\n"
    assert merged(other) == other
    assert merged("") == ""


@pytest.mark.parametrize(
    ("kind", "master", "names"),
    [
        ("bond", None, ["bond0"]),
        ("bond_slave", None, ["eth0@p0"]),
        (None, "bond0", ["eth0@p0"]),
        ("bond", "bond0", []),
        (None, "bond1", []),
    ],
)
def test_a_filter_by_kind_or_master_finds_ours(kind, master, names):
    text = merge_text.kept(PLAIN, PICTURE, kind=kind, master=master, is_brief=False)
    assert [line.split()[1].rstrip(":") for line in text.splitlines()[::2]] == names
    links = [{"ifindex": 3, "ifname": "eth0"}, {"ifindex": 6, "ifname": "bond0"}]
    found = [
        link["ifname"]
        for link in links
        if merge_json.is_ours(link, PICTURE, kind=kind, master=master)
    ]
    assert found == [name.split("@")[0] for name in names]


def test_a_list_of_bits_stands_in_angles_and_the_aggregator_s_keys_begin_with_ad():
    picture = Picture(
        (ShownBond(6, "bond0", {"mode": "802.3ad", "ad_info": {"aggregator": 1, "num_ports": 2}}),),
        (ShownPort(3, "eth0", "bond0", {"ad_actor_oper_port_state_str": ["active", "in_sync"]}),),
    )
    text = merge_text.merged(DETAILS, picture, is_brief=False, is_oneline=False)
    assert "bond mode 802.3ad ad_aggregator 1 ad_num_ports 2 addrgenmode" in text
    assert "bond_slave ad_actor_oper_port_state_str <active,in_sync> addrgenmode" in text


def test_json_of_a_port_without_a_kind_gets_its_role_where_the_kind_would_stand():
    link = {"ifindex": 3, "ifname": "eth0", "mtu": 1500, "max_mtu": 9000, "num_tx_queues": 8}
    (shown,) = merge_json.merged([link], PICTURE, has_details=True)
    assert list(shown) == [
        "ifindex", "ifname", "mtu", "master", "max_mtu", "linkinfo", "num_tx_queues"
    ]  # fmt: skip
    assert shown["linkinfo"]["info_slave_kind"] == "bond"


def test_brief_json_gets_the_flags_only():
    link = {"ifname": "bond0", "operstate": "UP", "flags": ["BROADCAST", "UP"]}
    (shown,) = merge_json.merged([link], PICTURE, has_details=False)
    assert shown == {**link, "flags": ["BROADCAST", "MASTER", "UP"]}


PRETTY = """\
[ {
        "ifindex": 3,
        "flags": [ "BROADCAST","UP" ],
        "linkinfo": {
            "info_kind": "veth",
            "is_locked": false
        },
        "addr_info": [ ]
    },{
        "ifindex": 4
    } ]
"""


def test_pretty_json_is_laid_out_as_iproute2_does():
    shown = [
        {
            "ifindex": 3,
            "flags": ["BROADCAST", "UP"],
            "linkinfo": {"info_kind": "veth", "is_locked": False},
            "addr_info": [],
        },
        {"ifindex": 4},
    ]
    assert json_text.pretty(shown) == PRETTY
